"""Patterns that could take for ever: `re` cannot be interrupted, so they are refused before they meet an answer."""

from __future__ import annotations

import re
import warnings

_REPEAT = re.compile(r"[*+]|\{\d*,\}")
_BOUNDED = re.compile(r"\?|\{\d+(?:,\d+)?\}")


def problem_of(pattern: str) -> str | None:
    """Why a pattern cannot be used, None where it can."""
    try:
        with warnings.catch_warnings(action="error"):  # what Python warns of will mean something else one day
            re.compile(pattern, re.MULTILINE)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        return f"not a regular expression: {error}"
    return (
        "a repeated group holds a repeat or a choice: on some answers it would never end" if is_slow(pattern) else None
    )


def is_slow(pattern: str) -> bool:
    """Whether an endless repeat stands around another repeat or a choice, as in `(a+)+` and `(a|a)*`.

    Where that is missing, the time grows at most with a power of the text's length, and the text is cut.
    """
    open_groups: list[bool] = [False]  # for each open group: whether it holds what must not be repeated
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at = _behind(pattern, at)
        if char == "(":
            open_groups.append(False)
            at += len(_prefix(pattern, at))
            continue
        if char == "|":
            open_groups[-1] = True
        holds = open_groups.pop() if char == ")" and len(open_groups) > 1 else False
        repeated = _REPEAT.match(pattern, at)
        if holds and repeated:
            return True
        if repeated or holds:
            open_groups[-1] = True
        at = _after_quantifier(pattern, at)
    return False


def _behind(pattern: str, at: int) -> int:
    """Where the next piece begins: behind an escape, a character class, or one character."""
    if pattern[at] == "\\":
        return at + 2
    if pattern[at] != "[":
        return at + 1
    at += 2 if pattern[at + 1 : at + 2] == "^" else 1
    at += 1  # a bracket that comes first is one of the class
    while at < len(pattern) and pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    return at + 1


def _prefix(pattern: str, at: int) -> str:
    found = re.compile(r"\?(?:[:=!>]|<[=!]|P<\w+>|[aiLmsux-]+:?)").match(pattern, at)
    return found.group() if found else ""


def _after_quantifier(pattern: str, at: int) -> int:
    while found := (_REPEAT.match(pattern, at) or _BOUNDED.match(pattern, at)):
        at = found.end()
    return at
