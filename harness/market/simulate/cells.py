"""The one pass over a ledger: rows → cells, in which all rows cost alike. An Ibis expression, whatever the engine.

The engine adds up whole tokens and billed money, and nothing else: prices come in afterwards, on a few cells. So money
stays exact, no engine's decimal rules matter, and memory depends on the number of cells alone.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.market.simulate.amounts import NOTHING, Amounts
from harness.market.simulate.tariff import Cuts
from harness.market.spend.engine import Engine, table
from harness.market.spend.rows import BILL
from harness.market.spend.standing import Span

if TYPE_CHECKING:
    import ibis.expr.types as ir

_GROUPS = ("day", "key", "model", "permaslug", "scenario", "is_call", "is_bill", "band", "slot")
_COUNTS = ("requests", "prompt", "completion", "reasoning", "cached", "uncounted", "written", "unwritten")
#: Each by itself: Spark gives the sum of two columns of decimal(38, 12) eleven places.
_MONEY = ("usd", "byok_usd")
_SECONDS_A_DAY, _SECONDS_A_MINUTE = 86_400, 60


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
    #: of OpenRouter's own bill, which covers its day whole
    is_bill: bool
    band: int
    slot: int
    amounts: Amounts


def read_cells(engine: Engine, span: Span, cuts: Cuts) -> tuple[Cell, ...]:
    """Run the pass."""
    return tuple(_cell(row) for row in engine.answer(expression(span, cuts)))


def _cell(row: Mapping[str, Any]) -> Cell:
    """Engines widen sums of whole numbers, each in its own way."""
    counts = {name: int(row[name]) for name in _COUNTS}
    billed = sum((row[name] for name in _MONEY), NOTHING)
    return Cell(**{name: row[name] for name in _GROUPS}, amounts=Amounts(**counts, billed=billed))


def expression(span: Span, cuts: Cuts) -> ir.Table:
    """Both grains as one table of like columns, grouped and added up."""
    activity, calls = (_within(table(name), span) for name in ("activity", "calls"))
    sides = (_of_activity(activity, cuts), _of_calls(calls, cuts))
    rows = sides[0].union(sides[1])
    return rows.group_by(list(_GROUPS)).aggregate([rows[name].sum().name(name) for name in (*_COUNTS, *_MONEY)])


def _within(rows: ir.Table, span: Span) -> ir.Table:
    return rows.filter(rows.day >= span.first, rows.day <= span.last)


def _of_calls(calls: ir.Table, cuts: Cuts) -> ir.Table:
    import ibis

    prompt, cached, written = calls.prompt_tokens, calls.cached_tokens, calls.cache_write_tokens
    second = calls.at.epoch_seconds().cast("int64") % _SECONDS_A_DAY  # read only where a limit asks for it
    return _like(
        calls,
        band=_passed(prompt > cut for cut in cuts.lengths),
        slot=_passed(second >= minute * _SECONDS_A_MINUTE for minute in cuts.minutes),
        scenario=calls.scenario,
        is_call=ibis.literal(True),
        is_bill=ibis.literal(False),
        requests=ibis.literal(1, "int64"),
        written=written.fill_null(0),
        uncounted=ibis.ifelse(cached.isnull(), prompt - written.fill_null(0), 0),
        unwritten=ibis.ifelse(written.isnull(), prompt - cached.fill_null(0), 0),
    )


def _of_activity(activity: ir.Table, cuts: Cuts) -> ir.Table:
    import ibis

    prompt, cached = activity.prompt_tokens, activity.cached_tokens
    return _like(
        activity,
        # the mean is above it, said without a division
        band=_passed(prompt > ibis.greatest(activity.requests, 1) * cut for cut in cuts.lengths),
        slot=_passed(()),
        scenario=ibis.null("string"),
        is_call=ibis.literal(False),
        is_bill=activity.source == BILL,
        requests=activity.requests,
        written=ibis.literal(0, "int64"),
        uncounted=ibis.ifelse(cached.isnull(), prompt, 0),
        unwritten=prompt - cached.fill_null(0),
    )


def _like(rows: ir.Table, **own: ir.Value) -> ir.Table:
    """Columns that both grains have alike, beside those that each has in its own way."""
    columns = {
        "day": rows.day,
        "key": rows.key,
        "model": rows.model,
        "permaslug": rows.permaslug,
        "prompt": rows.prompt_tokens,
        "completion": rows.completion_tokens,
        "reasoning": rows.reasoning_tokens,
        "cached": rows.cached_tokens.fill_null(0),
        "usd": rows.usd,
        "byok_usd": rows.byok_usd,
        **own,
    }
    return rows.select(**{name: columns[name] for name in (*_GROUPS, *_COUNTS, *_MONEY)})


def _passed(limits: Iterable[ir.BooleanValue]) -> ir.IntegerValue:
    """How many limits a row has passed."""
    import ibis

    number = ibis.literal(0, "int8")
    for limit in limits:
        number = number + limit.cast("int8")
    return number.cast("int8")
