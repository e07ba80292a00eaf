"""Which days are replayed."""

from __future__ import annotations

import datetime

from harness.market.spend.standing import Span

_ONE_DAY = datetime.timedelta(days=1)


def span_of(month: str | None, since: str | None, until: str | None, today: datetime.date) -> Span:
    """A month, or days; the last complete month where neither is named. Raises ValueError."""
    if month is not None and (since or until):
        raise ValueError("give --month, or --since and --until")
    if since is None and until is not None:
        raise ValueError("--until needs --since")
    if since is None:
        return Span.month(_month(month) if month else today.replace(day=1) - _ONE_DAY)
    first, last = _day(since), _day(until) if until else today - _ONE_DAY
    if first > last:
        raise ValueError(f"there is no day from {first} to {last}")
    return Span(f"{first} to {last}", first, last)


def _month(name: str) -> datetime.date:
    try:
        return _day(f"{name}-01")
    except ValueError:
        raise ValueError(f"{name!r} is no month such as 2026-05") from None


def _day(text: str) -> datetime.date:
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise ValueError(f"{text!r} is no day such as 2026-05-18") from None
