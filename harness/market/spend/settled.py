"""Three grains of the same money → each dollar once, by the rules of docs/decisions/0014-a-ledger-of-days-and-calls.md.

On a day that was synced, OpenRouter's bill is the money. Calls keep what they alone know of it, and what the bill has
beyond them stays a row of its own; a log that comes to more than the bill tells nothing. On other days calls are the
money. The guards' turns say how that splits where no call names its scenario, and are money themselves on days of which
nothing else tells. The engine has added up rows by then: what comes here is small, whatever a ledger holds.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Generic, Literal, Protocol, TypeVar

Source = Literal["bill", "call", "turn"]
#: A turn that runs over midnight stands on one day, its calls on two: so much more than there is may be told.
_OVER = 50


class Sums(Protocol):
    """What rows come to. It is true where there is anything."""

    @property
    def tokens(self) -> int: ...

    def __bool__(self) -> bool: ...

    def __add__(self: _Sums, other: _Sums) -> _Sums: ...

    def fits(self: _Sums, bill: _Sums) -> bool:
        """Whether a bill has all of it."""
        ...

    def beyond(self: _Sums, calls: _Sums) -> _Sums:
        """What a bill has and none of its calls."""
        ...

    def part(self: _Sums, told: _Sums, of: _Sums) -> _Sums:
        """Of these rows as much as `told` is of `of`, in whole units rounded down; of nothing more than there is."""
        ...

    def less(self: _Sums, part: _Sums) -> _Sums:
        """What is left without a part."""
        ...


_Sums = TypeVar("_Sums", bound=Sums)
_Kind = TypeVar("_Kind", bound=Hashable)
#: Gives rows of one kind the scenario of another.
Named = Callable[[_Kind, _Kind], _Kind]


@dataclass(frozen=True, slots=True)
class Grain(Generic[_Kind, _Sums]):
    """Rows of a day that were added up, from one of the three sources."""

    day: datetime.date
    #: what a bill and its calls have in common
    line: Hashable
    #: what turns have in common with both: a key and a model
    about: Hashable
    source: Source
    #: whether the rows say which scenario's they are
    is_named: bool
    #: what rows are added up by in the end
    kind: _Kind
    sums: _Sums


@dataclass(frozen=True, slots=True)
class Settled(Generic[_Kind, _Sums]):
    """Every dollar once."""

    rows: Mapping[_Kind, _Sums]
    #: calls and turns that come to more than there is of their day and line, and count for nothing
    contradicting: tuple[_Sums, ...]


@dataclass(frozen=True, slots=True)
class _Row(Generic[_Kind, _Sums]):
    """What is the money."""

    kind: _Kind
    sums: _Sums
    is_named: bool


def settled(grains: Iterable[Grain[_Kind, _Sums]], named: Named[_Kind]) -> Settled[_Kind, _Sums]:
    """Add up by kind what is the money."""
    days: dict[datetime.date, list[Grain[_Kind, _Sums]]] = defaultdict(list)
    for grain in grains:
        days[grain.day].append(grain)
    rows: dict[_Kind, _Sums] = {}
    contradicting: list[_Sums] = []
    for day in days.values():
        for row in _of_day(day, named, contradicting):
            rows[row.kind] = rows[row.kind] + row.sums if row.kind in rows else row.sums
    return Settled({kind: sums for kind, sums in rows.items() if sums}, tuple(contradicting))


def _of_day(
    day: Sequence[Grain[_Kind, _Sums]], named: Named[_Kind], contradicting: list[_Sums]
) -> Iterator[_Row[_Kind, _Sums]]:
    turns = [grain for grain in day if grain.source == "turn"]
    money = [grain for grain in day if grain.source != "turn"]
    if not money:
        yield from map(_row, turns)
        return
    is_billed = any(grain.source == "bill" for grain in money)
    about: dict[Hashable, list[_Row[_Kind, _Sums]]] = defaultdict(list)
    for line in _grouped(money, lambda grain: grain.line):
        about[line[0].about] += _once(line, contradicting) if is_billed else map(_row, line)
    for told in _grouped(turns, lambda grain: grain.about):
        rows = about[told[0].about]
        about[told[0].about] = list(_told(rows, told, named, contradicting))
    for rows in about.values():
        yield from rows


def _row(grain: Grain[_Kind, _Sums]) -> _Row[_Kind, _Sums]:
    return _Row(grain.kind, grain.sums, grain.is_named)


def _grouped(
    grains: Iterable[Grain[_Kind, _Sums]], by: Callable[[Grain[_Kind, _Sums]], Hashable]
) -> Iterable[list[Grain[_Kind, _Sums]]]:
    found: dict[Hashable, list[Grain[_Kind, _Sums]]] = defaultdict(list)
    for grain in grains:
        found[by(grain)].append(grain)
    return found.values()


def _once(line: Sequence[Grain[_Kind, _Sums]], contradicting: list[_Sums]) -> Iterator[_Row[_Kind, _Sums]]:
    """The calls, and the bill less the calls; the bill alone where there is more of something in the calls."""
    bill, calls = ([grain for grain in line if grain.source == source] for source in ("bill", "call"))
    if not calls:
        yield from map(_row, bill)
        return
    told = _sum(grain.sums for grain in calls)
    billed = _sum(grain.sums for grain in bill) if bill else None
    if billed is None or not told.fits(billed):
        contradicting.append(told)
        yield from map(_row, bill)
        return
    yield from map(_row, calls)
    yield _Row(bill[0].kind, billed.beyond(told), is_named=False)


def _told(
    rows: Sequence[_Row[_Kind, _Sums]],
    turns: Sequence[Grain[_Kind, _Sums]],
    named: Named[_Kind],
    contradicting: list[_Sums],
) -> Iterator[_Row[_Kind, _Sums]]:
    """What turns say of rows without a scenario: each turn's scenario has its part of each of them, and the rest stays.
    An estimate of a guard gives way to the bill: nothing comes to more than there is.
    """
    told = _sum(turn.sums for turn in turns)
    open_rows = [row for row in rows if not row.is_named]
    if not _has(open_rows, told):  # what calls name already is no contradiction, and nothing new
        contradicting += [] if _has(rows, told) else [told]
        yield from rows
        return
    yield from (row for row in rows if row.is_named)
    there = _sum(row.sums for row in open_rows)
    most = there.part(told, there)
    for turn in turns:
        wanted = most.part(turn.sums, told)
        for index, row in enumerate(open_rows):
            piece = row.sums.part(wanted, there)
            yield _Row(named(row.kind, turn.kind), piece, is_named=True)
            open_rows[index] = _Row(row.kind, row.sums.less(piece), is_named=False)
            wanted, there = wanted.less(piece), there.less(row.sums)
        there = _sum(row.sums for row in open_rows)
    yield from open_rows


def _has(rows: Sequence[_Row[_Kind, _Sums]], told: _Sums) -> bool:
    return told.tokens * _OVER <= sum(row.sums.tokens for row in rows) * (_OVER + 1)


def _sum(sums: Iterable[_Sums]) -> _Sums:
    return reduce(add, sums)
