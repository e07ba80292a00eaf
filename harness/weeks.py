"""ISO weeks, Monday to Sunday in UTC: the clock of everything that the harness keeps."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

_NAME = re.compile(r"([0-9]{4})-W([0-9]{2})")
DAYS = 7


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """An ISO 8601 week, written 2026-W24."""

    year: int
    number: int

    @classmethod
    def parse(cls, name: str) -> Week:
        """`2026-W24`. Raises ValueError for anything else, and for a week that its year does not have."""
        if not (found := _NAME.fullmatch(name)):
            raise ValueError(f"{name!r} is no ISO week such as 2026-W24")
        year, number = int(found.group(1)), int(found.group(2))
        try:
            datetime.date.fromisocalendar(year, number, 1)
        except ValueError:
            raise ValueError(f"{year} has no week {number}") from None
        return cls(year, number)

    @classmethod
    def of(cls, day: datetime.date) -> Week:
        """The week that a UTC day lies in."""
        year, number, _ = day.isocalendar()
        return cls(year, number)

    @classmethod
    def last_complete(cls, now: datetime.datetime) -> Week:
        """The newest week that is over at `now`, an aware time."""
        return cls.of(now.astimezone(datetime.UTC).date()).before()

    def __str__(self) -> str:
        return f"{self.year:04d}-W{self.number:02d}"

    @property
    def monday(self) -> datetime.date:
        """Its first day."""
        return datetime.date.fromisocalendar(self.year, self.number, 1)

    @property
    def sunday(self) -> datetime.date:
        """Its last day."""
        return self.monday + datetime.timedelta(days=DAYS - 1)

    @property
    def days(self) -> tuple[datetime.date, ...]:
        """Its seven days in order."""
        return tuple(self.monday + datetime.timedelta(days=number) for number in range(DAYS))

    def before(self, weeks: int = 1) -> Week:
        """The week some weeks earlier."""
        return Week.of(self.monday - datetime.timedelta(weeks=weeks))

    def after(self, weeks: int = 1) -> Week:
        """The week some weeks later."""
        return self.before(-weeks)
