"""What a question about ten years costs: with the index absent, there, and one week behind."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from harness.market.history import history, subject
from harness.market.history_index import INDEX, opened
from tests.bench import ten_years
from tests.bench.measure import cost_of, median
from tests.bench.test_compile import ROUNDS, VANE, repeat

QUERY_SECONDS = 0.300
QUESTIONS = {"a model": ten_years.EVERGREEN, "a vendor": "vendor-17", "the platform": "total"}


@pytest.fixture(scope="module")
def project(trees: Path) -> Path:
    return ten_years.write(trees / "ten-years")


@pytest.mark.parametrize("what", QUESTIONS)
def test_a_question(benchmark: BenchmarkFixture, project: Path, what: str) -> None:
    opened(project)

    spent = []

    def once() -> int:
        began = time.process_time()
        index = opened(project)
        found = history(index, subject(index, QUESTIONS[what], {}))
        spent.append(time.process_time() - began)
        return len(found)

    pedantic: Any = benchmark.pedantic
    assert pedantic(once, rounds=20, warmup_rounds=2, iterations=1) == ten_years.WEEKS
    stats: Any = benchmark.stats
    cpu = sorted(spent)[len(spent) // 2]
    process = median(cost_of([VANE, "market", "history", QUESTIONS[what], "-C", str(project)]) for _ in range(ROUNDS))
    benchmark.extra_info.update(
        group="history", what=what, query=stats.stats.median, query_cpu=cpu, **process._asdict()
    )
    assert cpu < QUERY_SECONDS  # of all threads: on an idle machine the clock shows less


@pytest.mark.parametrize("state", ["absent", "one week behind"])
def test_an_index(benchmark: BenchmarkFixture, project: Path, state: str) -> None:
    """A week that is written again, or all of them."""

    def once(_: int) -> Any:
        if state == "absent":
            shutil.rmtree(project / INDEX, ignore_errors=True)
        else:
            opened(project)
            (project / "generated/weeks" / str(ten_years.FIRST) / "rankings.json").touch()
            time.sleep(0.2)  # so that the file is no longer younger than its time can tell
        return cost_of([VANE, "market", "history", "total", "-C", str(project)])

    repeat(benchmark, once)
    benchmark.extra_info.update(group="history index", what=state)
