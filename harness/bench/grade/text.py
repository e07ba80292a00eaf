"""Plain text: what it must hold and what it must not, or a pattern that it must match."""

from __future__ import annotations

import re

from harness.bench.expectation import Contains, Matches
from harness.bench.grade.verdict import Verdict

#: Patterns see so many characters for each token that was asked for: `re` cannot be interrupted, and its time may grow
#: with a power of the length. A token of text is about four characters, rarely more than six.
_CHARS_A_TOKEN = 8


def contains(expected: Contains, text: str) -> Verdict:
    """All of these and none of those, whatever their case."""
    folded = text.casefold()
    missing = next((part for part in expected.all_of if part.casefold() not in folded), None)
    if missing is not None:
        return "wrong_text", f"{missing!r} is not in the answer"
    unwanted = next((part for part in expected.none_of if part.casefold() in folded), None)
    return ("wrong_text", f"{unwanted!r} is in the answer") if unwanted is not None else None


def matches(expected: Matches, text: str, max_tokens: int) -> Verdict:
    """The pattern is found somewhere."""
    found = re.search(expected.pattern, text[: max_tokens * _CHARS_A_TOKEN], re.MULTILINE)
    return None if found else ("wrong_text", f"nothing matches {expected.pattern[:120]!r}")
