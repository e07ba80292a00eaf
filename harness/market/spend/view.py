"""Some days of a ledger, read once: what was spent, whose it is, which days are known, what the live counters said."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from compiler.plan import Track
from compiler.policy.caps import Cap
from harness.market.spend.account import window_at
from harness.market.spend.attribution import Attribution, attribution
from harness.market.spend.cells import Cell, cells
from harness.market.spend.engine import Engine, table
from harness.market.spend.forecast import LOOK_BACK, forecast
from harness.market.spend.rows import ACCOUNT, Counter, Key
from harness.market.spend.standing import GrayShare, Period, Span, Standing
from harness.weeks import Week


@dataclass(frozen=True, slots=True)
class View:
    """What the ledger says of some days. Everything that is said of money is a function of this."""

    first: datetime.date
    last: datetime.date
    cells: tuple[Cell, ...]
    attribution: Attribution
    #: hash → name
    names: Mapping[str, str]
    #: days that a sync saw, or that have rows; any other day is not known, which is not nothing
    known: frozenset[datetime.date]
    counters: tuple[Counter, ...]

    def unknown(self, first: datetime.date, last: datetime.date) -> tuple[datetime.date, ...]:
        """The days of a range of which nothing is known."""
        return tuple(day for day in Span("", first, last).days if day not in self.known)


def look(engine: Engine, project: Path, first: datetime.date, last: datetime.date) -> View:
    """Ask the engine. Raises PolicyError where the policies do not compile."""
    keys = tuple(Key(**row) for row in engine.answer(table("keys")))
    counters = tuple(_counter(row) for row in engine.answer(table("counters")))
    found = cells(engine, first, last)
    synced = {day for c in counters if c.what == ACCOUNT for day in window_at(c.at.date()).days}
    return View(
        first,
        last,
        found,
        attribution(project, keys),
        {key.key: key.name for key in keys},
        frozenset(synced | {cell.day for cell in found}),
        tuple(sorted(counters, key=lambda counter: counter.at)),
    )


def _counter(row: Mapping[str, Any]) -> Counter:
    """Some engines give times in UTC without saying so."""
    at: datetime.datetime = row["at"]
    return Counter(**{**row, "at": at.astimezone(datetime.UTC) if at.tzinfo else at.replace(tzinfo=datetime.UTC)})


def since(day: datetime.date) -> datetime.date:
    """The first day that a standing on that day must know: its month's, and what a forecast looks back on."""
    return min(day.replace(day=1), Week.of(day).monday, day - datetime.timedelta(days=LOOK_BACK))


def standing(view: View, track: Track, day: datetime.date, today: datetime.date) -> Standing:
    """A track's money in the period of its cap that `day` lies in. `today` is the first day that is not over."""
    cap = _cap(view, track)
    kind: Period = cap[1].period if cap else "monthly"
    period = Span.of(kind, day)
    daily = {known: Decimal(0) for known in view.known if known < today}
    for cell in view.cells:
        if cell.day in daily and view.attribution.track(cell) == track:
            daily[cell.day] += cell.cost
    ledger = sum((usd for at, usd in daily.items() if at in period.days), Decimal(0))
    counter = _live(view, track, period) if kind == "monthly" else None
    spent = max(ledger, counter or Decimal(0))
    return Standing(
        track=track,
        cap=cap[0] if cap else None,
        period=period,
        spent_usd=spent,
        ledger_usd=ledger,
        counter_usd=counter,
        limit_usd=cap[1].limit_usd if cap else None,
        overrun_percent=Decimal(cap[1].overrun.percent) if cap else None,
        forecast=forecast(daily, period, today, spent),
        unknown_days=tuple(each for each in period.days if each < today and each not in view.known),
    )


def _cap(view: View, track: Track) -> tuple[str, Cap] | None:
    policies = view.attribution.policies
    section = policies.track(track)
    return (section.cap, policies.caps[section.cap]) if section and section.cap else None


def _live(view: View, track: Track, period: Span) -> Decimal | None:
    """What the key's own counter last said in the period."""
    said = (each for each in reversed(view.counters) if each.what == track and each.at.date() in period.days)
    return next((each.month_usd for each in said), None)


def gray_share(view: View, week: Week) -> GrayShare | None:
    """The gray models' part of a week's tokens; None for a team without a gray pool."""
    pool = view.attribution.policies.tracks.gray_pool
    if pool is None:
        return None
    of_week = [cell for cell in view.cells if week.monday <= cell.day <= week.sunday]
    return GrayShare(
        week,
        sum(cell.tokens for cell in of_week if view.attribution.is_gray(cell)),
        sum(cell.tokens for cell in of_week),
        Decimal(pool.max_share),
        view.unknown(week.monday, week.sunday),
    )
