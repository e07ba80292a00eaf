"""Percentiles by nearest rank, with timeouts that hide how long a call would have taken."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.bench.stats.percentiles import Timing, nearest_rank, percentile

LIMIT = 60_000.0
times = st.lists(st.floats(0.1, LIMIT - 1), min_size=1, max_size=200)


def test_p95_of_fifty_is_the_forty_eighth() -> None:
    assert nearest_rank(50, 0.95) == 48
    found = percentile([Timing(float(ms)) for ms in range(1, 51)], 0.95)
    assert found is not None
    assert (found.ms, found.interval.low, found.interval.high) == (48.0, 44.0, None)


def test_nothing_has_no_percentile() -> None:
    assert percentile([], 0.5) is None


def test_a_timeout_counts_at_its_limit_and_is_not_dropped() -> None:
    fast, slow = [Timing(100.0)] * 90, [Timing(LIMIT, True)] * 10
    found = percentile([*fast, *slow], 0.95)
    assert found is not None and found.at_least and found.ms == LIMIT
    assert found.interval.high is None  # how long they would have taken, nobody knows
    middle = percentile([*fast, *slow], 0.5)
    assert middle is not None and not middle.at_least and middle.ms == 100.0


def test_a_short_limit_does_not_make_a_call_fast() -> None:
    """A call given up at 1 s may have been the slowest of all."""
    found = percentile([Timing(2000.0)] * 99 + [Timing(1000.0, True)], 0.01)
    assert found is not None and found.at_least and found.ms == 1000.0


@settings(deadline=None)
@given(times, st.sampled_from((0.5, 0.9, 0.95, 0.99)))
def test_agrees_with_inverted_cdf(values: list[float], quantile: float) -> None:
    found = percentile([Timing(value) for value in values], quantile)
    assert found is not None
    assert found.ms == np.quantile(values, quantile, method="inverted_cdf")


@settings(deadline=None)
@given(times, st.integers(0, 50))
def test_timeouts_never_make_a_leg_look_faster(values: list[float], timeouts: int) -> None:
    seen = [Timing(value) for value in values]
    without, with_them = percentile(seen, 0.95), percentile([*seen, *[Timing(LIMIT, True)] * timeouts], 0.95)
    assert without is not None and with_them is not None and with_them.ms >= without.ms


@settings(deadline=None)
@given(times)
def test_the_interval_holds_the_value(values: list[float]) -> None:
    found = percentile([Timing(value) for value in values], 0.5)
    assert found is not None
    assert found.interval.low is None or found.interval.low <= found.ms
    assert found.interval.high is None or found.interval.high >= found.ms
