"""Failures that come in sessions: an interval that holds, no alarm where nothing changed, and what thousands show."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, fisher_exact

from harness.bench.stats.clusters import (
    FEWEST_SESSIONS,
    Sessions,
    compared,
    design_effect,
    interval,
    wilson_of,
)

RUNS = 200


def sessions(dice: np.random.Generator, number: int, rate: float, alike: float, size: int = 12) -> Sessions:
    """Each session has a rate of its own (a Beta's), the more so the more `alike` its calls are."""
    calls = dice.integers(1, 2 * size, number)
    own = np.full(number, rate)
    if alike:
        strength = 1 / alike - 1
        own = dice.beta(rate * strength, (1 - rate) * strength, number)
    failed = dice.binomial(calls, own)
    return Sessions.of(list(zip(map(int, failed), map(int, calls), strict=True)))


@pytest.mark.parametrize("alike", [0.0, 0.1, 0.3])
def test_no_alarm_where_nothing_changed(alike: float) -> None:
    """At 5 %; and the interval holds the truth. Fisher's test on calls would cry out several times as often."""
    dice = np.random.default_rng(7)
    alarms = held = naive = 0
    for _ in range(RUNS):
        base, candidate = (sessions(dice, 150, 0.04, alike) for _ in range(2))
        found = compared(base, candidate)
        assert found is not None
        alarms += found.p <= 0.05
        held += found.low <= 0 <= found.high
        if alike == 0.3:
            table = [[sum(side.failed), side.total - sum(side.failed)] for side in (base, candidate)]
            naive += fisher_exact(table).pvalue <= 0.05
    assert alarms <= 0.08 * RUNS
    assert held >= 0.92 * RUNS
    if alike == 0.3:
        assert naive > 3 * alarms + 15


def test_two_points_are_seen_in_a_weeks_turns_and_not_in_fifty_prompts() -> None:
    """3 % → 5.5 %: 400 sessions of a week show it nearly always, fifty single prompts next to never."""
    dice = np.random.default_rng(8)
    seen = few = 0
    for _ in range(100):
        found = compared(sessions(dice, 400, 0.03, 0.05), sessions(dice, 400, 0.055, 0.05))
        assert found is not None
        seen += found.p <= 0.05 and found.low > 0
        before, after = (Sessions.of([(int(n), 1) for n in dice.random(50) < rate]) for rate in (0.03, 0.055))
        fifty = compared(before, after)
        assert fifty is not None
        few += fifty.p <= 0.05
    assert seen >= 95
    assert few <= 10


def test_one_session_that_ran_into_a_wall() -> None:
    """Forty failures of one session are no evidence that anything got worse."""
    calm = Sessions.of([(0, 20)] * 100)
    walled = Sessions.of([(0, 20)] * 99 + [(40, 40)])
    found = compared(calm, walled)
    assert found is not None
    assert found.change > 0.019
    assert found.p > 0.05
    assert found.low <= 0
    assert design_effect(calm, walled) > 30


def test_nothing_failed() -> None:
    """No failure is no proof of none: the interval has a width."""
    found = compared(Sessions.of([(0, 5)] * 40), Sessions.of([(0, 5)] * 40))
    assert found is not None
    assert (found.change, found.p) == (0.0, 1.0)
    assert found.low < 0 < found.high


def test_everything_failed() -> None:
    found = compared(Sessions.of([(0, 5)] * 40), Sessions.of([(5, 5)] * 40))
    assert found is not None
    assert found.change == 1.0
    assert 0 < found.low <= 1.0 <= found.high
    assert found.p < 1e-6


def test_too_few_sessions_say_nothing() -> None:
    few, many = Sessions.of([(1, 9)] * (FEWEST_SESSIONS - 1)), Sessions.of([(1, 9)] * 90)
    assert compared(few, many) is compared(many, few) is None
    assert compared(many, many) is not None
    assert interval(Sessions.of([(1, 9)])) is None
    assert Sessions.of([(0, 0)] * 50).number == 0


def test_independent_calls_are_wilsons_interval() -> None:
    """Sessions of one call each: the house's interval, but for Student's quantile."""
    one = Sessions.of([(1, 1)] * 30 + [(0, 1)] * 970)
    known = binomtest(30, 1000).proportion_ci(0.95, method="wilson")
    assert wilson_of(0.03, 1000, 1.959964) == pytest.approx((known.low, known.high), abs=1e-6)
    assert interval(one) == pytest.approx((known.low, known.high), abs=2e-4)
