"""Advice that takes work to find, such as the nearest spelling of a name among thousands."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Hashable, Iterable

#: Questions that get an answer. A file with more faults than this has another trouble than its spelling, and a small
#: file could otherwise keep a compile busy for minutes.
MOST_ANSWERS = 50


class Advice:
    """Answers for one pass over what people wrote: each question is worked on once, and only the first of many are."""

    def __init__(self) -> None:
        self._answers: dict[Hashable, str] = {}

    def on(self, question: Hashable, find: Callable[[], str]) -> str:
        """The advice that `find` gives; nothing once enough has been given."""
        if question not in self._answers:
            if len(self._answers) >= MOST_ANSWERS:
                return ""
            self._answers[question] = find()
        return self._answers[question]


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Did-you-mean, where something known is spelt much like it."""
    near = difflib.get_close_matches(name, sorted(known), 1, cutoff)
    return f"did you mean {near[0]!r}?" if near else ""
