"""Intervals that assume no distribution: Wilson's for rates, order statistics for quantiles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from scipy.stats import binom, binomtest

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """Two bounds; None where none exists at this level."""

    low: float | None
    high: float | None


class Ranks(NamedTuple):
    """Which order statistics bound a quantile, counted from 1; None where the sample is too small to hold one."""

    low: int | None
    high: int | None


def wilson(count: int, total: int, level: float = LEVEL) -> Interval:
    """Wilson's score interval of a rate (Wilson 1927, JASA 22:209; scipy.stats.binomtest).

    With repeats the calls are no random draw of prompts. The interval then is about these prompts, for which it errs
    on the wide side (Hoeffding 1956: a sum of unlike Bernoulli variables varies less than a binomial of their mean).
    """
    if total == 0:
        return Interval(None, None)
    low, high = binomtest(count, total).proportion_ci(level, method="wilson")
    return Interval(float(low), float(high))


def quantile_ranks(total: int, quantile: float, level: float = LEVEL) -> Ranks:
    """The order statistics X(low)..X(high) that hold a quantile with at least this probability, half a tail each.

    P(X(l) <= Q < X(u)) = P(l <= Binomial(n, q) <= u - 1), whatever the distribution (David & Nagaraja, Order
    Statistics, 7.1).
    """
    if total == 0:
        return Ranks(None, None)
    tail = (1 - level) / 2
    low, high = int(binom.ppf(tail, total, quantile)), int(binom.ppf(1 - tail, total, quantile)) + 1
    return Ranks(low if low >= 1 else None, high if high <= total else None)


def samples_needed(quantile: float, level: float = LEVEL, *, sides: int = 2) -> int:
    """The smallest sample with an upper bound for a quantile: q**n, the chance that all lie below, fits into the tail.

    For P95 at 95 %: 59 for an upper bound alone, 72 for an interval with half of the error on each side.
    """
    return math.ceil(math.log((1 - level) / sides) / math.log(quantile))
