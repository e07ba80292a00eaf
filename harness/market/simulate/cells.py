"""The one pass over a ledger: rows → cells, in which all rows cost alike. An Ibis expression, whatever the engine.

The engine adds up whole tokens and billed money, and nothing else: prices come in afterwards, on a few cells. So money
stays exact, no engine's decimal rules matter, and memory depends on the number of cells alone.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.market.simulate.amounts import Amounts
from harness.market.simulate.tariff import Cuts

if TYPE_CHECKING:
    import ibis.expr.types as ir

_GROUPS = ("day", "key", "model", "permaslug", "scenario", "is_call", "band", "slot")
_SUMS = ("requests", "prompt", "completion", "reasoning", "cached", "uncounted", "written", "unwritten", "billed")
_MINUTES_A_DAY, _SECONDS_A_MINUTE = 1440, 60


@dataclass(frozen=True, slots=True)
class Cell:
    """Rows of one day, key, model, scenario, band of prompt lengths and slot of the day, added up."""

    day: datetime.date
    key: str
    model: str
    permaslug: str
    #: None where no log tells
    scenario: str | None
    #: of `calls`: length and hour are each call's own. Else the length is a mean, and the hour is not known
    is_call: bool
    band: int
    slot: int
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Period:
    """Days, both included."""

    since: datetime.date
    until: datetime.date

    def __str__(self) -> str:
        return f"{self.since} to {self.until}"


def read_cells(activity: ir.Table, calls: ir.Table, period: Period, cuts: Cuts) -> tuple[Cell, ...]:
    """Run the pass."""
    return tuple(_cells(expression(activity, calls, period, cuts).to_pyarrow().to_pylist()))


def _cells(rows: Iterable[dict[str, Any]]) -> Iterator[Cell]:
    for row in rows:
        yield Cell(**{name: row[name] for name in _GROUPS}, amounts=Amounts(**{name: row[name] for name in _SUMS}))


def expression(activity: ir.Table, calls: ir.Table, period: Period, cuts: Cuts) -> ir.Table:
    """Both grains as one table of like columns, grouped and added up."""
    sides = (_of_activity(_within(activity, period), cuts), _of_calls(_within(calls, period), cuts))
    rows = sides[0].union(sides[1])
    return rows.group_by(list(_GROUPS)).aggregate([rows[name].sum().name(name) for name in _SUMS])


def _within(table: ir.Table, period: Period) -> ir.Table:
    return table.filter(table.day >= period.since, table.day <= period.until)


def _of_calls(calls: ir.Table, cuts: Cuts) -> ir.Table:
    import ibis

    prompt, cached, written = calls.prompt_tokens, calls.cached_tokens, calls.cache_write_tokens
    minute = calls.at.epoch_seconds().cast("int64") // _SECONDS_A_MINUTE % _MINUTES_A_DAY if cuts.minutes else None
    return _like(
        calls, cuts, prompt, minute,
        scenario=calls.scenario,
        is_call=ibis.literal(True),
        requests=ibis.literal(1, "int64"),
        written=written.fill_null(0),
        uncounted=ibis.ifelse(cached.isnull(), prompt - written.fill_null(0), 0),
        unwritten=ibis.ifelse(written.isnull(), prompt - cached.fill_null(0), 0),
    )  # fmt: skip


def _of_activity(activity: ir.Table, cuts: Cuts) -> ir.Table:
    import ibis

    prompt, cached = activity.prompt_tokens, activity.cached_tokens
    mean = ibis.ifelse(activity.requests > 0, prompt // activity.requests, prompt)
    return _like(
        activity, cuts, mean, None,
        scenario=ibis.null("string"),
        is_call=ibis.literal(False),
        requests=activity.requests,
        written=ibis.literal(0, "int64"),
        uncounted=ibis.ifelse(cached.isnull(), prompt, 0),
        unwritten=prompt - cached.fill_null(0),
    )  # fmt: skip


def _like(
    table: ir.Table, cuts: Cuts, length: ir.IntegerValue, minute: ir.IntegerValue | None, **own: ir.Value
) -> ir.Table:
    columns = {
        "day": table.day,
        "key": table.key,
        "model": table.model,
        "permaslug": table.permaslug,
        "band": _passed([length > cut for cut in cuts.lengths]),
        "slot": _passed([] if minute is None else [minute >= cut for cut in cuts.minutes]),
        "prompt": table.prompt_tokens,
        "completion": table.completion_tokens,
        "reasoning": table.reasoning_tokens,
        "cached": table.cached_tokens.fill_null(0),
        "billed": table.usd + table.byok_usd,
        **own,
    }
    return table.select(**{name: columns[name] for name in (*_GROUPS, *_SUMS)})


def _passed(limits: list[ir.BooleanValue]) -> ir.IntegerValue:
    """How many limits a row has passed."""
    import ibis

    number = ibis.literal(0, "int8")
    for limit in limits:
        number = number + limit.cast("int8")
    return number.cast("int8")
