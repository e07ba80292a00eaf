"""Honest numbers: what `vane bench` reports of a server whose delay is known, beside a bare loop in the same run.

Both take turns in one process, the server is another one. A figure is the best of the rounds: whatever else the machine
does can only make a call slower, and a difference that is ours is there in every round.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.bench.conftest import once
from tests.bench.honest import Figures
from tests.bench.measure import cost_of
from tests.fakes.chat import KEY, served
from tests.runs.conftest import VARIABLES
from tests.shipped import copied

PROJECT = Path(__file__).parents[2]
ROUNDS = 5
DELAY_MS = 50
CALLS = {1: 200, 8: 800, 64: 3200}
#: how far P50 and P95 may lie from the bare loop's
WITHIN_MS = {1: 5, 8: 5, 64: 10}
CPU_RATIO = 1.5
MEMORY_MB = 150


def measured(url: str, concurrency: int, calls: int, rounds: int, *more: str) -> dict[str, list[Figures]]:
    command = [sys.executable, "-m", "tests.bench.honest", url, str(concurrency), str(calls), str(rounds), *more]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, list[Figures]] = json.loads(done.stdout)
    return found


def best(rounds: list[Figures]) -> Figures:
    """Each figure's least."""
    p50, p95, cpu = (min(each) for each in zip(*rounds, strict=True))
    return p50, p95, cpu


@pytest.mark.parametrize("concurrency", CALLS)
def test_reported_latency_is_that_of_a_bare_loop(benchmark: BenchmarkFixture, concurrency: int) -> None:
    with served(DELAY_MS) as url:
        found = once(benchmark, lambda: measured(url, concurrency, CALLS[concurrency], ROUNDS, "pool"))
    ours, bare, pool = best(found["ours"]), best(found["bare"]), best(found["pool"])
    benchmark.extra_info.update(
        group="honesty", delay=DELAY_MS, concurrency=concurrency, ours=ours, bare=bare, pool=pool
    )
    assert ours[0] >= DELAY_MS - 1
    assert abs(ours[0] - bare[0]) <= WITHIN_MS[concurrency]
    assert abs(ours[1] - bare[1]) <= WITHIN_MS[concurrency]
    assert ours[2] <= CPU_RATIO * bare[2]


def test_five_thousand_calls_at_once_in_bounded_memory(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """The process that calls; the page is drawn afterwards by another one."""
    project = copied(tmp_path)
    environment = {**os.environ, **dict.fromkeys(VARIABLES, KEY)}
    with served(0) as url:
        run = ["bench", "run", "-C", str(project), "--api", url, "--leg", "openrouter", "--repeats", "100",
               "--concurrency", "64", "--out", str(project / "run.jsonl")]  # fmt: skip
        program = "import sys; import harness.bench.run_command as c; c.finish = lambda *a, **k: Finished((), ''); "
        program += "from harness.bench.finish import Finished; "
        program += "from compiler.cli import main; sys.exit(main(sys.argv[1:]))"
        cost = once(benchmark, lambda: cost_of([sys.executable, "-c", program, *run], environment))
    rows = (project / "run.jsonl").read_bytes().count(b'"final":true')
    benchmark.extra_info.update(group="calls", calls=rows, concurrency=64, **cost._asdict())
    assert rows == 5000
    assert cost.memory <= MEMORY_MB
