"""Prices of the models in use over the weeks, a small chart for each: the input price, beside what the lock says.

All rows have one scale: how far a price is from its lock, as a part of it. So a tenth looks alike on a cheap model and
on a dear one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from compiler.policy.lock import Lock
from harness.market.catalogue import prices as listed
from harness.market.catalogue import shown
from harness.market.numbers import signed
from harness.report.charts.scale import Dot, Line, column
from harness.report.evidence import Prices
from harness.report.words import NONE, cut, minus
from harness.weeks import Week

HEIGHT = 36
_PAD = 6
#: The scale ends here at least: a smaller move shall look small.
_LEAST = Fraction(1, 10)


@dataclass(frozen=True, slots=True)
class Row:
    """A model's prices."""

    vendor: str
    model: str
    prompt: str
    completion: str
    #: of the input price, against the lock
    change: str
    lines: tuple[Line, ...]
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class History:
    """The chart: every week from the first that has prices to the page's own."""

    weeks: tuple[Week, ...]
    rows: tuple[Row, ...]
    #: what the whole height of a row is, up and down
    reach: str


@dataclass(frozen=True, slots=True)
class _Series:
    """One model: its prices by week, and what they are held against."""

    model: str
    found: Mapping[Week, Mapping[str, Decimal]]
    base: Decimal | None

    def apart(self, week: Week) -> Fraction:
        """How far the input price is from its base. A base of nothing has no parts: it is nothing, or all the way."""
        price = self.found[week]["prompt"]
        if not self.base:
            return Fraction(1 if price else 0)
        return Fraction(price) / Fraction(self.base) - 1


def history(week: Week, known: Mapping[Week, Prices], lock: Lock | None) -> History:
    """Models by name, as far as any week has their prices."""
    weeks = [min(known)]
    while weeks[-1] < week:
        weeks.append(weeks[-1].after())
    models = sorted({model for of_week in known.values() for model in of_week})
    series = [_series(model, known, lock) for model in models]
    reach = max([_LEAST, *(abs(each.apart(when)) for each in series if each.base for when in each.found)])
    rows = tuple(_row(each, tuple(weeks), reach) for each in series)
    return History(tuple(weeks), rows, f"±{round(reach * 100)} %")


def _series(model: str, known: Mapping[Week, Prices], lock: Lock | None) -> _Series:
    """The lock is the base; a model that it does not have is held against its own first price."""
    found = {week: of[model] for week, of in sorted(known.items()) if "prompt" in of.get(model, {})}
    pinned = listed(lock.models[model].pricing) if lock and model in lock.models else {}
    first = next(iter(found.values()), {})
    return _Series(model, found, pinned.get("prompt", first.get("prompt")))


def _row(of: _Series, weeks: tuple[Week, ...], reach: Fraction) -> Row:
    now = of.found.get(weeks[-1], {})
    vendor, _, name = of.model.rpartition("/")
    return Row(
        cut(vendor), cut(name), _price(now, "prompt"), _price(now, "completion"), _change(now.get("prompt"), of.base),
        tuple(_lines(of, weeks, reach)), tuple(_dots(of, weeks, reach)),
    )  # fmt: skip


def _change(now: Decimal | None, base: Decimal | None) -> str:
    if now is None or base is None:
        return NONE
    if now == base:
        return "as locked"
    return minus(signed(Fraction(now - base) / Fraction(base))) if base else "no longer free"


def _price(of: Mapping[str, Decimal], name: str) -> str:
    return shown(name, of[name]).removesuffix("/M") if name in of else NONE


def _dots(of: _Series, weeks: tuple[Week, ...], reach: Fraction) -> Iterator[Dot]:
    for week, prices in of.found.items():
        says = f"{week}: {_price(prices, 'prompt')} in, {_price(prices, 'completion')} out per million tokens"
        yield Dot(column(weeks.index(week), len(weeks)), _y(of, week, reach), says)


def _lines(of: _Series, weeks: tuple[Week, ...], reach: Fraction) -> Iterator[Line]:
    """A price holds until the next week says another. Across a week without prices there is no line."""
    for week in of.found:
        if week.after() in of.found:
            at = weeks.index(week)
            x, to = column(at, len(weeks)), column(at + 1, len(weeks))
            y, then = _y(of, week, reach), _y(of, week.after(), reach)
            yield Line(x, y, to, y)
            if y != then:
                yield Line(to, y, to, then)


def _y(of: _Series, week: Week, reach: Fraction) -> str:
    part = max(Fraction(-1), min(of.apart(week) / reach, Fraction(1)))
    return str(round(Fraction(HEIGHT, 2) - part * (Fraction(HEIGHT, 2) - _PAD)))
