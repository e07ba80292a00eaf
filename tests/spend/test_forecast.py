"""The forecast: nothing from few days, wide from some, and right as often as it says."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal

from harness.market.spend.forecast import forecast
from harness.market.spend.standing import Span

MAY = Span.month(datetime.date(2026, 5, 1))
NOUGHT = Decimal(0)


def daily(count: int, usd: Decimal = Decimal(10)) -> dict[datetime.date, Decimal]:
    return {MAY.first + datetime.timedelta(days=number): usd for number in range(count)}


def at(day: int) -> datetime.date:
    return MAY.first.replace(day=day)


def test_two_days_say_nothing() -> None:
    assert forecast(daily(2), MAY, at(3), NOUGHT) is None


def test_a_month_that_is_over_needs_none() -> None:
    assert forecast(daily(31), MAY, MAY.last + datetime.timedelta(days=1), NOUGHT) is None


def test_the_same_each_day_is_sure() -> None:
    found = forecast(daily(10), MAY, at(11), NOUGHT)
    assert found
    assert found.usd == found.low == found.high == 310
    assert (found.days_seen, found.days_left) == (10, 21)


def test_few_days_are_wide() -> None:
    def width(count: int) -> Decimal:
        found = forecast({day: Decimal(10 + day.day % 3) for day in daily(count)}, MAY, at(count + 1), NOUGHT)
        assert found
        return (found.high - found.low) / found.days_left

    assert width(3) > 2 * width(14)


def test_it_never_says_less_than_is_spent() -> None:
    found = forecast(daily(5, NOUGHT), MAY, at(6), Decimal("42.50"))
    assert found
    assert (found.usd, found.low, found.high) == (Decimal("42.50"),) * 3


def test_days_that_are_not_known_are_still_to_come() -> None:
    known = daily(10)
    del known[at(4)]
    found = forecast(known, MAY, at(11), NOUGHT)
    assert found
    assert found.usd == 310
    assert (found.days_seen, found.days_left) == (9, 22)


def test_weekends_are_weekends() -> None:
    """Workdays cost 10 and weekends 1, without any spread: the rest of May has nine weekend days and twelve others."""
    known = {day: Decimal(1 if day.isoweekday() > 5 else 10) for day in daily(10)}
    found = forecast(known, MAY, at(11), NOUGHT)
    assert found
    weekends = sum(day.isoweekday() > 5 for day in MAY.days)
    assert found.low == found.high == weekends + 10 * (31 - weekends)


def test_nine_in_ten_months_are_inside() -> None:
    """Months of a team with quiet weekends and days that vary a lot. The band is ±4 standard errors of 400 months."""
    dice, inside, months = random.Random(5), 0, 400
    for _ in range(months):
        days = [MAY.first + datetime.timedelta(days=number) for number in range(-14, 31)]
        month = {day: Decimal(round(dice.gammavariate(4, 2 if day.isoweekday() > 5 else 9), 6)) for day in days}
        found = forecast({day: usd for day, usd in month.items() if day < at(15)}, MAY, at(15), NOUGHT)
        assert found
        inside += found.low <= sum(month[day] for day in MAY.days) <= found.high
    assert 0.84 <= inside / months <= 0.96
