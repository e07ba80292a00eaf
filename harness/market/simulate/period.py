"""Which days are replayed."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_ONE_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """UTC days, both included."""

    since: datetime.date
    until: datetime.date

    def __str__(self) -> str:
        return f"{self.since} to {self.until}"

    @property
    def days(self) -> int:
        """How many."""
        return (self.until - self.since).days + 1


def month(name: str) -> Period:
    """`2026-05`. Raises ValueError for anything else."""
    found = _MONTH.fullmatch(name)
    if not found or not 1 <= int(found.group(2)) <= 12 or int(found.group(1)) < 2000:
        raise ValueError(f"{name!r} is no month such as 2026-05")
    first = datetime.date(int(found.group(1)), int(found.group(2)), 1)
    after = (first.replace(day=28) + 4 * _ONE_DAY).replace(day=1)
    return Period(first, after - _ONE_DAY)


def period(name: str | None, since: str | None, until: str | None, now: datetime.datetime) -> Period:
    """A month, or days; the last complete month where neither is named. Raises ValueError."""
    if name is not None and (since or until):
        raise ValueError("give --month, or --since and --until")
    yesterday = now.date() - _ONE_DAY
    if since is None and until is None:
        return month(name or f"{now.date().replace(day=1) - _ONE_DAY:%Y-%m}")
    if since is None:
        raise ValueError("--until needs --since")
    found = Period(_day(since), _day(until) if until else yesterday)
    if found.since > found.until:
        raise ValueError(f"there is no day in {found}")
    return found


def _day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no day such as 2026-05-18") from None
