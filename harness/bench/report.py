"""A week's folder: harness.json for programs and the next week, harness.md with a picture for people. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

from compiler.diagnostics import Place, PolicyError
from harness.bench.attempt import LegName
from harness.bench.compare import Carried, Comparison, Key
from harness.bench.comparison_codes import BROKEN_EVIDENCE
from harness.bench.comparison_page import comparison_page
from harness.bench.data import VERSION, as_json, comparison_data, summary_data
from harness.bench.measures import Metric
from harness.bench.page import Block, Heading, Picture, Sentence, as_markdown
from harness.bench.plot import described, latency_svg
from harness.bench.stats.eprocess import EProcess
from harness.bench.summary import Summary
from harness.bench.summary_page import summary_page
from harness.bench.verdicts import Thresholds

DATA, PAGE, PICTURE = "harness.json", "harness.md", "harness-latency.svg"


def render(summary: Summary, comparison: Comparison | None, thresholds: Thresholds) -> Mapping[str, bytes]:
    """File name → content. Same run, same bytes."""
    data = {
        "version": VERSION,
        "summary": summary_data(summary),
        "comparison": comparison and comparison_data(comparison),
    }
    files = {DATA: as_json(data)}
    has_picture = any(group.speeds for group in summary.groups)
    if has_picture:
        files[PICTURE] = latency_svg(summary)
    files[PAGE] = as_markdown(_page(summary, comparison, thresholds, has_picture)).encode()
    return files


def carried(document: bytes, place: Place) -> Carried:
    """The e-processes that a week's harness.json holds. Raises PolicyError for what is none."""
    try:
        comparison = json.loads(document)["comparison"]
        kept = comparison["e_processes"] if comparison is not None else []
        return {_key(entry): _process(entry) for entry in kept}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        said = f"{place.file}: no evidence of a harness run ({type(error).__name__}: {error})"
        raise PolicyError([BROKEN_EVIDENCE.at(place, said)]) from error


def _page(
    summary: Summary, comparison: Comparison | None, thresholds: Thresholds, has_picture: bool
) -> tuple[Block, ...]:
    title, asked, *rest = summary_page(summary)
    picture = (Picture(PICTURE, f"P50 and P95 latency. {described(summary)}"),) if has_picture else ()
    compared: tuple[Block, ...] = (
        Heading("Against the run before"),
        Sentence("There is no earlier run of this suite to compare with."),
    )
    if comparison is not None:
        compared = tuple(_lower(block) for block in comparison_page(comparison, thresholds))
    return (title, asked, *picture, *compared, *rest)


def _lower(block: Block) -> Block:
    """One level further down: the page has a title already."""
    return Heading(block.words, block.level + 1) if isinstance(block, Heading) else block


def _key(entry: Mapping[str, Any]) -> Key:
    legs: dict[str, LegName] = {leg: leg for leg in get_args(LegName)}
    metrics: dict[str, Metric] = {metric: metric for metric in get_args(Metric)}
    base, candidate = tuple(entry["base_models"]), tuple(entry["candidate_models"])
    if not all(isinstance(model, str) for model in (*base, *candidate)):
        raise TypeError("a model that is no text")
    return legs[entry["leg"]], metrics[entry["metric"]], base, candidate


def _process(kept: Mapping[str, Any]) -> EProcess:
    broke, fixed, runs = kept["broke"], kept["fixed"], kept["runs"]
    if not (_is_count(broke) and _is_count(fixed) and all(isinstance(run, str) for run in runs)):
        raise ValueError("an e-process without counts")
    return EProcess(broke, fixed, frozenset(runs))


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0
