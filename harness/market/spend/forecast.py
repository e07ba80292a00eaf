"""What a period comes to: spent so far, and a prediction interval for the days that are still to come.

The method is the interval for the sum of m future observations from a sample of n, mean · m ± t · s · √(m + m²/n): Hahn
and Meeker's prediction interval for the mean of a future sample ("Statistical Intervals"), times m. Workdays and
weekends are two samples where each has been seen twice, because a team's Sunday says little about its Tuesday; their
variances add up, with degrees of freedom after Welch and Satterthwaite. It takes days as independent: a month in which
everybody starts a new project is outside of it. With fewer than three days seen there is no forecast at all, and with
few the interval is as wide as it must be.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from harness.market.spend.standing import Forecast, Span

LEVEL = Decimal("0.90")
#: Complete days that are looked back on: four of each weekday.
LOOK_BACK = 28
FEWEST_DAYS = 3
_SATURDAY = 6
_FEWEST_OF_KIND = 2
_CENT = Decimal("0.01")


def forecast(
    daily: Mapping[datetime.date, Decimal], period: Span, today: datetime.date, spent: Decimal
) -> Forecast | None:
    """From the cost of each complete day that is known. `spent` may know more than those days; None where they are few,
    or where nothing of the period is left.
    """
    since = today - datetime.timedelta(days=LOOK_BACK)
    seen = {day: usd for day, usd in daily.items() if since <= day < today}
    left = [day for day in period.days if day not in daily or day >= today]
    if len(seen) < FEWEST_DAYS or not left:
        return None
    parts = [part for part in _parts(seen, left) if part.days]
    so_far = sum((usd for day, usd in daily.items() if day in period.days and day < today), Decimal(0))
    middle = so_far + sum((part.mean * part.days for part in parts), Decimal(0))
    reach = _reach(parts)
    usd, low, high = (max(found, spent).quantize(_CENT) for found in (middle, middle - reach, middle + reach))
    return Forecast(usd, low, high, LEVEL, len(seen), len(left))


@dataclass(frozen=True, slots=True)
class _Part:
    """Days of one kind: what was seen of them, and how many are to come."""

    seen: Sequence[Decimal]
    days: int

    @property
    def mean(self) -> Decimal:
        return sum(self.seen, Decimal(0)) / len(self.seen)

    @property
    def variance(self) -> Decimal:
        """Of the sum of the days to come, around its prediction."""
        squares = sum(((usd - self.mean) ** 2 for usd in self.seen), Decimal(0))
        return squares / (len(self.seen) - 1) * (self.days + Decimal(self.days**2) / len(self.seen))


def _parts(seen: Mapping[datetime.date, Decimal], left: Iterable[datetime.date]) -> tuple[_Part, ...]:
    kinds = [[usd for day, usd in seen.items() if _is_weekend(day) is kind] for kind in (False, True)]
    weekends = sum(_is_weekend(day) for day in left)
    workdays = sum(not _is_weekend(day) for day in left)
    if min(len(kind) for kind in kinds) < _FEWEST_OF_KIND:
        return (_Part(list(seen.values()), workdays + weekends),)
    return _Part(kinds[0], workdays), _Part(kinds[1], weekends)


def _is_weekend(day: datetime.date) -> bool:
    return day.isoweekday() >= _SATURDAY


def _reach(parts: Sequence[_Part]) -> Decimal:
    """Half the interval's width."""
    from scipy.special import stdtrit

    variance = sum((part.variance for part in parts), Decimal(0))
    if not variance:
        return Decimal(0)
    freedom = variance**2 / sum((part.variance**2 / (len(part.seen) - 1) for part in parts), Decimal(0))
    quantile = stdtrit(float(freedom), float((1 + LEVEL) / 2))  # of Student's distribution: a number, not money
    return Decimal(f"{quantile:.9f}") * variance.sqrt()
