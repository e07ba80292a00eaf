"""Percentiles of times, some of which are only known to be longer than a limit.

The definition is the nearest rank (numpy's `inverted_cdf`): the smallest value that at least a share q of the sample
does not pass. It is a time that was seen, it is defined for censored samples, and its bias is near zero where numpy's
default (`linear`) reads P95 of 50 latencies 4 to 5 % too low.

A timeout is a value at its limit and is never dropped: a leg that hangs must not look fast. Where the percentile may
lie among the timeouts, it is reported as "at least".
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harness.bench.stats.intervals import LEVEL, Interval, quantile_ranks


class Timing(NamedTuple):
    """A time in milliseconds; censored: it would have taken longer."""

    ms: float
    censored: bool = False


@dataclass(frozen=True, slots=True)
class Percentile:
    """A percentile, its interval, and whether the value is only a lower bound."""

    ms: float
    at_least: bool
    interval: Interval
    calls: int


def percentile(timings: Iterable[Timing], quantile: float, level: float = LEVEL) -> Percentile | None:
    """The percentile with its order-statistic interval; None of nothing."""
    sample = tuple(timings)
    if not sample:
        return None
    least = sorted(timing.ms for timing in sample)
    most = sorted(math.inf if timing.censored else timing.ms for timing in sample)
    at = nearest_rank(len(sample), quantile) - 1
    ranks = quantile_ranks(len(sample), quantile, level)
    interval = Interval(_at(least, ranks.low), _at(most, ranks.high))
    return Percentile(least[at], least[at] != most[at], interval, len(sample))


def nearest_rank(total: int, quantile: float) -> int:
    """Which value it is, counted from 1: the ceiling of n times q. 50 values have their P95 at X(48)."""
    return max(1, math.ceil(total * quantile - 1e-9))  # no rank more for the rounding of 0.95 * n


def _at(ordered: Sequence[float], rank: int | None) -> float | None:
    value = math.inf if rank is None else ordered[rank - 1]
    return None if math.isinf(value) else value
