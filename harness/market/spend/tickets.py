"""Which dollar-track calls brought no ticket, or one that is none. Only logs know; the rest of the bill says so."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from harness.market.spend.engine import Engine, table
from harness.market.spend.rows import NAMED
from harness.market.spend.track_keys import PREFIX
from harness.market.spend.view import View

_TRACK = "dollar"
_SHOWN = ("id", "at", "model", "scenario", "ticket", "machine", "usd", "byok_usd")


@dataclass(frozen=True, slots=True)
class Bare:
    """A call without a ticket."""

    id: str
    at: datetime.datetime
    model: str
    scenario: str | None
    ticket: str | None
    machine: str | None
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Tickets:
    """A month of the dollar track, as far as tickets go."""

    #: what tracks.yaml asks for; None: nothing
    pattern: str | None
    without: tuple[Bare, ...]
    spent: Decimal
    #: what of it no log shows call by call
    unlogged: Decimal


def tickets(engine: Engine, view: View) -> Tickets:
    """The dollar track's calls in the days of a view."""
    section = view.attribution.policies.tracks.dollar_track
    pattern = section.escalation.ticket if section and section.escalation else None
    calls = [_bare(row) for row in _logged(engine, view)]
    cells = (cell for cell in view.cells if view.attribution.track(cell) == _TRACK)
    spent = sum((cell.cost for cell in cells), Decimal(0))
    logged = sum((call.cost for call in calls), Decimal(0))
    without = tuple(c for c in calls if pattern and not (c.ticket and re.search(pattern, c.ticket)))
    return Tickets(pattern, without, spent, max(spent - logged, Decimal(0)))


def _logged(engine: Engine, view: View) -> Iterator[dict[str, Any]]:
    """The calls of the track's keys, in order of time."""
    import ibis

    keys = [key for key, track in view.attribution.tracks.items() if track == _TRACK]
    calls = table("calls")
    of_days = calls.filter(calls.day.between(ibis.literal(view.first), ibis.literal(view.last)))
    found = of_days.filter(of_days.key.isin([*keys, f"{NAMED}{PREFIX}{_TRACK}"]))
    yield from engine.answer(found.order_by("at", "id").select(*_SHOWN))


def _bare(row: dict[str, Any]) -> Bare:
    cost = row.pop("usd") + row.pop("byok_usd")
    return Bare(**row, cost=cost)
