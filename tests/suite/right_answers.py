"""A right answer to each case: made of what the case accepts, or written by hand where a pattern judges."""

from __future__ import annotations

import json
from collections.abc import Mapping

from harness.bench.attempt import Answer
from harness.bench.case import Case
from harness.bench.expectation import Calls, Contains, FitsSchema, Matches, PatchGives
from harness.demo.answers import called, diff, instance

BY_HAND: Mapping[str, tuple[str, ...]] = {
    "ide-shell-command": ("git switch -c fix/half-even main", "```sh\ngit checkout -b fix/half-even main\n```"),
    "ide-explain-no-edit": ("18", "It returns **18**."),
    "docs-highest-bar": ("APR 80", "April, with 80 tickets.", "80 tickets in APR"),
    "draft-sort-names": ("Ana, Ben, Chloe, Dmitri, Emeka, Fang",),
}


def right_answers(case: Case) -> list[Answer]:
    """At least one."""
    expected = case.expectation
    if isinstance(expected, Calls):
        return [_called(expected, last=last) for last in (False, True)]
    return [Answer(text, (), "stop") for text in _texts(case.id, expected)]


def _called(expected: Calls, *, last: bool) -> Answer:
    """With the first of the accepted values; with the last, and without what may be left out."""
    made = [called(call, -1 if last else 0, call.optional if last else frozenset()) for call in expected.calls]
    return Answer("", tuple(made[::-1] if last else made), "tool_calls")


def _texts(id: str, expected: Contains | Matches | FitsSchema | PatchGives) -> tuple[str, ...]:
    if isinstance(expected, Contains):
        return (" and ".join(expected.all_of),)
    if isinstance(expected, Matches):
        return BY_HAND[id]
    if isinstance(expected, FitsSchema):
        return (
            json.dumps(instance(expected.schema)),
            f"```json\n{json.dumps(instance(expected.schema), indent=2)}\n```",
        )
    return tuple(diff(expected, after) for after in (expected.after, *expected.also))
