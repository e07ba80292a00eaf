"""Two grains of the same money → each dollar once: what a log tells call by call, and what is left of the bill.

For a day and key that `activity` covers, it is the money. Calls keep their detail (scenario, length, hour), and what
the bill has beyond them stays a row of its own; below zero where a log tells more than the bill, so that the sum is the
bill's in any case.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.market.simulate.amounts import Amounts
from harness.market.simulate.cells import Cell


#: Day, key and model.
_Line = tuple[datetime.date, str, str]


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """What tells groups of rows apart once days no longer matter."""

    key: str
    model: str
    scenario: str
    is_call: bool
    band: int
    slot: int


@dataclass(frozen=True, slots=True)
class Settled:
    """Every dollar once."""

    rows: tuple[tuple[Kind, Amounts], ...]
    #: days that have rows
    days: frozenset[datetime.date]
    #: tokens that logs tell beyond the bill of the same day, key and model
    beyond_bill: int


def settled(cells: Iterable[Cell], slug: Callable[[str, str], str]) -> Settled:
    """Add up cells without their days. `slug` gives a model and its permaslug the name that the lock has."""
    cells = tuple(cells)
    found: dict[Kind, Amounts] = defaultdict(Amounts)
    told: dict[_Line, Amounts] = defaultdict(Amounts)
    bills: dict[_Line, list[tuple[Kind, Amounts]]] = defaultdict(list)
    for cell in cells:
        kind = _kind(cell, slug(cell.model, cell.permaslug))
        found[kind] += cell.amounts
        if cell.is_call:
            told[cell.day, kind.key, kind.model] += cell.amounts
        else:
            bills[cell.day, kind.key, kind.model].append((kind, cell.amounts))
    covered = {(day, key) for day, key, _ in bills}
    twice = {line: amounts for line, amounts in told.items() if line[:2] in covered}
    for line, amounts in twice.items():
        found[_bill_of(line, bills)] -= amounts
    rows = tuple(sorted(((kind, found[kind]) for kind in found if found[kind] != Amounts()), key=lambda row: row[0]))
    beyond = sum(max(0, amounts.tokens - _tokens(bills.get(line, ()))) for line, amounts in twice.items())
    return Settled(rows, frozenset(cell.day for cell in cells), beyond)


def _bill_of(line: _Line, bills: Mapping[_Line, Sequence[tuple[Kind, Amounts]]]) -> Kind:
    """Which row of the bill calls are taken from: the largest; one of its own where the bill does not have the model."""
    of_model = bills.get(line, ())
    return max(of_model, key=lambda row: row[1].prompt)[0] if of_model else Kind(*line[1:], "", False, 0, 0)


def _tokens(rows: Iterable[tuple[Kind, Amounts]]) -> int:
    return sum(amounts.tokens for _, amounts in rows)


def _kind(cell: Cell, model: str) -> Kind:
    return Kind(cell.key, model, cell.scenario or "", cell.is_call, cell.band, cell.slot)
