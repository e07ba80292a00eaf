"""A short run of what the comparison promises; `make bench` has the long one (tests/bench/test_promises.py)."""

from __future__ import annotations

from tests.promises import histories, looks, powers
from tests.simulated_weeks import Change, World

SMALL = World(prompts=30, repeats=2, legs=2)


def test_few_weeks_without_change_claim_one() -> None:
    weeks, acted = histories(SMALL, count=4, weeks=10)
    assert weeks.trials == 40
    assert weeks.hits <= 5  # more than that in 1 of 70 tries, if 5 % do
    assert acted.hits <= 1


def test_looking_four_times_claims_no_more() -> None:
    assert looks(SMALL, 10).hits <= 3


def test_a_change_is_found_as_often_as_the_report_says() -> None:
    seen, said = powers(SMALL, "task_failure", Change(task_failures=0.35), 0.35, 12)
    assert said > 0.5
    assert seen.share >= said - 0.3  # three standard errors of 24 trials


def test_a_week_is_compared_the_same_way_each_time() -> None:
    assert histories(SMALL, 1, 2) == histories(SMALL, 1, 2)
