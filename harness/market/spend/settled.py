"""Two grains of the same money → each dollar once, by the rules of docs/decisions/0014-a-ledger-of-days-and-calls.md.

On a day that was synced, OpenRouter's bill is the money. Calls keep what they alone know of it, and what the bill has
beyond them stays a row of its own; a log that comes to more than the bill tells nothing. On other days calls are the
money. The engine has added up rows by then: what comes here is small, whatever a ledger holds.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Generic, Protocol, TypeVar


class Sums(Protocol):
    """What rows come to. It is true where there is anything."""

    def __bool__(self) -> bool: ...

    def __add__(self: _Sums, other: _Sums) -> _Sums: ...

    def fits(self: _Sums, bill: _Sums) -> bool:
        """Whether a bill has all of it."""
        ...

    def beyond(self: _Sums, calls: _Sums) -> _Sums:
        """What a bill has and none of its calls."""
        ...


_Sums = TypeVar("_Sums", bound=Sums)
_Kind = TypeVar("_Kind", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Grain(Generic[_Kind, _Sums]):
    """Rows of a day that were added up, from one of the two sources."""

    day: datetime.date
    #: what a bill and its calls have in common
    line: Hashable
    is_call: bool
    #: what rows are added up by in the end
    kind: _Kind
    sums: _Sums


@dataclass(frozen=True, slots=True)
class Settled(Generic[_Kind, _Sums]):
    """Every dollar once."""

    rows: Mapping[_Kind, _Sums]
    #: calls that come to more than the bill of their day and line, and count for nothing
    contradicting: tuple[_Sums, ...]


def settled(grains: Iterable[Grain[_Kind, _Sums]]) -> Settled[_Kind, _Sums]:
    """Add up by kind what is the money."""
    grains = tuple(grains)
    billed = {grain.day for grain in grains if not grain.is_call}
    lines: dict[Hashable, list[Grain[_Kind, _Sums]]] = defaultdict(list)
    for grain in grains:
        lines[grain.day, grain.line].append(grain)
    rows: dict[_Kind, _Sums] = {}
    contradicting: list[_Sums] = []
    for line in lines.values():
        found = _once(line, contradicting) if line[0].day in billed else ((each.kind, each.sums) for each in line)
        for kind, sums in found:
            rows[kind] = rows[kind] + sums if kind in rows else sums
    return Settled({kind: sums for kind, sums in rows.items() if sums}, tuple(contradicting))


def _once(line: Sequence[Grain[_Kind, _Sums]], contradicting: list[_Sums]) -> Iterator[tuple[_Kind, _Sums]]:
    """The calls, and the bill less the calls; the bill alone where there is more of something in the calls."""
    bill, calls = ([grain for grain in line if grain.is_call is is_call] for is_call in (False, True))
    if not calls:
        yield from ((grain.kind, grain.sums) for grain in bill)
        return
    told = reduce(add, (grain.sums for grain in calls))
    billed = reduce(add, (grain.sums for grain in bill)) if bill else None
    if billed is None or not told.fits(billed):
        contradicting.append(told)
        yield from ((grain.kind, grain.sums) for grain in bill)
        return
    yield from ((grain.kind, grain.sums) for grain in calls)
    yield bill[0].kind, billed.beyond(told)
