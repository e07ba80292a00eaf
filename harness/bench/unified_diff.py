"""A strict reader of unified diffs: every context line and every removed line must be there, to the letter.

Line numbers and counts in the `@@` headers are not trusted. Models miscount, editors that apply their diffs know it,
and the lines of a hunk say by themselves what they replace. The number only chooses between several places where a
hunk fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_HUNK = re.compile(r"@@+(?: -(\d{1,9})(?:,\d{1,9})? \+\d{1,9}(?:,\d{1,9})?)?.{0,300}$")
_FILE = re.compile(r"(?:---|\+\+\+) ([^\t\r]{1,500})")
_BETWEEN = ("diff ", "index ", "new file", "deleted file", "similarity ", "rename ", "old mode", "new mode")


class DoesNotApplyError(Exception):
    """The diff does not fit the text."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines to find and lines to put in their place; `line` is where the header says they are, from 1."""

    line: int
    old: tuple[str, ...]
    new: tuple[str, ...]


def files_of(diff: str) -> tuple[str, ...]:
    """The files that the headers name, /dev/null left out."""
    lines = diff.splitlines()
    named = (
        found.group(1).strip()
        for at, line in enumerate(lines)
        if _is_file_header(lines, at) and (found := _FILE.match(line))
    )
    return tuple(dict.fromkeys(name for name in named if name != "/dev/null"))


def apply(diff: str, before: str) -> str:
    """The text after the diff of this one file."""
    lines = before.split("\n")
    start = 0
    hunks = tuple(_hunks(diff.replace("\r\n", "\n").split("\n")))
    if not hunks:
        raise DoesNotApplyError("the diff has no hunk")
    for number, hunk in enumerate(hunks, 1):
        if hunk.old == hunk.new:
            raise DoesNotApplyError(f"hunk {number} changes nothing")
        grown = len(lines) - len(before.split("\n"))
        at = _place(lines, hunk, start, grown, number)
        lines[at : at + len(hunk.old)] = hunk.new
        start = at + len(hunk.new)
    return "\n".join(lines)


def _place(lines: Sequence[str], hunk: Hunk, start: int, grown: int, number: int) -> int:
    """Where the hunk's old lines stand, behind the hunk before; the nearest to its header where there are several."""
    wanted = max(hunk.line - 1, 0) + grown
    if not hunk.old:  # pure insertion without context: nothing but the header says where
        if hunk.line < 0 or not start <= wanted + 1 <= len(lines):
            raise DoesNotApplyError(f"hunk {number} has no context, and its header names no line")
        return wanted if hunk.line == 0 else wanted + 1
    size = len(hunk.old)
    places = [at for at in range(start, len(lines) - size + 1) if tuple(lines[at : at + size]) == hunk.old]
    if not places:
        raise DoesNotApplyError(f"hunk {number} does not fit: {hunk.old[0][:60]!r} and what follows is not there")
    if len(places) > 1 and hunk.line < 0:
        raise DoesNotApplyError(f"hunk {number} fits in {len(places)} places, and its header names no line")
    return min(places, key=lambda at: abs(at - wanted))


def _hunks(lines: Sequence[str]) -> Iterator[Hunk]:
    at = 0
    while at < len(lines):
        header = _HUNK.match(lines[at])
        at += 1
        if header is None:
            continue
        old: list[str] = []
        new: list[str] = []
        while at < len(lines) and not _HUNK.match(lines[at]) and not _is_file_header(lines, at):
            if lines[at].startswith(_BETWEEN):
                break
            _take(lines[at], old, new, is_last=at == len(lines) - 1)
            at += 1
        yield _trimmed(Hunk(int(header.group(1)) if header.group(1) else -1, tuple(old), tuple(new)))


def _take(line: str, old: list[str], new: list[str], *, is_last: bool) -> None:
    if line.startswith("\\") or (is_last and not line):  # "\ No newline at end of file", and the end of the text
        return
    mark, rest = line[:1], line[1:]
    if mark in ("-", " ", ""):  # editors strip the only blank of an empty context line
        old.append(rest)
    if mark in ("+", " ", ""):
        new.append(rest)
    if mark not in ("-", "+", " ", ""):
        raise DoesNotApplyError(f"{line[:60]!r} is no line of a diff")


def _trimmed(hunk: Hunk) -> Hunk:
    """Without empty lines at the end of both sides: they come from the text around the diff as often as from it."""
    old, new = list(hunk.old), list(hunk.new)
    while old and new and old[-1] == new[-1] == "":
        old.pop()
        new.pop()
    return Hunk(hunk.line, tuple(old), tuple(new))


def _is_file_header(lines: Sequence[str], at: int) -> bool:
    """`--- a` with `+++ b` below; `--- ` alone may be a removed line that begins with two hyphens."""
    if lines[at].startswith("--- "):
        return at + 1 < len(lines) and lines[at + 1].startswith("+++ ")
    return lines[at].startswith("+++ ") and at > 0 and lines[at - 1].startswith("--- ")
