"""Where a mark stands, in percent of its chart's width: a narrow screen has a narrow chart, and letters keep size."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Line:
    """A stroke from one point to another: across in percent, down in pixels."""

    x1: str
    y1: str
    x2: str
    y2: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    """A point that answers to a finger, a pointer and arrow keys with what it says."""

    x: str
    y: str
    says: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A label of an axis."""

    x: str
    words: str

    @property
    def kind(self) -> str:
        """At an edge the words stay inside."""
        return {"0.00%": "first", "100.00%": "last"}.get(self.x, "")


def portion(part: int, whole: int) -> str:
    """Whole counts as a percentage; no float touches them."""
    return _percent(Fraction(part, whole) if whole else Fraction(0))


def column(number: int, of: int) -> str:
    """The place of one of several columns; a single one stands in the middle."""
    return _percent(Fraction(number, of - 1) if of > 1 else Fraction(1, 2))


def _percent(share: Fraction) -> str:
    hundredths = round(share * 10_000)
    return f"{hundredths // 100}.{hundredths % 100:02d}%"


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale of measures (times, rates, dollars) from `low` to `high`. Only the eye measures it."""

    low: float
    high: float
    is_log: bool = False

    def place(self, value: float) -> str:
        """In percent, never outside the chart."""
        low, high, at = (math.log10(v) if self.is_log else v for v in (self.low, self.high, max(value, self.low)))
        return f"{min(100.0, 100 * (at - low) / (high - low)):.2f}%"

    def steps(self) -> Iterator[float]:
        """Few round values: 1, 2 and 5 times a power of ten where there is room, or quarters."""
        if not self.is_log:
            yield from (self.low + (self.high - self.low) * quarter / 4 for quarter in range(5))
            return
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        factors = (1, 2, 5) if self.high < 100 * self.low else (1,)
        values = (factor * 10.0**power for power in powers for factor in factors)
        yield from (value for value in values if self.low <= value <= self.high)
