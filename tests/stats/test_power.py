"""What a comparison says it could have seen."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.bench.stats.power import (
    rate_power,
    rate_spread,
    ratio_power,
    repeats_to_decide,
    smallest_ratio_rise,
    smallest_rise,
)
from harness.bench.stats.rates import Rates


def made(repeats: int, mean: float = 0.04, seed: int = 1) -> Rates:
    random = np.random.default_rng(seed)
    calls, own = np.full(50, repeats), random.beta(mean * 20, (1 - mean) * 20, 50)
    return Rates(random.binomial(calls, own), calls, random.binomial(calls, own), calls)


def test_fifty_single_runs_see_about_fifteen_points() -> None:
    """facts of the design: +14.8 points by McNemar at a base of 4 %, one-sided 5 %, power 80 %."""
    found = smallest_rise(made(1), 0.10, 0.0)
    assert found is not None and 0.10 <= found <= 0.18


def test_repeats_see_more_and_a_stricter_test_less() -> None:
    sees = [smallest_rise(made(repeats), 0.05, 0.0) or 1.0 for repeats in (1, 3, 12)]
    assert sees[0] > sees[1] > sees[2]
    assert (smallest_rise(made(3), 0.005, 0.0) or 1.0) > sees[1]


def test_a_rise_at_the_threshold_is_found_half_the_time_at_most() -> None:
    """However many repeats: the estimate falls below it as often as above."""
    assert 0.35 < rate_power(made(400), 0.02, 0.05, 0.02) < 0.65


def test_no_rise_is_found_as_often_as_the_error_rate_says() -> None:
    found = [rate_power(made(3, 0.1, seed), 0.0, 0.05, -1.0) for seed in range(10)]
    assert np.mean(found) <= 0.07


@pytest.mark.parametrize("error", [0.05, 0.15, 0.3])
def test_the_smallest_ratio_is_the_one_with_that_power(error: float) -> None:
    rise = smallest_ratio_rise(error, 0.05, 0.30)
    assert ratio_power(rise, error, 0.05, 0.30) == pytest.approx(0.80)
    assert rise > 0.30


def test_ratio_power_counts_what_a_simulation_counts() -> None:
    draws = np.random.default_rng(3).normal(math.log(1.5), 0.1, 200_000)
    bar = max(1.959964 * 0.1, math.log(1.3))
    assert ratio_power(0.5, 0.1, 0.05, 0.3) == pytest.approx((draws >= bar).mean(), abs=0.005)


def test_variance_between_prompts_does_not_go_away_with_repeats() -> None:
    calls = np.full(50, 100)
    base, candidate = np.full(50, 50), np.where(np.arange(50) % 2, 90, 10)
    spread = rate_spread(Rates(base, calls, candidate, calls))
    assert spread.error(10_000) == pytest.approx(math.sqrt(spread.between), rel=0.01)
    assert spread.error(10_000) > 0.05


def test_repeats_that_decide() -> None:
    assert repeats_to_decide(lambda repeats: repeats >= 37, 3) == 37
    assert repeats_to_decide(lambda repeats: False, 3) is None
    assert repeats_to_decide(lambda repeats: True, 3) == 4
