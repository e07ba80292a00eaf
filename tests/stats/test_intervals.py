"""Intervals of rates and quantiles, against figures that were computed elsewhere, and against their own definition."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.bench.stats.intervals import Ranks, quantile_ranks, samples_needed, wilson


@pytest.mark.parametrize(
    ("count", "total", "low", "high"), [(0, 50, 0.0, 7.1), (1, 50, 0.4, 10.5), (2, 50, 1.1, 13.5), (40, 1000, 3.0, 5.4)]
)
def test_wilson_figures(count: int, total: int, low: float, high: float) -> None:
    found = wilson(count, total)
    assert found.low is not None and found.high is not None
    assert (round(100 * found.low, 1), round(100 * found.high, 1)) == (low, high)


def test_a_rate_of_nothing_has_no_interval() -> None:
    found = wilson(0, 0)
    assert found.low is None and found.high is None


@pytest.mark.parametrize(
    ("total", "ranks"),
    [
        (50, Ranks(44, None)),
        (71, Ranks(63, None)),
        (72, Ranks(64, 72)),
        (150, Ranks(137, 148)),
        (500, Ranks(465, 485)),
        (0, Ranks(None, None)),
    ],
)
def test_ranks_that_hold_p95(total: int, ranks: Ranks) -> None:
    assert quantile_ranks(total, 0.95) == ranks


def test_fifty_samples_have_no_upper_bound_of_p95() -> None:
    assert 1 - 0.95**50 < 0.95 < 1 - 0.95**59
    assert (samples_needed(0.95, sides=1), samples_needed(0.95)) == (59, 72)


@settings(deadline=None)
@given(st.integers(1, 400), st.sampled_from((0.5, 0.9, 0.95)))
def test_ranks_cover_what_they_say(total: int, quantile: float) -> None:
    """P(X(l) <= Q < X(u)), summed term by term."""
    low, high = quantile_ranks(total, quantile)
    terms = range(low or 0, (high or total + 1))
    covered = sum(math.comb(total, k) * quantile**k * (1 - quantile) ** (total - k) for k in terms)
    assert covered >= 0.95 - 1e-9
    assert (high is None) == (total < samples_needed(quantile)) or quantile == 0.5


@settings(deadline=None)
@given(st.integers(0, 200), st.integers(1, 200))
def test_wilson_holds_the_rate_and_mirrors(count: int, total: int) -> None:
    count = min(count, total)
    found, mirrored = wilson(count, total), wilson(total - count, total)
    assert found.low is not None and found.high is not None and mirrored.high is not None
    assert found.low - 1e-12 <= count / total <= found.high + 1e-12
    assert found.low == pytest.approx(1 - mirrored.high, abs=1e-9)
