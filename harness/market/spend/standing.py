"""Where the money and the gray pool stand: what rules decide on, as plain frozen data."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from compiler.plan import Track
from harness.market.numbers import share
from harness.weeks import Week

Period = Literal["daily", "weekly", "monthly"]


@dataclass(frozen=True, slots=True)
class Span:
    """A period of a cap, or a month: its first and its last UTC day."""

    name: str
    first: datetime.date
    last: datetime.date

    @property
    def days(self) -> tuple[datetime.date, ...]:
        """Every day of it in order."""
        count = (self.last - self.first).days + 1
        return tuple(self.first + datetime.timedelta(days=number) for number in range(count))

    @classmethod
    def month(cls, day: datetime.date) -> Span:
        """The calendar month that a day lies in: 2026-05."""
        first = day.replace(day=1)
        after = (first + datetime.timedelta(days=31)).replace(day=1)
        return cls(f"{first:%Y-%m}", first, after - datetime.timedelta(days=1))

    @classmethod
    def of(cls, period: Period, day: datetime.date) -> Span:
        """The period that a day lies in, as OpenRouter's keys reset: at midnight UTC, weeks on Monday."""
        if period == "monthly":
            return cls.month(day)
        if period == "weekly":
            week = Week.of(day)
            return cls(str(week), week.monday, week.sunday)
        return cls(day.isoformat(), day, day)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the whole period comes to: the middle, and the interval that holds it with the stated probability."""

    usd: Decimal
    low: Decimal
    high: Decimal
    #: 0.90: in nine of ten such periods
    level: Decimal
    #: complete days that it was learnt from, and days of the period that are still to come
    days_seen: int
    days_left: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A track's money in one period of its cap. `vane spend show` prints it; the cap's rule decides on it."""

    track: Track
    #: the cap's name in caps.yaml; None for a track without one, whose period is the month
    cap: str | None
    period: Span
    #: what counts against the cap: OpenRouter's charge and the team's own provider keys, as on the key itself.
    #: The ledger's complete days, or the key's live counter where that says more
    spent_usd: Decimal
    ledger_usd: Decimal
    #: None: not asked in this period, or the cap's period is no month
    counter_usd: Decimal | None
    limit_usd: Decimal | None
    #: how far above the limit counts as passed for what follows, in percent
    overrun_percent: Decimal | None
    #: None: too few days to say anything
    forecast: Forecast | None
    #: days of the period, up to the day of the question, of which the ledger knows nothing
    unknown_days: tuple[datetime.date, ...]

    @property
    def threshold_usd(self) -> Decimal | None:
        """The limit with its overrun."""
        if self.limit_usd is None or self.overrun_percent is None:
            return None
        return self.limit_usd * (1 + self.overrun_percent / 100)

    @property
    def is_spent(self) -> bool:
        """Whether the limit is reached: OpenRouter's key says no from here on."""
        return self.limit_usd is not None and self.spent_usd >= self.limit_usd

    @property
    def is_overrun(self) -> bool:
        """Whether the limit is passed by more than its overrun."""
        return self.threshold_usd is not None and self.spent_usd > self.threshold_usd


@dataclass(frozen=True, slots=True)
class GrayShare:
    """The gray models' part of an ISO week's tokens."""

    week: Week
    gray_tokens: int
    tokens: int
    max_share: Decimal
    #: days of the week of which the ledger knows nothing; a share of an incomplete week is no evidence
    unknown_days: tuple[datetime.date, ...]

    @property
    def share(self) -> Fraction | None:
        """None in a week without tokens."""
        return share(self.gray_tokens, self.tokens)

    @property
    def is_over(self) -> bool:
        """Whether it is above the ceiling."""
        return self.share is not None and self.share > Fraction(self.max_share)
