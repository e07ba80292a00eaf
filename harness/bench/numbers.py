"""Numbers of the harness in words, each with what is known of its size."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # they bring scipy along, which takes longer to import than a page to write
    from harness.bench.stats.intervals import Interval
    from harness.bench.stats.percentiles import Percentile
    from harness.bench.summary import Rate

NONE = "–"
_MOST_NAMES = 4


def milliseconds(ms: float) -> str:
    """`840 ms`, `12.3 s`."""
    return f"{ms:.0f} ms" if ms < 10_000 else f"{ms / 1000:.1f} s"


def percentile_words(found: Percentile | None) -> str:
    """`840 ms (790 … 1,020)`; a bound that does not exist is a question mark."""
    if found is None:
        return NONE
    low, high = (bound if bound is None else milliseconds(bound) for bound in _bounds(found.interval))
    return f"{'≥ ' if found.at_least else ''}{milliseconds(found.ms)} ({low or '?'} … {high or '?'})"


def rate_words(rate: Rate) -> str:
    """`4.0 % (2.7 … 5.9), 24 of 600`."""
    if not rate.total:
        return f"{NONE}, none of 0"
    low, high = _bounds(rate.interval)
    bounds = f"{100 * (low or 0):.1f} … {100 * (high or 0):.1f}"
    return f"{100 * rate.count / rate.total:.1f} % ({bounds}), {rate.count} of {rate.total}"


def change_words(change: float, low: float | None, high: float | None, unit: str) -> str:
    """`+1.2 points (−0.4 … +2.9)`."""
    sign = "points" if unit == "points" else "%"
    return f"{_signed(change)} {sign} ({_signed(low)} … {_signed(high)})"


def size_words(share: float | None, unit: str) -> str:
    """`3.5 points`, `40 %`."""
    if share is None:
        return NONE
    return f"{100 * share:.1f} points" if unit == "points" else f"{100 * share:.0f} %"


def usd(money: Decimal) -> str:
    """`$1.234567`, without zeros behind; small amounts keep six places."""
    if money and abs(money) < Decimal("0.000001"):
        return "< $0.000001"
    words = f"{money.quantize(Decimal('0.000001')):f}".rstrip("0")
    whole, _, part = words.partition(".")
    return f"${whole}.{part:0<2}"


def counted(items: Sequence[tuple[str, int]]) -> str:
    """`wrong_value 4, no_call 2`."""
    return ", ".join(f"{name} {count}" for name, count in items) or NONE


def names(words: Sequence[str]) -> str:
    """The first few, and how many more."""
    more = len(words) - _MOST_NAMES
    return (", ".join(words[:_MOST_NAMES]) or NONE) + (f" and {more} more" if more > 0 else "")


def _signed(share: float | None) -> str:
    if share is None:
        return "?"
    return f"{round(100 * share, 1) + 0.0:+.1f}".replace("-", "−")  # + 0.0: no minus before a zero


def _bounds(interval: Interval) -> tuple[float | None, float | None]:
    return interval.low, interval.high
