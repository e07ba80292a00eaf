"""A leg whose scenarios have models of their own: each is judged by its own prompts, and answers for its own routes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from harness.bench.evidence import write_evidence
from harness.bench.look import look
from harness.bench.store import read_run, unit_of
from harness.propose.signal import Signal
from harness.propose.verdict import verdict
from harness.propose.week_evidence import gather_week
from harness.report.stored.harness import harness_run
from harness.weeks import Week
from tests.fakes.chat import Call, Reply, said
from tests.runs.conftest import Desk, as_fast_as_ever, suite_of, tool_case

PARIS = [("get_weather", '{"city": "Paris"}')]
FLASH, HY3 = "deepseek/deepseek-v4-flash", "tencent/hy3-preview"
GEMINI, OPUS = "google/gemini-3-flash-preview", "anthropic/claude-opus-4.7"
SERVES = {"agent-loops": FLASH, "batch": HY3, "multimodal-docs": GEMINI, "security-audit": OPUS}
#: Scenarios that go by their track's list of models.
ROUTES = {"agent-loops": "token_track", "security-audit": "dollar_track"}
CASES = tuple(tool_case(f"{scenario}-{number}", scenario) for scenario in SERVES for number in range(12))


def right(call: Call) -> Reply:
    return said(call, calls=PARIS)


def wrong(model: str) -> Callable[[Call], Reply]:
    """One model calls no tool."""
    return lambda call: said(call) if call.model == model else right(call)


def run(desk: Desk, week: str, *arguments: str) -> Path:
    file = desk.project / ".vane" / "runs" / f"{week}.jsonl"
    where = ("--leg", "openrouter", "--week", week, "--out", str(file), "--concurrency", "4")
    done = desk.run(*where, *arguments, out=False)
    assert done.code == 0, done.err
    return as_fast_as_ever(file)


def repeats(file: Path) -> Mapping[str, set[tuple[int, ...]]]:
    """Model → the repeats that its prompts have."""
    of_prompt: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in read_run(file).attempts:
        of_prompt[row.model, row.case] += [row.repeat] if row.final else []
    found: dict[str, set[tuple[int, ...]]] = defaultdict(set)
    for (model, _), numbers in of_prompt.items():
        found[model].add(tuple(sorted(numbers)))
    return found


@pytest.mark.parametrize(("scenario", "model"), SERVES.items())
def test_a_model_that_got_worse_is_demoted_where_it_serves(desk: Desk, scenario: str, model: str) -> None:
    desk.use(suite_of(*CASES))
    desk.chat.rule = right
    run(desk, "2026-W20", "--repeats", "2")
    desk.chat.rule = wrong(model)
    write_evidence(desk.project, run(desk, "2026-W21", "--repeats", "2"))
    stored = harness_run(desk.project, Week(2026, 21))
    assert stored is not None and stored.comparison is not None
    legs = {leg.candidate_models: (leg.outcome, leg.routes) for leg in stored.comparison.legs}
    outcomes = {(each,): ("rollback" if each == model else "hold", (its,)) for its, each in SERVES.items()}
    assert legs == outcomes, "24 calls of 12 prompts have no upper bound of P95, so nothing is promoted"
    assert f"### openrouter, {model}: rollback" in (
        desk.project / "generated" / "weeks" / "2026-W21" / "harness.md"
    ).read_text("utf-8")
    found = [each for each in verdict(gather_week(desk.project, Week(2026, 21), None)) if isinstance(each, Signal)]
    assert [each.key for each in found] == [f"demote {model} {ROUTES.get(scenario, scenario)}"]
    assert [each.is_ticket for each in found] == [model == OPUS], "the dollar track has no fallback to put in front"


def test_repeats_are_bought_for_each_model_and_a_run_that_was_cut_off_lacks_them(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.bench.deciding._look", look)
    desk.use(suite_of(*CASES[:24]))
    desk.chat.rule = right
    run(desk, "2026-W20", "--repeats", "1")
    desk.chat.rule = wrong(HY3)  # decided at once, and Flash is not: nothing bounds its P95
    file = run(desk, "2026-W21", "--repeats", "1", "--until-decided", "--max-usd", "1")
    bought = repeats(file)
    assert bought[HY3] == {(1,)}
    (numbers,) = bought[FLASH]
    assert numbers == tuple(range(1, len(numbers) + 1)) and len(numbers) > 1

    whole = read_run(file).done
    rows = file.read_text().splitlines(keepends=True)
    last = [number for number, row in enumerate(rows) if json.loads(row)["row"] == "attempt"][-5:]
    file.write_text("".join(row for number, row in enumerate(rows) if number not in last))
    assert len(read_run(file).done) == len(whole) - 5
    assert desk.run("--resume", str(file), out=False).code == 0
    assert read_run(file).done == whole and repeats(file) == bought
    assert len({unit_of(row) for row in read_run(file).attempts if row.final}) == len(whole)


def test_two_models_that_are_open_get_their_repeats_side_by_side(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.bench.deciding._look", look)
    desk.use(suite_of(*CASES[:24]))
    desk.chat.rule = right
    run(desk, "2026-W20", "--repeats", "1")
    file = run(desk, "2026-W21", "--repeats", "1", "--until-decided", "--max-usd", "1")
    bought = repeats(file)
    for model in (FLASH, HY3):
        (numbers,) = bought[model]
        assert numbers == tuple(range(1, len(numbers) + 1)) and len(numbers) > 1
