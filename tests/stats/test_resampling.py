"""Bootstrap and swaps by prompt."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.bench.stats import resampling
from harness.bench.stats.resampling import (
    Pooled,
    bootstrap_log_ratio,
    bootstrap_means,
    bootstrap_ratio_of_means,
    percentile_interval,
    swap_p,
)

PROMPTS = 50


def pooled(random: np.random.Generator, levels: np.ndarray, repeats: int, factor: float = 1.0) -> Pooled:
    prompt = np.repeat(np.arange(len(levels)), repeats)
    return Pooled.of(levels[prompt] * np.exp(random.normal(0, 0.4, len(prompt))) * factor, prompt)


@settings(deadline=None)
@given(st.lists(st.floats(1, 1e6), min_size=1, max_size=60), st.sampled_from((0.5, 0.95)))
def test_a_pool_has_the_quantile_of_its_times(times: list[float], quantile: float) -> None:
    pool = Pooled.of(np.array(times), np.arange(len(times)))
    assert pool.quantile(quantile) == np.quantile(times, quantile, method="inverted_cdf")


def test_the_bootstrap_is_that_of_drawn_prompts() -> None:
    """The weighted quantile of each draw, beside the plain quantile of prompts that were really repeated."""
    random = np.random.default_rng(3)
    base, candidate = (pooled(random, np.exp(random.normal(7, 1, 8)), 3) for _ in range(2))
    draws = bootstrap_log_ratio(base, candidate, 0.95, 8, resamples=40, seed=9)
    drawn = np.random.default_rng(9).integers(8, size=(40, 8))
    for draw, prompts in zip(draws, drawn, strict=True):
        one, other = (
            np.quantile(
                np.concatenate([side.times[side.prompt == prompt] for prompt in prompts]), 0.95, method="inverted_cdf"
            )
            for side in (base, candidate)
        )
        assert draw == pytest.approx(np.log(other / one))


def test_the_same_data_gives_the_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time, and in chunks of any size."""
    random = np.random.default_rng(4)
    levels = np.exp(random.normal(7, 0.6, PROMPTS))
    base, candidate = (pooled(random, levels, 3) for _ in range(2))
    whole = (swap_p(base, candidate, 0.95, PROMPTS), bootstrap_means(levels).tolist())
    monkeypatch.setattr(resampling, "_CHUNK", 10_000)
    assert swap_p(base, candidate, 0.95, PROMPTS) == pytest.approx(whole[0], abs=0.03)
    assert bootstrap_means(levels).tolist() == whole[1]


def test_a_run_against_itself_has_not_changed() -> None:
    random = np.random.default_rng(5)
    base = pooled(random, np.exp(random.normal(7, 0.6, PROMPTS)), 3)
    assert swap_p(base, base, 0.95, PROMPTS) == 1.0
    assert percentile_interval(bootstrap_log_ratio(base, base, 0.95, PROMPTS), 0.95) == (0.0, 0.0)


def test_twice_as_slow_is_found_and_its_ratio_held() -> None:
    random = np.random.default_rng(6)
    levels = np.exp(random.normal(7, 0.6, PROMPTS))
    base, candidate = pooled(random, levels, 12), pooled(random, levels, 12, factor=2.0)
    assert swap_p(base, candidate, 0.95, PROMPTS) <= 0.001
    low, high = percentile_interval(bootstrap_log_ratio(base, candidate, 0.95, PROMPTS), 0.95)
    assert low < np.log(2) < high and low > 0


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31))
def test_a_ratio_of_means_holds_the_ratio(seed: int) -> None:
    random = np.random.default_rng(seed)
    base = np.exp(random.normal(0, 0.5, PROMPTS))
    draws = bootstrap_ratio_of_means(base, base * 1.5)
    assert draws == pytest.approx(np.full(len(draws), 1.5))


def test_free_prompts_have_no_ratio() -> None:
    assert len(bootstrap_ratio_of_means(np.zeros(20), np.ones(20))) == 0
