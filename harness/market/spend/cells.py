"""The question that every report asks: what was spent in some days, by day, key, model, provider and known scenario.

It is one Ibis expression, so that the engine does the adding up, whichever it is. Its rules are those of
docs/decisions/0014-a-ledger-of-days-and-calls.md: a synced day is the bill and calls only split it; calls are the money
of days that were never synced; a log that contradicts the bill splits nothing.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from harness.market.spend.engine import Engine, table
from harness.market.spend.rows import BILL

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: What is added up.
MONEY = ("usd", "byok_usd")
COUNTS = ("requests", "prompt_tokens", "completion_tokens")
SUMS = (*MONEY, *COUNTS)
#: What a cell is of; the last one is null where no log tells.
KEYS = ("day", "key", "model", "permaslug", "provider", "scenario")
#: Of money, with room on the left: a difference of two 38-digit decimals loses its last digit on Spark.
_SUM = "decimal(26, 12)"
_SPLIT = ("day", "key", "model", "permaslug", "provider")


@dataclass(frozen=True, slots=True)
class Cell:
    """What was spent on one day by one key on one model at one provider, and for which scenario where a log tells."""

    day: datetime.date
    key: str
    model: str
    permaslug: str
    provider: str
    scenario: str | None
    usd: Decimal
    byok_usd: Decimal
    requests: int
    prompt_tokens: int
    completion_tokens: int

    @property
    def cost(self) -> Decimal:
        """All that it cost: OpenRouter's charge, and a provider's to a key of the team's own."""
        return self.usd + self.byok_usd

    @property
    def tokens(self) -> int:
        """Prompt and completion."""
        return self.prompt_tokens + self.completion_tokens


def cells(engine: Engine, first: datetime.date, last: datetime.date) -> tuple[Cell, ...]:
    """The spend of some days, first and last included, in order."""
    found = (_cell(row) for row in engine.answer(expression(first, last)))
    return tuple(sorted(found, key=lambda c: (c.day, c.key, c.model, c.permaslug, c.provider, c.scenario or "")))


def _cell(row: Mapping[str, Any]) -> Cell:
    """Engines widen sums of whole numbers, each in its own way."""
    return Cell(**{**row, **{name: int(row[name]) for name in COUNTS}})


def expression(first: datetime.date, last: datetime.date) -> ir.Table:
    """The question in Ibis, for any engine."""
    import ibis

    activity, calls = (
        every.filter(every.day.between(ibis.literal(first), ibis.literal(last)))
        for every in (table("activity"), table("calls"))
    )
    calls = calls.mutate(requests=ibis.literal(1, "int64"))
    billed = activity.filter(activity.source == BILL).select("day").distinct()
    bill = _summed(activity, _SPLIT)
    parts = _fitting(_summed(calls.semi_join(billed, "day").filter(lambda t: t.scenario.notnull()), KEYS), bill)
    free = calls.anti_join(billed, "day")
    # an import of days, as far as there is no bill, is joined by the calls of keys that it does not know
    free = free.anti_join(activity.select("day", "key").distinct(), ["day", "key"])
    rest = _rest(bill, _summed(parts, _SPLIT))
    return ibis.union(rest, parts, _summed(free, KEYS))


def _summed(table: ir.Table, by: tuple[str, ...]) -> ir.Table:
    sums = {name: table[name].sum() for name in COUNTS} | {name: table[name].sum().cast(_SUM) for name in MONEY}
    return table.group_by(*by).agg(**{name: sums[name] for name in SUMS})


def _fitting(parts: ir.Table, bill: ir.Table) -> ir.Table:
    """Parts of calls with a scenario, where all those of a split together fit into its bill."""
    held = _summed(parts, _SPLIT).inner_join(bill, list(_SPLIT), rname="{name}_billed")
    fits = held.filter([held[name] <= held[f"{name}_billed"] for name in SUMS])
    return parts.semi_join(fits.select(*_SPLIT), list(_SPLIT))


def _rest(bill: ir.Table, parts: ir.Table) -> ir.Table:
    """What of the bill no scenario took."""
    import ibis

    joined = bill.left_join(parts, list(_SPLIT), rname="{name}_part")
    left = {name: joined[name] - joined[f"{name}_part"].fill_null(0) for name in SUMS}
    rest = joined.select(*_SPLIT, scenario=ibis.null("string"), **left)
    something = reduce(or_, (rest[name] != 0 for name in SUMS))
    return rest.filter(something).select(*KEYS, *SUMS)
