"""Two runs of the same prompts: how the share of failures changed.

Every prompt weighs the same. Its failures over its repeats are one number for each run, and the change is the mean over
prompts of the difference: repeats make a prompt's number sharper, they do not make more prompts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import binomtest, norm

from harness.bench.stats.intervals import LEVEL, Interval
from harness.bench.stats.resampling import bootstrap_means, percentile_interval, sign_flip_p

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """For each prompt how many of its calls failed, of how many, in both runs. Every prompt has calls in both."""

    base_failed: Counts
    base_calls: Counts
    candidate_failed: Counts
    candidate_calls: Counts

    @property
    def prompts(self) -> int:
        """How many prompts."""
        return len(self.base_calls)

    @property
    def is_single(self) -> bool:
        """Whether each prompt ran once on each side: then a difference is one of -1, 0 and 1."""
        return bool((self.base_calls == 1).all() and (self.candidate_calls == 1).all())

    @property
    def base(self) -> Floats:
        """Share of failures of each prompt in the base."""
        return np.asarray(self.base_failed / self.base_calls, dtype=np.float64)

    @property
    def candidate(self) -> Floats:
        """Share of failures of each prompt in the candidate."""
        return np.asarray(self.candidate_failed / self.candidate_calls, dtype=np.float64)

    @property
    def differences(self) -> Floats:
        """Candidate minus base, prompt by prompt."""
        return self.candidate - self.base

    @property
    def change(self) -> float:
        """The estimate."""
        return float(self.differences.mean())


def mcnemar_p(broke: int, fixed: int, *, two_sided: bool = True) -> float:
    """Exact McNemar (McNemar 1947): of b + c discordant prompts, b broke; one-sided p = sum over i >= b of
    C(b + c, i) / 2^(b + c).

    One-sided asks for breaking alone: 5 against 0 gives 0.031. Two-sided needs 6 against 0.
    """
    if broke + fixed == 0:
        return 1.0
    return float(binomtest(broke, broke + fixed, 0.5, "two-sided" if two_sided else "greater").pvalue)


def change_p(rates: Rates) -> float:
    """Two-sided p of no change: exact McNemar on single runs, else sign flips of the prompts' differences."""
    if rates.is_single:
        broke, fixed = (int((rates.differences * sign > 0).sum()) for sign in (1, -1))
        return mcnemar_p(broke, fixed)
    return sign_flip_p(rates.differences)


def change_interval(rates: Rates, level: float = LEVEL) -> Interval:
    """The hull of two intervals, each for what the other does not see.

    The bootstrap over prompts sees that prompts changed unlike each other, but collapses to a point where next to
    nothing failed: no failure in 50 is not a proof of none. Tango's score interval sees that, but takes calls for
    independent once the prompt is given.
    """
    boot = percentile_interval(bootstrap_means(rates.differences), level)
    score = tango(*discordance(rates), level)
    return Interval(min(boot[0], score[0]), max(boot[1], score[1]))


def discordance(rates: Rates) -> tuple[float, float, float]:
    """Broken pairs, fixed pairs, and all pairs, as if repeats were paired off: the mean over all ways to pair them.

    With unlike numbers of repeats a prompt counts as their harmonic mean, which has the variance of the difference.
    """
    pairs = 2 / (1 / rates.base_calls + 1 / rates.candidate_calls)
    total = rates.prompts**2 / float((1 / pairs).sum())
    broke = float((rates.candidate * (1 - rates.base)).mean()) * total
    fixed = float((rates.base * (1 - rates.candidate)).mean()) * total
    return broke, fixed, total


def tango(broke: float, fixed: float, pairs: float, level: float = LEVEL) -> tuple[float, float]:
    """Tango's score interval for a difference of paired rates (Tango 1998, Statist. Med. 17:891).

    All changes d whose score statistic (b - c - nd) / sqrt(n(2q + d(1 - d))) is within z; q is the likeliest share of
    fixed pairs under d. Unlike Wald's, it has a width where nothing is discordant: z^2 / (n + z^2).
    """
    z = float(norm.ppf((1 + level) / 2))

    def score(change: float) -> float:
        a, c = 2 * pairs, -fixed * change * (1 - change)
        b = -broke - fixed + (2 * pairs - broke + fixed) * change
        q = (math.sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)
        spread = pairs * (2 * q + change * (1 - change))
        return (broke - fixed - pairs * change) / math.sqrt(max(spread, 1e-300))

    at = (broke - fixed) / pairs
    edge = 1 - 1e-12
    low = -1.0 if score(-edge) <= z else float(brentq(lambda d: score(d) - z, -edge, min(at, edge)))
    high = 1.0 if score(edge) >= -z else float(brentq(lambda d: score(d) + z, max(at, -edge), edge))
    return low, high
