"""Prices of the models in use over the weeks, a small chart for each: input prices from nothing up, as steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from compiler.policy.lock import Lock
from harness.market.catalogue import prices as listed
from harness.market.catalogue import shown
from harness.market.numbers import signed
from harness.report.charts.scale import Dot, Line, Tick, column
from harness.report.evidence import Prices
from harness.report.words import NONE, cut
from harness.weeks import Week

HEIGHT = 40
_PAD = 6


@dataclass(frozen=True, slots=True)
class Row:
    """A model's prices."""

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

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """The first and the last week."""
        ends = dict.fromkeys((self.weeks[0], self.weeks[-1]))
        return tuple(Tick(column(self.weeks.index(w), len(self.weeks)), f"W{w.number:02d}") for w in ends)


def history(week: Week, known: Mapping[Week, Prices], lock: Lock | None) -> History:
    """Models by name, as far as any week has their prices."""
    weeks = [min(known)]
    while weeks[-1] < week:
        weeks.append(weeks[-1].after())
    models = sorted({model for of_week in known.values() for model in of_week})
    return History(tuple(weeks), tuple(_row(model, tuple(weeks), known, lock) for model in models))


def _row(model: str, weeks: tuple[Week, ...], known: Mapping[Week, Prices], lock: Lock | None) -> Row:
    found = {week: known[week][model] for week in weeks if week in known and model in known[week]}
    now = found.get(weeks[-1], {})
    pinned = listed(lock.models[model].pricing) if lock and model in lock.models else {}
    return Row(
        cut(model), _price(now, "prompt"), _price(now, "completion"),
        _change(now.get("prompt"), pinned.get("prompt")).replace("-", "−"),
        tuple(_lines(weeks, found)), tuple(_dots(weeks, found)),
    )  # fmt: skip


def _change(now: Decimal | None, pinned: Decimal | None) -> str:
    if now is None or pinned is None:
        return NONE
    if not pinned:
        return "as locked" if now == 0 else "no longer free"
    return "as locked" if now == pinned else signed(Fraction(now - pinned) / Fraction(pinned))


def _price(of: Mapping[str, Decimal], name: str) -> str:
    return shown(name, of[name]).removesuffix("/M") if name in of else NONE


def _dots(weeks: tuple[Week, ...], found: Mapping[Week, Mapping[str, Decimal]]) -> Iterator[Dot]:
    for week, of in found.items():
        if "prompt" in of:
            says = f"{week}: {_price(of, 'prompt')} in, {_price(of, 'completion')} out per million tokens"
            yield Dot(column(weeks.index(week), len(weeks)), _y(of["prompt"], found), says)


def _lines(weeks: tuple[Week, ...], found: Mapping[Week, Mapping[str, Decimal]]) -> Iterator[Line]:
    """A price holds until the next week says another. Across a week without prices there is no line."""
    for week, of in found.items():
        after = found.get(week.after(), {})
        if "prompt" in of and "prompt" in after:
            at = weeks.index(week)
            x, to = column(at, len(weeks)), column(at + 1, len(weeks))
            y, then = _y(of["prompt"], found), _y(after["prompt"], found)
            yield Line(x, y, to, y)
            if y != then:
                yield Line(to, y, to, then)


def _y(price: Decimal, found: Mapping[Week, Mapping[str, Decimal]]) -> str:
    most = max((of["prompt"] for of in found.values() if "prompt" in of), default=Decimal(0))
    down = Fraction(1) - (Fraction(price) / Fraction(most) if most else 0)
    return str(_PAD + round(down * (HEIGHT - 2 * _PAD)))
