"""Holm's p-values, e-processes, and what they hold together."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.bench.stats import eprocess, holm
from harness.bench.stats.eprocess import ACT_AT, EProcess, e_value

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def test_holm_by_hand() -> None:
    assert holm.adjusted([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))


@settings(deadline=None)
@given(p_values)
def test_holm_rejects_what_its_steps_reject(values: list[float]) -> None:
    """Written as it is in the paper: compare the smallest with α/m, the next with α/(m − 1), stop at the first miss."""
    rejected: set[int] = set()
    for place, index in enumerate(sorted(range(len(values)), key=lambda at: values[at])):
        if values[index] > 0.05 / (len(values) - place):
            break
        rejected.add(index)
    found = {at for at, value in enumerate(holm.adjusted(values)) if value <= 0.05}
    assert found == rejected or any(abs(v * k - 0.05) < 1e-9 for v in values for k in range(1, 13))


@pytest.mark.parametrize(("broke", "fixed", "value"), [(0, 0, 1.0), (1, 0, 1.5), (0, 1, 0.5), (8, 0, 1.5**8)])
def test_e_by_its_rule(broke: int, fixed: int, value: float) -> None:
    assert e_value(broke, fixed) == value


def test_eight_broken_prompts_act_and_seven_do_not() -> None:
    assert e_value(7, 0) < ACT_AT <= e_value(8, 0)


@settings(deadline=None)
@given(st.integers(0, 40))
def test_e_is_a_martingale_of_fair_coins(pairs: int) -> None:
    """Its mean over all ways in which fair pairs can fall is 1."""
    from math import comb

    mean = sum(comb(pairs, broke) * e_value(broke, pairs - broke) for broke in range(pairs + 1)) / 2**pairs
    assert mean == pytest.approx(1.0)


def test_e_reaches_twenty_in_one_history_of_twenty_at_most() -> None:
    steps = np.where(np.random.default_rng(1).random((4000, 300)) < 0.5, 1.5, 0.5)
    reached = (np.cumprod(steps, axis=1).max(axis=1) >= ACT_AT).mean()
    assert 0.01 < reached <= 0.05


def test_a_run_serves_once() -> None:
    first = EProcess().take(3, 1, frozenset({"W24", "W25"}))
    assert first.take(5, 0, frozenset({"W25", "W26"})) == first
    assert first.take(5, 0, frozenset({"W26", "W27"})).broke == 8


def test_sharing_a_run_would_break_the_promise() -> None:
    """Why: chained weeks, each against the one before, know what comes. A prompt that broke by chance is fixed next."""
    random = np.random.default_rng(2)
    failed = random.random((2000, 12, 50)) < 0.1
    change = np.diff(failed.astype(int), axis=1)
    fixed_after_broke = (change[:, 1:][change[:, :-1] == 1] == -1).mean()
    assert fixed_after_broke > 0.85  # not one in two


@settings(deadline=None)
@given(st.lists(st.floats(0, 1000), min_size=1, max_size=6))
def test_adjusted_e_is_closed_testing(values: list[float]) -> None:
    for at, found in enumerate(eprocess.adjusted(values)):
        others = [value for place, value in enumerate(values) if place != at]
        means = [
            (values[at] + sum(chosen)) / (1 + len(chosen))
            for size in range(len(others) + 1)
            for chosen in itertools.combinations(others, size)
        ]
        assert found == pytest.approx(min(means))
