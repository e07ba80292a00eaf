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
from harness.market.spend.cells import billed_turns
from harness.market.spend.engine import Engine, table
from harness.market.spend.layout import USD
from harness.market.spend.settled import Source
from harness.market.spend.standing import Span

if TYPE_CHECKING:
    import ibis.expr.types as ir

_GROUPS = ("day", "key", "model", "permaslug", "scenario", "source", "band", "slot")
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
    #: of calls, length and hour are each call's own. Else the length is a mean, and the hour is not known
    source: Source
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
    """The three grains as one table of like columns, grouped and added up."""
    import ibis

    activity, calls, turns = (_within(every, span) for every in (table("activity"), table("calls"), billed_turns()))
    rows = ibis.union(_of_activity(activity, cuts), _of_calls(calls, cuts), _of_turns(turns, cuts))
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
        source=ibis.literal("call"),
        reasoning=calls.reasoning_tokens,
        byok_usd=calls.byok_usd,
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
        source=ibis.literal("bill"),
        reasoning=activity.reasoning_tokens,
        requests=activity.requests,
        written=ibis.literal(0, "int64"),
        uncounted=ibis.ifelse(cached.isnull(), prompt, 0),
        unwritten=prompt - cached.fill_null(0),
        byok_usd=activity.byok_usd,
    )


def _of_turns(turns: ir.Table, cuts: Cuts) -> ir.Table:
    """A turn is several calls: like a day's bill, it tells their mean length."""
    import ibis

    return _like(
        turns,
        band=_passed(turns.prompt_tokens > ibis.greatest(turns.requests, 1) * cut for cut in cuts.lengths),
        slot=_passed(()),
        scenario=turns.scenario,
        source=ibis.literal("turn"),
        reasoning=ibis.literal(0, "int64"),
        requests=turns.requests,
        written=turns.cache_write_tokens,
        uncounted=ibis.literal(0, "int64"),
        unwritten=ibis.literal(0, "int64"),
        byok_usd=ibis.literal(0).cast(USD),
    )


def _like(rows: ir.Table, **own: ir.Value) -> ir.Table:
    """Columns that all grains have alike, beside those that each has in its own way."""
    columns = {
        "day": rows.day,
        "key": rows.key,
        "model": rows.model,
        "permaslug": rows.permaslug,
        "prompt": rows.prompt_tokens,
        "completion": rows.completion_tokens,
        "cached": rows.cached_tokens.fill_null(0),
        "usd": rows.usd,
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
