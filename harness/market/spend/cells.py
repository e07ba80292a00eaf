"""The question that every report asks: what was spent in some days, by day, key, model, provider and known scenario.

An Ibis expression adds up each of the three grains on the engine, whichever it is; `settled.py` makes one of them.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from harness.market.spend.engine import Engine, table
from harness.market.spend.layout import USD
from harness.market.spend.money import part_of
from harness.market.spend.settled import Grain, settled

if TYPE_CHECKING:
    import ibis.expr.types as ir

_LINE = ("day", "key", "model", "permaslug", "provider")
_COUNTS = ("requests", "prompt_tokens", "completion_tokens")
_SUMS = ("usd", "byok_usd", *_COUNTS)


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


@dataclass(frozen=True, slots=True)
class _Sums:
    """What the rows of a line come to."""

    usd: Decimal
    byok_usd: Decimal
    requests: int
    prompt_tokens: int
    completion_tokens: int

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    def __bool__(self) -> bool:
        return any(astuple(self))

    def __add__(self, other: _Sums) -> _Sums:
        return _Sums(*(one + another for one, another in zip(astuple(self), astuple(other), strict=True)))

    def fits(self, bill: _Sums) -> bool:
        """Whether a bill has all of it."""
        return all(part <= whole for part, whole in zip(astuple(self), astuple(bill), strict=True))

    def beyond(self, calls: _Sums) -> _Sums:
        """What a bill has and none of its calls."""
        return _Sums(*(whole - part for whole, part in zip(astuple(self), astuple(calls), strict=True)))

    less = beyond

    def part(self, told: _Sums, of: _Sums) -> _Sums:
        """As much of each as `told` is of `of`."""
        return _Sums(*(part_of(*each) for each in zip(astuple(self), astuple(told), astuple(of), strict=True)))


_Kind = tuple[datetime.date, str, str, str, str, str | None]


def cells(engine: Engine, first: datetime.date, last: datetime.date) -> tuple[Cell, ...]:
    """The spend of some days, first and last included, in order."""
    found = settled((_grain(row) for row in engine.answer(expression(first, last))), _named).rows
    ordered = sorted(found.items(), key=lambda row: (*row[0][:-1], row[0][-1] or ""))
    return tuple(Cell(*kind, *astuple(sums)) for kind, sums in ordered)


def _grain(row: Mapping[str, Any]) -> Grain[_Kind, _Sums]:
    """Engines widen sums of whole numbers, each in its own way."""
    day, key, model, permaslug, provider = (row[name] for name in _LINE)
    sums = _Sums(row["usd"], row["byok_usd"], *(int(row[name]) for name in _COUNTS))
    about, scenario = (key, model, permaslug), row["scenario"]
    kind = (day, *about, provider, scenario)
    return Grain(day, kind[:-1], about, row["source"], scenario is not None, kind, sums)


def _named(kind: _Kind, by: _Kind) -> _Kind:
    return (*kind[:-1], by[-1])


def expression(first: datetime.date, last: datetime.date) -> ir.Table:
    """The question in Ibis, for any engine."""
    import ibis

    activity, calls, turns = (
        every.filter(every.day.between(ibis.literal(first), ibis.literal(last)))
        for every in (table("activity"), table("calls"), billed_turns())
    )
    bills = activity.mutate(scenario=ibis.null("string"), source=ibis.literal("bill"))
    logged = calls.mutate(requests=ibis.literal(1, "int64"), source=ibis.literal("call"))
    told = turns.mutate(provider=ibis.literal(""), byok_usd=ibis.literal(0).cast(USD), source=ibis.literal("turn"))
    return ibis.union(_summed(bills), _summed(logged), _summed(told))


def billed_turns() -> ir.Table:
    """Decisions of guards after which a key of the account paid for tokens."""
    decisions = table("decisions")
    return decisions.filter(decisions.key != "", decisions.prompt_tokens + decisions.completion_tokens > 0)


def _summed(rows: ir.Table) -> ir.Table:
    by = rows.group_by(*_LINE, "scenario", "source")
    return by.agg(**{name: rows[name].sum() for name in _SUMS})
