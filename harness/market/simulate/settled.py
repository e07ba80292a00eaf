"""Two grains of the same money → each dollar once: what a log tells call by call, and what is left of the bill.

The rules are the ledger's (docs/decisions/0014-a-ledger-of-days-and-calls.md). On a day that OpenRouter billed, and for
a day and key of an import of days, that is the money. Calls of it keep their detail (scenario, length, hour), and what
the bill has beyond them stays a row of its own. A log that contradicts the bill tells nothing.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from harness.market.simulate.amounts import Amounts
from harness.market.simulate.cells import Cell


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """What tells groups of rows apart once days no longer matter."""

    key: str
    model: str
    scenario: str
    is_call: bool
    band: int
    slot: int


#: Day, key and model.
_Line = tuple[datetime.date, str, str]
_Row = tuple[Kind, Amounts]


class _Grains(NamedTuple):
    """What the bill says of a line, and what logs say of it."""

    bill: list[_Row]
    calls: list[_Row]


@dataclass(frozen=True, slots=True)
class Settled:
    """Every dollar once."""

    rows: tuple[tuple[Kind, Amounts], ...]
    #: days that have rows
    days: frozenset[datetime.date]
    #: tokens of calls that contradict the bill of their day, key and model, and count for nothing
    contradicting: int


def settled(cells: Iterable[Cell], slug: Callable[[str, str], str]) -> Settled:
    """Add up cells without their days. `slug` gives a model and its permaslug the name that the lock has."""
    cells = tuple(cells)
    lines: dict[_Line, _Grains] = defaultdict(lambda: _Grains([], []))
    for cell in cells:
        model = slug(cell.model, cell.permaslug)
        grain = lines[cell.day, cell.key, model]
        kind = Kind(cell.key, model, cell.scenario or "", cell.is_call, cell.band, cell.slot)
        (grain.calls if cell.is_call else grain.bill).append((kind, cell.amounts))
    billed_days = {cell.day for cell in cells if cell.is_bill}
    covered = {(cell.day, cell.key) for cell in cells if not cell.is_call}
    found: dict[Kind, Amounts] = defaultdict(Amounts)
    contradicting = 0
    for line, grain in lines.items():
        is_covered = line[0] in billed_days or line[:2] in covered
        rows = _once(grain) if is_covered else grain.calls
        contradicting += _sum(grain.calls).tokens if rows is grain.bill else 0
        for kind, amounts in rows:
            found[kind] += amounts
    ordered = sorted(((kind, found[kind]) for kind in found if found[kind] != Amounts()), key=lambda row: row[0])
    return Settled(tuple(ordered), frozenset(cell.day for cell in cells), contradicting)


def _once(grain: _Grains) -> list[_Row]:
    """The calls, and the bill less the calls; the bill alone where there is more of something in the calls."""
    told, billed = _sum(grain.calls), _sum(grain.bill)
    if not grain.calls or not _fits(told, billed):
        return grain.bill
    largest = max(grain.bill, key=lambda row: row[1].prompt)[0]
    return [*grain.calls, (largest, _rest(billed, told))]


def _fits(told: Amounts, billed: Amounts) -> bool:
    tokens = told.prompt <= billed.prompt and told.completion <= billed.completion
    return tokens and told.requests <= billed.requests and told.billed <= billed.billed


def _rest(billed: Amounts, told: Amounts) -> Amounts:
    """What no call tells of. A bill never says what caches took in, and may not say what they gave."""
    prompt = billed.prompt - told.prompt
    uncounted = min(billed.uncounted, prompt)
    cached = min(max(0, billed.cached - told.cached), prompt - uncounted)
    return Amounts(
        requests=billed.requests - told.requests,
        prompt=prompt,
        completion=billed.completion - told.completion,
        reasoning=max(0, billed.reasoning - told.reasoning),
        cached=cached,
        uncounted=uncounted,
        unwritten=prompt - cached,
        billed=billed.billed - told.billed,
    )


def _sum(rows: Iterable[_Row]) -> Amounts:
    return sum((amounts for _, amounts in rows), Amounts())
