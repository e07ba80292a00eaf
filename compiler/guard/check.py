"""What is wrong with a guard.json, as far as the file itself can tell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

from compiler.patterns import fault_of
from compiler.redact import SECRET
from compiler.strict_json import strict_json


def check(content: bytes) -> Iterator[str]:
    """One sentence a problem; none for a sound file."""
    if SECRET.search(content.decode("utf-8", "replace")):
        yield "it holds what looks like a secret"
    try:
        data = strict_json(content.decode("utf-8"))
    except ValueError as error:
        yield f"not the JSON that guards read: {error}"
        return
    problems = [
        f"{e.json_path}: {e.message}" for e in sorted(_validator().iter_errors(data), key=lambda e: e.json_path)
    ]
    yield from problems or _contradictions(data)


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(files(__package__ or "").joinpath("guard.schema.json").read_bytes()))


def _contradictions(data: Mapping[str, Any]) -> Iterator[str]:
    """What a schema cannot say."""
    known = {detector["name"] for detector in data["detectors"]}
    for name, label in data["labels"].items():
        yield from (f"label {name!r}: detector {d!r} has no pattern" for d in label["detectors"] if d not in known)
        yield from _bad_patterns(f"label {name!r}", label["patterns"], anchors=False)
    for detector in data["detectors"]:
        try:
            re.compile(detector["pattern"], re.ASCII)
        except re.error as error:
            yield f"the pattern of detector {detector['name']!r} is no regular expression: {error}"
    for name, scenario in data["scenarios"].items():
        yield from (f"scenario {name!r}: {problem}" for problem in _in_scenario(scenario, data))
    if data["cursor"] is not None:
        yield from _in_cursor(data["cursor"], data)


def _bad_patterns(owner: str, patterns: list[str], *, anchors: bool) -> Iterator[str]:
    for pattern in patterns:
        if fault := fault_of(pattern, anchors=anchors):
            yield f"{owner}: {pattern!r}: {fault.why}"


def _in_scenario(scenario: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[str]:
    choices = [*scenario["candidates"], *scenario["instead"]]
    models = [choice["model"] for choice in choices]
    yield from (f"{model!r} is there twice" for model in sorted({m for m in models if models.count(m) > 1}))
    yield from (f"{model!r} has no price, not even null" for model in models if model not in data["prices"])
    for field in ("past_share", "past_cap"):
        for model in scenario[field] or ():
            if model not in models:
                yield f"{field} leads to {model!r}, of which nothing says who may see it"
    labels = {*scenario["labels"], *(label for choice in choices for label in choice["denied"])}
    yield from (f"it names the label {label!r}, which is not there" for label in sorted(labels - data["labels"].keys()))
    if scenario["ticket"] is not None:
        yield from _bad_patterns("its ticket", [scenario["ticket"]], anchors=True)


def _in_cursor(cursor: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[str]:
    aliases = cursor["aliases"].keys()
    yield from (
        f"{alias!r} is paused, and an alias that may be used" for alias in sorted(cursor["paused"].keys() & aliases)
    )
    yield from (
        f"a ticket is asked for by {alias!r}, which is no alias" for alias in sorted(cursor["tickets"].keys() - aliases)
    )
    for alias, ticket in cursor["tickets"].items():
        yield from _bad_patterns(f"the ticket of {alias!r}", [ticket], anchors=True)
    if cursor["cleared"].keys() != data["labels"].keys():
        yield "`cleared` must name each label once, and nothing else"
    for label, cleared in cursor["cleared"].items():
        yield from (
            f"label {label!r} lets through {alias!r}, which is no alias" for alias in cleared if alias not in aliases
        )
