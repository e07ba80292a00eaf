"""Two weeks, or two models, of production: how the share of failures changed where calls come in sessions.

Calls of a session resemble each other: one that runs into a wall fails at it again and again. So the session is the
unit. How much less its calls tell than as many independent ones is the design effect, and the calls count by that much
less (Rao & Scott 1992, Biometrics 48:577). The interval is Newcombe's of two Wilson intervals (Newcombe 1998, Statist.
Med. 17:873): it has a width where nothing failed. Quantiles are Student's with the smaller side's sessions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import t as student

from harness.bench.stats.intervals import LEVEL

#: With fewer sessions on a side, none of this tells what other sessions would do.
FEWEST_SESSIONS = 20


@dataclass(frozen=True, slots=True)
class Sessions:
    """Failures and calls of each session that has calls."""

    failed: tuple[int, ...]
    calls: tuple[int, ...]

    @classmethod
    def of(cls, pairs: Sequence[tuple[int, int]]) -> Sessions:
        """From (failed, calls)."""
        kept = [pair for pair in pairs if pair[1]]
        return cls(tuple(failed for failed, _ in kept), tuple(calls for _, calls in kept))

    @property
    def number(self) -> int:
        """How many sessions."""
        return len(self.calls)

    @property
    def total(self) -> int:
        """All calls."""
        return sum(self.calls)

    @property
    def rate(self) -> float:
        """Failures of all calls: long sessions weigh more."""
        return sum(self.failed) / self.total if self.total else 0.0

    @property
    def spread(self) -> float:
        """How far sessions are from the rate, squared and added up."""
        if self.number < 2:
            return 0.0
        off = (failed - self.rate * calls for failed, calls in zip(self.failed, self.calls, strict=True))
        return sum(each * each for each in off) * self.number / (self.number - 1)


@dataclass(frozen=True, slots=True)
class Change:
    """The candidate's rate less the base's, with its interval, and p of no change."""

    change: float
    low: float
    high: float
    p: float


def compared(base: Sessions, candidate: Sessions, level: float = LEVEL) -> Change | None:
    """None where a side has too few sessions."""
    if min(base.number, candidate.number) < FEWEST_SESSIONS:
        return None
    effect = design_effect(base, candidate)
    freedom = min(base.number, candidate.number) - 1
    quantile = float(student.ppf((1 + level) / 2, freedom))
    worth = [side.total / effect for side in (base, candidate)]
    change = candidate.rate - base.rate
    (low0, high0), (low1, high1) = (
        wilson_of(side.rate, calls, quantile) for side, calls in zip((base, candidate), worth, strict=True)
    )
    low = change - math.hypot(candidate.rate - low1, high0 - base.rate)
    high = change + math.hypot(high1 - candidate.rate, base.rate - low0)
    return Change(change, low, high, _p(base, candidate, worth, freedom))


def design_effect(*sides: Sessions) -> float:
    """How many calls of these sessions tell as much as one that is independent; never less than one."""
    as_coins = sum(side.total * side.rate * (1 - side.rate) for side in sides)
    return max(1.0, sum(side.spread for side in sides) / as_coins) if as_coins else 1.0


def interval(sessions: Sessions, level: float = LEVEL) -> tuple[float, float] | None:
    """Of one side's rate."""
    if sessions.number < 2:
        return None
    quantile = float(student.ppf((1 + level) / 2, sessions.number - 1))
    return wilson_of(sessions.rate, sessions.total / design_effect(sessions), quantile)


def wilson_of(rate: float, calls: float, quantile: float) -> tuple[float, float]:
    """Wilson's interval for a number of calls that need not be whole."""
    squared = quantile * quantile
    middle = (rate + squared / (2 * calls)) / (1 + squared / calls)
    half = quantile * math.sqrt(rate * (1 - rate) / calls + squared / (4 * calls * calls)) / (1 + squared / calls)
    return max(0.0, middle - half), min(1.0, middle + half)


def _p(base: Sessions, candidate: Sessions, worth: Sequence[float], freedom: int) -> float:
    """Two-sided, with the spread that there would be if both sides were one."""
    rate = (sum(base.failed) + sum(candidate.failed)) / (base.total + candidate.total)
    error = math.sqrt(rate * (1 - rate) * sum(1 / calls for calls in worth))
    return float(2 * student.sf(abs(candidate.rate - base.rate) / error, freedom)) if error else 1.0
