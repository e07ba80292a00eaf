"""Which dollar-track calls brought no ticket, or one that is none. Only logs know; the rest of the bill says so.

The account's own export knows no tickets, and the guards' logs do. They have no id in common: calls without a ticket
are taken for those of the guards' turns on a day and model where the turns come to as many tokens, and else are listed.
"""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from harness.market.spend.cells import billed_turns
from harness.market.spend.engine import Engine, table
from harness.market.spend.layout import USD
from harness.market.spend.rows import NAMED
from harness.market.spend.track_keys import PREFIX
from harness.market.spend.view import View

_TRACK = "dollar"
_SHOWN = (
    "id", "at", "day", "model", "permaslug", "scenario", "ticket", "machine", "usd", "byok_usd", "prompt_tokens",
    "completion_tokens", "is_turn",
)  # fmt: skip


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
    cells = (cell for cell in view.cells if view.attribution.track(cell) == _TRACK)
    spent = sum((cell.cost for cell in cells), Decimal(0))
    by_line: dict[tuple[datetime.date, str], list[_Logged]] = defaultdict(list)
    for row in _logged(engine, view):
        by_line[row.day, row.permaslug].append(row)
    logged = sum(map(_cost, by_line.values()), Decimal(0))
    calls = sorted((each.call for line in by_line.values() for each in _once(line)), key=lambda c: (c.at, c.id))
    without = tuple(c for c in calls if pattern and not (c.ticket and re.search(pattern, c.ticket)))
    return Tickets(pattern, without, spent, max(spent - logged, Decimal(0)))


@dataclass(frozen=True, slots=True)
class _Logged:
    """A row of a log: a call, or a guard's turn."""

    call: Bare
    day: datetime.date
    permaslug: str
    tokens: int
    is_turn: bool


def _once(line: Sequence[_Logged]) -> Iterator[_Logged]:
    """The turns, and the calls that are none of theirs."""
    turns, calls = ([each for each in line if each.is_turn is is_turn] for is_turn in (True, False))
    is_told = bool(turns) and sum(each.tokens for each in turns) >= sum(each.tokens for each in calls)
    yield from turns
    yield from (each for each in calls if each.call.ticket is not None or not is_told)


def _cost(line: Sequence[_Logged]) -> Decimal:
    """Of the log that shows more of it."""
    of_turns, of_calls = (
        sum((e.call.cost for e in line if e.is_turn is is_turn), Decimal(0)) for is_turn in (True, False)
    )
    return max(of_turns, of_calls)


def _logged(engine: Engine, view: View) -> Iterator[_Logged]:
    """The calls and turns of the track's keys."""
    import ibis

    keys = [key for key, track in view.attribution.tracks.items() if track == _TRACK]
    turns = billed_turns().mutate(byok_usd=ibis.literal(0).cast(USD), is_turn=ibis.literal(True))
    for rows in (table("calls").mutate(is_turn=ibis.literal(False)), turns):
        of_days = rows.filter(rows.day.between(ibis.literal(view.first), ibis.literal(view.last)))
        found = of_days.filter(of_days.key.isin([*keys, f"{NAMED}{PREFIX}{_TRACK}"]))
        yield from map(_read, engine.answer(found.select(*_SHOWN)))


def _read(row: Mapping[str, Any]) -> _Logged:
    call = Bare(
        row["id"], row["at"], row["model"], row["scenario"], row["ticket"], row["machine"],
        row["usd"] + row["byok_usd"],
    )  # fmt: skip
    tokens = int(row["prompt_tokens"]) + int(row["completion_tokens"])
    return _Logged(call, row["day"], row["permaslug"], tokens, row["is_turn"])
