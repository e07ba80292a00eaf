"""Paired rates: exact McNemar, sign flips and Tango's interval."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import permutation_test

from harness.bench.stats.rates import Rates, change_interval, change_p, discordance, mcnemar_p, tango
from harness.bench.stats.resampling import sign_flip_p


def rates(base: list[int], candidate: list[int], repeats: int = 1) -> Rates:
    calls = np.full(len(base), repeats, dtype=np.int64)
    return Rates(np.array(base), calls, np.array(candidate), calls)


@pytest.mark.parametrize(
    ("broke", "fixed", "p"), [(5, 0, 0.031), (4, 0, 0.0625), (7, 1, 0.035), (9, 2, 0.033), (0, 0, 1.0)]
)
def test_mcnemar_figures(broke: int, fixed: int, p: float) -> None:
    assert mcnemar_p(broke, fixed, two_sided=False) == pytest.approx(p, abs=0.0006)


def test_two_sided_needs_six_to_none() -> None:
    assert mcnemar_p(5, 0) > 0.05 >= mcnemar_p(6, 0)


@settings(deadline=None)
@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_sum_of_its_formula(broke: int, fixed: int) -> None:
    both = broke + fixed
    tail = sum(math.comb(both, i) for i in range(broke, both + 1)) / 2**both
    assert mcnemar_p(broke, fixed, two_sided=False) == pytest.approx(tail)


def test_single_runs_are_tested_exactly() -> None:
    assert change_p(rates([0] * 50, [1] * 6 + [0] * 44)) == mcnemar_p(6, 0)


def test_sign_flips_agree_with_scipy() -> None:
    differences = np.random.default_rng(7).normal(0.3, 1.0, 12)
    exact = permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=np.inf, axis=0)
    assert sign_flip_p(differences, 20_000) == pytest.approx(exact.pvalue, abs=0.015)


def test_repeats_of_one_broken_prompt_are_no_evidence_of_many() -> None:
    """Twelve of twelve on one prompt is 2 points at n = 50, and one prompt."""
    found = rates([0] * 50, [12] + [0] * 49, repeats=12)
    assert found.change == pytest.approx(0.02)
    assert change_p(found) == 1.0
    interval = change_interval(found)
    assert interval.low is not None and interval.low <= 0


def test_no_failure_at_all_is_no_proof_of_none() -> None:
    single, many = change_interval(rates([0] * 50, [0] * 50)), change_interval(rates([0] * 50, [0] * 50, 12))
    assert single.high is not None and many.high is not None
    assert single.high == pytest.approx(0.0713, abs=1e-4)  # z² / (n + z²)
    assert many.high == pytest.approx(0.0064, abs=1e-4)


def test_tango_figures() -> None:
    """12 broke, 2 were fixed, of 50: Newcombe 1998 (Statist. Med. 17:2635) and Tango 1998 use this table."""
    low, high = tango(12, 2, 50)
    assert (round(low, 4), round(high, 4)) == (0.0611, 0.3447)


@settings(deadline=None)
@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 300))
def test_tango_inverts_the_score_test(broke: int, fixed: int, alike: int) -> None:
    """At a bound the statistic is z, with the nuisance parameter found by a general maximiser instead of a formula."""
    pairs = broke + fixed + alike
    assume(pairs >= 5)
    low, high = tango(broke, fixed, pairs)
    assert -1 <= low <= (broke - fixed) / pairs <= high <= 1
    for bound in (low, high):
        if abs(bound) < 0.98 and broke + fixed:
            assert abs(score(broke, fixed, pairs, bound)) == pytest.approx(1.96, abs=0.01)


def score(broke: int, fixed: int, pairs: int, change: float) -> float:
    def loss(q: float) -> float:
        p = q + change
        rest = max(1e-300, 1 - p - q)
        parts = ((broke, p), (fixed, q), (pairs - broke - fixed, rest))
        return -sum(count * math.log(max(share, 1e-300)) for count, share in parts if count)

    found = minimize_scalar(
        loss, bounds=(max(0, -change), (1 - change) / 2), method="bounded", options={"xatol": 1e-10}
    )
    spread = pairs * (2 * float(found.x) + change - change**2)
    return (broke - fixed - pairs * change) / math.sqrt(max(spread, 1e-12))


@settings(deadline=None)
@given(st.integers(1, 12), st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=2, max_size=40))
def test_swapping_the_runs_turns_everything_round(repeats: int, failed: list[tuple[int, int]]) -> None:
    base, candidate = ([min(each[side], repeats) for each in failed] for side in (0, 1))
    one, other = rates(base, candidate, repeats), rates(candidate, base, repeats)
    assert one.change == pytest.approx(-other.change)
    assert change_p(one) == pytest.approx(change_p(other))
    broke, fixed, pairs = discordance(one)
    assert discordance(other) == pytest.approx((fixed, broke, pairs))
    assert (broke - fixed) / pairs == pytest.approx(one.change)
    here, there = change_interval(one), change_interval(other)
    assert here.low is not None and there.high is not None
    assert here.low == pytest.approx(-there.high, abs=1e-6)
