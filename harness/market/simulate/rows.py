"""What a replay prices: every dollar of the ledger once, in groups that cost alike, without their days."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from harness.market.simulate.amounts import Amounts
from harness.market.simulate.cells import Cell
from harness.market.spend.settled import Grain, settled


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
class Rows:
    """Those of a period."""

    groups: tuple[tuple[Kind, Amounts], ...]
    #: days that have rows
    days: frozenset[datetime.date]
    #: tokens of calls that contradict the bill of their day, key and model, and count for nothing
    contradicting: int


def rows_of(cells: Iterable[Cell], slug: Callable[[str, str], str]) -> Rows:
    """Each dollar once. `slug` gives a model and its permaslug the name that the lock has."""
    # what no call tells of a bill then has the length of most of it
    cells = sorted(cells, key=lambda cell: -cell.amounts.prompt)
    found = settled((_grain(cell, slug(cell.model, cell.permaslug)) for cell in cells), _named)
    contradicting = sum(amounts.tokens for amounts in found.contradicting)
    ordered = tuple(sorted(found.rows.items(), key=lambda row: row[0]))
    return Rows(ordered, frozenset(cell.day for cell in cells), contradicting)


def _grain(cell: Cell, model: str) -> Grain[Kind, Amounts]:
    kind = Kind(cell.key, model, cell.scenario or "", cell.source == "call", cell.band, cell.slot)
    line = (cell.key, model)
    return Grain(cell.day, line, line, cell.source, cell.scenario is not None, kind, cell.amounts)


def _named(kind: Kind, by: Kind) -> Kind:
    """Lengths and hours are those of the rows that a turn is a part of."""
    return replace(kind, scenario=by.scenario)
