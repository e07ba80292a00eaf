"""Where we disagree with BFCL's checker, and why it is it that is wrong. Each is recognised by what it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.bench.grade.values import loosened
from tests.grading.mutations import Calls, permutations

_DELETED = re.compile(r"[ \,\.\/\-\_\*\^]")


def bfcl_form(text: str) -> str:
    """How BFCL compares strings."""
    return _DELETED.sub("", text).lower().replace("'", '"')


def explained(
    ours: bool,
    calls: Calls,
    truth: Sequence[Mapping[str, Any]],
    theirs_of: Callable[[Calls], bool],
) -> str | None:
    """The known flaw that a disagreement is due to; None where it is not known."""
    if ours:
        if any(theirs_of(order) for order in permutations(calls)):
            return "greedy matching: in another order of the same calls BFCL agrees"
        return None
    accepted = [
        text for answer in truth for values in next(iter(answer.values())).values() for text in _strings(values)
    ]
    given = [text for call in calls for value in next(iter(call.values())).values() for text in _strings(value)]
    if any(bfcl_form(a) == bfcl_form(g) and loosened(a) != loosened(g) for a in accepted for g in given):
        return "digits run together: to BFCL '10.5' is '105', '-5' is '5' and '3,000' is '3000'"
    return None


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for below in value.values() for text in _strings(below)]
    return [text for below in value for text in _strings(below)] if isinstance(value, list) else []
