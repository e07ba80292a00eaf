"""Each track's period against its cap: spent as a bar, the forecast as an interval, the cap as a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from harness.market.spend.standing import Standing
from harness.report.charts.scale import portion
from harness.report.stored.spend import Spend
from harness.report.words import NONE, cut, dollars


@dataclass(frozen=True, slots=True)
class Row:
    """A track. Places are None where there is no such thing."""

    track: str
    period: str
    spent: str
    cap: str
    used: str
    forecast: str
    bar: str
    cap_at: str | None
    low_at: str | None
    width: str | None
    is_over: bool
    says: str


def rows(found: Spend) -> Iterator[Row]:
    """All on one scale, so that dollars can be compared."""
    cents = {track.track: _cents(track.spent_usd) for track in found.standings}
    most = max([*cents.values(), *(_cents(value) for track in found.standings for value in _others(track)), 1])
    whole = most + most // 12
    for track in found.standings:
        yield _row(track, whole)


def _others(track: Standing) -> Iterator[Decimal]:
    if track.limit_usd is not None:
        yield track.limit_usd
    if track.forecast:
        yield track.forecast.high


def _cents(amount: Decimal) -> int:
    return int(amount * 100)


def _row(track: Standing, whole: int) -> Row:
    cap, forecast = track.limit_usd, track.forecast
    low, high = (_cents(forecast.low), _cents(forecast.high)) if forecast else (0, 0)
    used = f"{track.spent_usd * 100 / cap:.0f} %" if cap else NONE
    expected = f"{dollars(forecast.usd)} ({dollars(forecast.low)} … {dollars(forecast.high)})" if forecast else NONE
    name, spent, of = cut(track.track), dollars(track.spent_usd), dollars(cap) if cap is not None else "no cap"
    return Row(
        name, cut(track.period.name), spent, of, used, expected, portion(_cents(track.spent_usd), whole),
        None if cap is None else portion(_cents(cap), whole),
        portion(low, whole) if forecast else None, portion(high - low, whole) if forecast else None,
        cap is not None and track.spent_usd > cap,
        f"{name}: {spent} spent, {of if cap is None else f'cap {of}'}, by the period's end {expected}",
    )  # fmt: skip
