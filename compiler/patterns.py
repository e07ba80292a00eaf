"""Regular expressions that guards in two languages run on any text: what Python and JavaScript mean alike, and soon.

Python's `re` (with ASCII) and JavaScript (flag `u`) differ in much: what `.` and white space are, `$` before a line's
end, escapes, names, flags. And neither can be interrupted. So a pattern is read here by a grammar of what is allowed;
what is not in it is refused. Each repeat needs an upper bound, save one at the end, and the ways in which a pattern can
match from one place are counted: the count bounds the time.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

#: What stands for itself behind a backslash in both languages.
_SYNTAX = frozenset("^$\\.*+?()[]{}|/")
_CLASSES = frozenset("dDwW")
_CONTROLS = frozenset("nrtfv")
_CODE = re.compile(r"x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}")
_QUANTIFIER = re.compile(r"(\*|\+|\?|\{([0-9]{1,4})(,([0-9]{0,4}))?\})\??")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_SOME = tuple(map(chr, range(128)))
MOST_REPEATS = 1000
MOST_WAYS = 1000
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a pattern is refused, and what to write instead."""

    why: str
    fix: str


class _Refused(Exception):
    """Carries a fault out of the grammar."""

    def __init__(self, why: str, fix: str) -> None:
        super().__init__(why)
        self.fault = Fault(why, fix)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of a pattern, as far as time and emptiness depend on it."""

    #: fewest characters that it takes
    low: int
    #: in how many ways it can match from one place
    ways: int
    is_anchor: bool = False
    #: whether it ends in a repeat without an upper bound
    is_open: bool = False
    is_start: bool = False
    #: what stands for one character, where the piece is that or a repeat of it
    one: str = ""
    is_single: bool = False


def fault_of(pattern: str, *, anchors: bool) -> Fault | None:
    """Why a pattern may not be compiled into guards, None where it may. `anchors`: whether ^ and $ have a meaning."""
    try:
        with warnings.catch_warnings(action="error"):  # what Python warns of will mean something else one day
            re.compile(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        return Fault(f"not a regular expression: {error}", "")
    try:
        whole = _Reader(pattern, anchors).read()
    except _Refused as refused:
        return refused.fault
    if whole.low == 0:
        return Fault("it also matches nothing at all, so it matches everywhere", "write what must be there at least")
    if whole.ways > MOST_WAYS:
        return Fault(
            f"it can match in more than {MOST_WAYS:,} ways from one place: on some texts it would take too long",
            "make repeats shorter, or of a fixed length: [0-9]{8} and not [0-9]{1,64}",
        )
    return None


class _Reader:
    """Reads a pattern from left to right; refuses what the grammar does not know."""

    def __init__(self, pattern: str, anchors: bool) -> None:
        self.pattern, self.anchors, self.at, self.depth = pattern, anchors, 0, 0

    def read(self) -> _Piece:
        """The whole pattern."""
        if _SURROGATE.search(self.pattern):
            raise _Refused("half of a character: \\ud800 to \\udfff", "write the character itself")
        whole = self._choice()
        if self.at < len(self.pattern):
            raise _Refused(f"an unmatched {self._next()!r}", "write \\ before it if it is meant as it stands")
        return whole

    def _next(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def _choice(self) -> _Piece:
        branches = [self._sequence()]
        while self._next() == "|":
            self.at += 1
            branches.append(self._sequence())
        return _Piece(
            min(each.low for each in branches),
            sum(each.ways for each in branches),
            is_open=any(each.is_open for each in branches),
        )

    def _sequence(self) -> _Piece:
        pieces: list[_Piece] = []
        while (char := self._next()) and char not in "|)":
            pieces.append(self._repeated(self._atom()))
        return _in_a_row(pieces)

    def _atom(self) -> _Piece:
        char, start = self._next(), self.at
        self.at += 1
        if char == "(":
            return self._group()
        if char == "[":
            self._class()
            return self._single(start)
        if char == "\\":
            return self._escape(start)
        if char == ".":
            raise _Refused("`.` means more in Python than in JavaScript", "write [^\\n]")
        if char in "^$":
            return self._anchor(char)
        if char in "]{}*+?":
            raise _Refused(f"a {char!r} that belongs to nothing", f"write \\{char} if it is meant as it stands")
        return self._single(start)

    def _single(self, start: int) -> _Piece:
        return _Piece(1, 1, one=self.pattern[start : self.at], is_single=True)

    def _anchor(self, char: str) -> _Piece:
        if not self.anchors:
            raise _Refused(f"{char!r}: a text is searched, and its ends mean nothing", "leave it out, or write \\b")
        return _Piece(0, 1, is_anchor=True, is_start=char == "^")

    def _group(self) -> _Piece:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _Refused(f"groups more than {_DEEPEST} deep", "write it with fewer groups")
        if self._next() == "?":
            if not self.pattern.startswith("?:", self.at):
                said = "(? with flags, a name or a look around: not the same in JavaScript and Python"
                raise _Refused(said, "write a plain group (…) or (?:…), and [Aa] for both cases")
            self.at += 2
        inner = self._choice()
        self.at += 1  # Python has compiled it, so the bracket is there
        self.depth -= 1
        return inner

    def _escape(self, start: int) -> _Piece:
        char = self._next()
        if char in ("b", "B"):
            self.at += 1
            return _Piece(0, 1, is_anchor=True)
        self._escaped(_SYNTAX | _CLASSES | _CONTROLS)
        return self._single(start)

    def _escaped(self, known: frozenset[str]) -> None:
        if code := _CODE.match(self.pattern, self.at):
            self.at = code.end()
            return
        char = self._next()
        if char in ("s", "S"):
            raise _Refused(f"\\{char} means more in JavaScript than in Python", "write [ \\t] or [ \\t\\r\\n]")
        if char.isdigit():
            raise _Refused(f"\\{char} refers to a group, or is a number", "write the piece out, or \\x00")
        if char not in known:
            raise _Refused(
                f"\\{char} is not known in both JavaScript and Python", f"write {char} without the backslash"
            )
        self.at += 1

    def _class(self) -> None:
        if self._next() == "^":
            self.at += 1
        if self._next() == "]":
            raise _Refused("a class that begins with ]", "write \\] in it")
        while (char := self._next()) != "]":
            self.at += 1
            if char == "[":
                raise _Refused("a [ in a class", "write \\[ in it")
            if char == "\\":
                self._escaped(_SYNTAX | _CLASSES | _CONTROLS | {"-"})
        self.at += 1

    def _repeated(self, piece: _Piece) -> _Piece:
        found = _QUANTIFIER.match(self.pattern, self.at)
        if found is None:
            if self._next() == "{":
                raise _Refused("a '{' that is no repeat", "write \\{ if it is meant as it stands")
            return piece
        self.at = found.end()
        if piece.is_anchor:
            raise _Refused("an anchor that is repeated", "write it once")
        low, high = _bounds(found)
        if self._next() == "+":
            raise _Refused("a repeat that gives nothing back is not known in JavaScript", "leave the second + out")
        return _times(piece, low, high)


def _bounds(found: re.Match[str]) -> tuple[int, int | None]:
    if found[1][0] != "{":
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[found[1]]
    low = int(found[2])
    high = low if found[3] is None else int(found[4]) if found[4] else None
    if max(low, high or 0) > MOST_REPEATS:
        raise _Refused(f"a repeat of more than {MOST_REPEATS:,} times", "write a smaller number")
    return low, high


def _times(piece: _Piece, low: int, high: int | None) -> _Piece:
    if piece.is_open:
        raise _Refused("a repeat around a repeat without an upper bound", "give the inner one a bound, such as {1,20}")
    if high is None:
        if not piece.is_single:
            raise _Refused("a repeated group without an upper bound", "give the repeat a bound, such as {1,20}")
        return _Piece(low, 1, is_open=True, one=piece.one)
    ways = 0
    for times in range(low, high + 1):
        ways = min(ways + piece.ways**times, MOST_WAYS + 1)
    return _Piece(piece.low * low, ways, one=piece.one)


def _in_a_row(pieces: list[_Piece]) -> _Piece:
    """Pieces one after another. Only the last one may be open: what comes behind would make it try every length, from
    every place. Behind ^ there is one place, and a piece that cannot be mistaken for more of the repeat ends it."""
    ways = 1
    for piece in pieces:
        ways = min(ways * piece.ways, MOST_WAYS + 1)
    at_start = bool(pieces) and pieces[0].is_start
    for number, piece in enumerate(pieces):
        rest = pieces[number + 1 :]
        if piece.is_open and rest and not (at_start and (_is_end(rest) or _ends(piece, rest[0]))):
            raise _Refused(
                "a repeat without an upper bound that is not at the end", "give it a bound, such as {1,20} for + or *"
            )
    only = pieces[0] if len(pieces) == 1 else None
    return _Piece(
        sum(piece.low for piece in pieces), ways,
        is_anchor=only is not None and only.is_anchor,
        is_open=bool(pieces) and any(piece.is_open for piece in pieces),
        is_single=only is not None and only.is_single,
    )  # fmt: skip


def _is_end(rest: list[_Piece]) -> bool:
    return all(each.is_anchor for each in rest)


def _ends(piece: _Piece, following: _Piece) -> bool:
    """Whether no character could belong to both pieces. Beyond ASCII all characters count as one."""
    if not (piece.one and following.one and following.low):
        return False
    first, second = re.compile(piece.one, re.ASCII), re.compile(following.one, re.ASCII)
    shared = any(first.fullmatch(each) and second.fullmatch(each) for each in _SOME)
    return not shared and not (_beyond(piece.one) and _beyond(following.one))


def _beyond(one: str) -> bool:
    """Whether a piece stands for any character beyond ASCII."""
    return not one.isascii() or "\\u" in one or "\\x" in one or bool(re.fullmatch(one, "\u1234", re.ASCII))
