"""What a comparison could have seen, and how many repeats would decide it.

For rates the test itself is simulated on the prompts that were run; for ratios of times and of cost the normal
approximation of a logarithm is close enough. `alpha` is what is left for one question when all are asked at once, so
that Holm, which is never stricter, sees at least as much.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom, norm

from harness.bench.stats.rates import Counts, Floats, Rates

POWER = 0.80
SIMULATIONS = 400
SEED = 80
#: More than anybody would buy; beyond it, the answer is "more prompts".
MOST_REPEATS = 1000
_FLIPS = 999
#: How much a prompt's own rate is drawn to the mean of all: a Beta prior worth two calls.
_PRIOR = 2.0
_POINTS = (
    0.01, 0.015, 0.02, 0.025, 0.03, 0.035, 0.04, 0.045, 0.05, 0.06, 0.07, 0.08, 0.09, 0.10, 0.12, 0.14, 0.16, 0.18,
    0.20, 0.25, 0.30, 0.40, 0.50, 0.60, 0.80,
)  # fmt: skip


def rate_power(rates: Rates, rise: float, alpha: float, threshold: float) -> float:
    """Chance that a rise by this share, spread over all prompts, is found: significant, and at least the threshold.

    Prompts are drawn from those that were run, with what they did in both runs, and a coin says which of the two was
    the base: that is a world without change, as noisy as the real one. Then calls of the candidate that did not fail
    are made to fail, each by itself.
    """
    random = np.random.default_rng(SEED)
    drawn = random.integers(rates.prompts, size=(SIMULATIONS, rates.prompts))
    swapped = random.random(drawn.shape) < 0.5
    one, other = (rates.base_failed, rates.base_calls), (rates.candidate_failed, rates.candidate_calls)
    failed, calls = (np.where(swapped, first[drawn], second[drawn]) for first, second in zip(one, other, strict=True))
    base_failed, base_calls = (
        np.where(swapped, second[drawn], first[drawn]) for first, second in zip(one, other, strict=True)
    )
    chance = min(1.0, rise / max(1e-9, 1 - float((failed / calls).mean())))
    differences = (failed + random.binomial(calls - failed, chance)) / calls - base_failed / base_calls
    p = _single_p(differences) if rates.is_single else _flip_p(differences, random)
    return float(((p <= alpha) & (differences.mean(axis=1) >= threshold)).mean())


def smallest_rise(rates: Rates, alpha: float, threshold: float) -> float | None:
    """The smallest rise that is found in four of five comparisons like this one; None where there is none."""
    low, high = 0, len(_POINTS)
    while low < high:
        middle = (low + high) // 2
        enough = rate_power(rates, _POINTS[middle], alpha, threshold) >= POWER
        low, high = (low, middle) if enough else (middle + 1, high)
    return _POINTS[low] if low < len(_POINTS) else None


def ratio_power(rise: float, error: float, alpha: float, threshold: float) -> float:
    """Chance that a ratio of 1 + rise is found; `error` is the standard error of its logarithm."""
    bar = max(float(norm.ppf(1 - alpha / 2)) * error, math.log1p(threshold))
    return float(norm.sf((bar - math.log1p(rise)) / error)) if error > 0 else float(math.log1p(rise) >= bar)


def smallest_ratio_rise(error: float, alpha: float, threshold: float) -> float:
    """The rise of a ratio that is found in four of five comparisons like this one."""
    bar = max(float(norm.ppf(1 - alpha / 2)) * error, math.log1p(threshold))
    return math.expm1(bar + float(norm.ppf(POWER)) * error)


@dataclass(frozen=True, slots=True)
class Spread:
    """Variance of an estimate: what repeats make smaller (at one repeat), and what only other prompts would."""

    between: float
    within: float

    def error(self, repeats: float) -> float:
        """Standard error at this many repeats of each prompt."""
        return math.sqrt(self.between + self.within / repeats)


def rate_spread(rates: Rates) -> Spread:
    """Split by the binomial variance within a prompt; single runs do not tell them apart, so all of it is within."""
    prompts = rates.prompts
    total = float(rates.differences.var(ddof=1)) / prompts if prompts > 1 else 0.0
    repeats = 2 / float((1 / rates.base_calls + 1 / rates.candidate_calls).mean())
    own = _own_rates(rates)
    within = float((2 * own * (1 - own)).mean()) / prompts
    if rates.is_single:
        return Spread(0.0, max(total, within))
    return Spread(max(0.0, total - within / repeats), within)


def repeats_to_decide(is_decided: Callable[[float], bool], have: int) -> int | None:
    """The fewest repeats, more than there are, at which the interval would decide if the estimate stays as it is.

    None: no number does, as prompts differ among themselves by more than the margin leaves room for, or the estimate
    lies so near to it.
    """
    if not is_decided(MOST_REPEATS):
        return None
    low, high = have + 1, MOST_REPEATS
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_decided(middle) else (middle + 1, high)
    return min(low, MOST_REPEATS)


def _own_rates(rates: Rates) -> Floats:
    failed: Counts = rates.base_failed + rates.candidate_failed
    calls: Counts = rates.base_calls + rates.candidate_calls
    mean = (float(failed.sum()) + 0.5) / (float(calls.sum()) + 1)
    return np.asarray((failed + _PRIOR * mean) / (calls + _PRIOR), dtype=np.float64)


def _single_p(differences: Floats) -> Floats:
    broke, fixed = (differences > 0).sum(axis=1), (differences < 0).sum(axis=1)
    both = broke + fixed
    return np.asarray(np.minimum(1.0, 2 * binom.cdf(np.minimum(broke, fixed), both, 0.5)), dtype=np.float64)


def _flip_p(differences: Floats, random: np.random.Generator) -> Floats:
    signs = random.integers(0, 2, size=(_FLIPS, differences.shape[1])) * 2.0 - 1
    extreme = np.abs(signs @ differences.T) >= np.abs(differences.sum(axis=1)) - 1e-12
    return np.asarray((extreme.sum(axis=0) + 1) / (_FLIPS + 1), dtype=np.float64)
