"""2,000 simulated weeks in which nothing changed, and as many legs as it takes on which something did.

The statistics of the harness promise error rates and power; here they are counted. Takes minutes on two cores.
"""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from harness.bench.measures import Metric
from tests.bench.conftest import once
from tests.promises import LOOKS, histories, looks, powers
from tests.simulated_weeks import Change, World

HISTORIES, WEEKS = 200, 10
GROWN = 300
CHANGED = 100


@pytest.mark.parametrize(("world", "asked"), [(World(), "3 legs"), (World.shipped(), "3 legs of 7 models as shipped")])
def test_weeks_without_change(benchmark: BenchmarkFixture, world: World, asked: str) -> None:
    weeks, acted = once(benchmark, lambda: histories(world, HISTORIES, WEEKS))
    benchmark.extra_info.update(group="promise", rows=[
        {"what": f"no change, {asked}: a week says worse or better of anything", "weeks": weeks.trials,
         "promise": "≤ 5 %", "seen": f"{100 * weeks.share:.1f} %"},
        {"what": f"the same, read every week: an e-process acts within {WEEKS} weeks", "weeks": weeks.trials,
         "promise": "≤ 5 % of histories", "seen": f"{100 * acted.share:.1f} % of {acted.trials}"},
    ])  # fmt: skip
    assert weeks.trials == 2000
    assert weeks.share <= 0.05
    assert acted.share <= 0.05


def test_runs_that_grow_until_decided(benchmark: BenchmarkFixture) -> None:
    seen = once(benchmark, lambda: looks(World(repeats=2), GROWN))
    benchmark.extra_info.update(group="promise", rows=[
        {"what": f"no change, repeats bought {LOOKS} times: any look says worse or better", "weeks": seen.trials,
         "promise": "≤ 5 %", "seen": f"{100 * seen.share:.1f} %"},
    ])  # fmt: skip
    assert seen.share <= 0.05


@pytest.mark.parametrize(
    ("world", "metric", "change", "size", "words"),
    [
        (World(sameness=0), "task_failure", Change(task_failures=0.14), 0.14, "3 repeats, +14 points of failed tasks"),
        (World(), "task_failure", Change(task_failures=0.14), 0.14, "the same where repeats resemble each other"),
        (World(repeats=1), "task_failure", Change(task_failures=0.25), 0.25, "1 repeat, +25 points of failed tasks"),
        (World(), "tool_error", Change(tool_errors=0.14), 0.14, "3 repeats, +14 points of tool-call errors"),
        (World(), "latency_p95", Change(latency=1.8), 0.80, "3 repeats, +80 % of latency"),
        (World.shipped(), "task_failure", Change(task_failures=0.30), 0.30, "as shipped, +30 points of failed tasks"),
    ],
)
def test_a_known_change(
    benchmark: BenchmarkFixture, world: World, metric: Metric, change: Change, size: float, words: str
) -> None:
    seen, said = once(benchmark, lambda: powers(world, metric, change, size, CHANGED))
    benchmark.extra_info.update(group="promise", rows=[
        {"what": f"{words}: said worse of the leg", "weeks": CHANGED, "promise": f"the report: {100 * said:.0f} %",
         "seen": f"{100 * seen.share:.0f} %"},
    ])  # fmt: skip
    assert said > 0.3
    assert seen.share >= said - 3 * (said * (1 - said) / seen.trials) ** 0.5
