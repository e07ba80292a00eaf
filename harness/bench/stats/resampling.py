"""Resampling by prompt: the bootstrap for intervals, swaps of the two runs for p-values.

Whole prompts are drawn, and whole prompts are swapped, with all their repeats: calls of one prompt resemble each other.
The bootstrap (Efron & Tibshirani 1993, ch. 8; clusters: Davison & Hinkley 1997, 3.8) says how far the estimate may be
off. The swap test (Fisher's randomisation for pairs) is exact for any statistic, also for a P95 of a heavy tail: where
nothing changed, base and candidate of a prompt could as well have come the other way round.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESAMPLES = 1999
SEED = 50
#: Numbers that one step may hold at a time: bounds memory, whatever the size of the suite.
_CHUNK = 2_000_000
#: Sums of the same numbers in another order differ by less.
_NEAR = 1 - 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """Times of all prompts of one run in rising order, each with the number of its prompt."""

    times: Floats
    prompt: NDArray[np.intp]

    @classmethod
    def of(cls, times: Floats, prompt: NDArray[np.intp]) -> Pooled:
        """In whatever order they come."""
        order = np.argsort(times, kind="stable")
        return cls(times[order], prompt[order])

    def quantile(self, quantile: float) -> float:
        """By nearest rank."""
        return float(_weighted(self.times, np.ones((1, len(self.times))), quantile)[0])


def sign_flip_p(differences: Floats, resamples: int = RESAMPLES, seed: int = SEED) -> float:
    """Two-sided p that the mean difference is zero: swapping the runs of a prompt flips its sign."""
    seen = abs(float(differences.sum()))
    extreme = 0
    for swapped in _coins(len(differences), resamples, seed):
        flipped = swapped.astype(np.float64) @ differences
        extreme += int((np.abs(2 * flipped - differences.sum()) >= seen * _NEAR).sum())
    return (extreme + 1) / (resamples + 1)


def bootstrap_means(differences: Floats, resamples: int = RESAMPLES, seed: int = SEED) -> Floats:
    """The mean over prompts that are drawn with replacement, again and again."""
    prompts = len(differences)
    means: list[Floats] = [draws @ differences / prompts for draws in _draws(prompts, resamples, seed)]
    return np.concatenate(means)


def bootstrap_ratio_of_means(base: Floats, candidate: Floats, resamples: int = RESAMPLES, seed: int = SEED) -> Floats:
    """Candidate's mean over base's; draws without anything in the base are left out."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios: Floats = np.concatenate([(d @ candidate) / (d @ base) for d in _draws(len(base), resamples, seed)])
    return np.asarray(ratios[np.isfinite(ratios)], dtype=np.float64)


def bootstrap_log_ratio(
    base: Pooled, candidate: Pooled, quantile: float, prompts: int, resamples: int = RESAMPLES, seed: int = SEED
) -> Floats:
    """Logarithm of the ratio of a quantile; the same prompts are drawn on both sides."""
    parts = []
    for draws in _draws(prompts, resamples, seed, width=len(base.times) + len(candidate.times)):
        counts = draws.astype(np.int16)
        one, other = (_weighted(side.times, counts[:, side.prompt], quantile) for side in (base, candidate))
        parts.append(np.log(other / one))
    return np.concatenate(parts)


def swap_p(
    base: Pooled, candidate: Pooled, quantile: float, prompts: int, resamples: int = RESAMPLES, seed: int = SEED
) -> float:
    """Two-sided p that a quantile is the same: the runs of each prompt are swapped by a coin, again and again."""
    times = np.concatenate([base.times, candidate.times])
    order = np.argsort(times, kind="stable")
    times, prompt = times[order], np.concatenate([base.prompt, candidate.prompt])[order]
    is_base = np.repeat([True, False], [len(base.times), len(candidate.times)])[order]
    seen = abs(np.log(candidate.quantile(quantile) / base.quantile(quantile)))
    extreme = 0
    for swapped in _coins(prompts, resamples, seed, width=len(times)):
        one = swapped[:, prompt] ^ is_base
        ratio = np.log(_weighted(times, ~one, quantile) / _weighted(times, one, quantile))
        extreme += int((np.abs(ratio) >= seen * _NEAR).sum())
    return (extreme + 1) / (resamples + 1)


def least_p(prompts: int) -> float:
    """Of all ways to swap so many prompts, two are as extreme as it gets: nothing that was seen has a smaller p."""
    return 2.0 ** (1 - prompts)


def percentile_interval(draws: Floats, level: float) -> tuple[float, float]:
    """The middle part of the draws."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _weighted(times: Floats, weights: NDArray[np.generic], quantile: float) -> Floats:
    """The nearest-rank quantile of rising times under each row of weights."""
    reached = np.cumsum(weights, axis=1, dtype=np.int32)
    rank = np.ceil(reached[:, -1:] * quantile - 1e-9).astype(np.int32)
    at = (reached >= np.maximum(rank, 1)).argmax(axis=1)
    return np.asarray(times[at], dtype=np.float64)


def _draws(prompts: int, resamples: int, seed: int, width: int = 0) -> Iterator[Floats]:
    """How often each prompt is drawn: a row a resample, in chunks."""
    random = np.random.default_rng(seed)
    for rows in _chunks(resamples, max(prompts, width)):
        drawn = random.integers(prompts, size=(rows, prompts)) + prompts * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * prompts).reshape(rows, prompts).astype(np.float64)


def _coins(prompts: int, resamples: int, seed: int, width: int = 0) -> Iterator[NDArray[np.bool_]]:
    """Whether each prompt is swapped: a row a resample, in chunks."""
    random = np.random.default_rng(seed)
    for rows in _chunks(resamples, max(prompts, width)):
        yield random.integers(0, 2, size=(rows, prompts), dtype=np.int8).astype(np.bool_)


def _chunks(resamples: int, width: int) -> Iterator[int]:
    rows = max(1, _CHUNK // max(1, width))
    yield from (min(rows, resamples - done) for done in range(0, resamples, rows))
