"""What a replay of fifty million calls costs, beside a bare scan of the same columns, in turns."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.bench.conftest import once
from tests.bench.fleets import POLICIES
from tests.bench.likes import HOME
from tests.bench.many_calls import project_with_tiers
from tests.bench.measure import Cost, cost_of, median
from tests.shipped import PROJECT

CALLS = 50_000_000
ROUNDS = 3
MEMORY_MB = 2_000
TIMES_THE_SCAN = 3


@pytest.fixture
def ledger() -> Iterator[Path]:
    """The calls, on disk: in memory their 1.4 GB would be counted with nobody, and missed by everybody."""
    HOME.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="calls-", dir=HOME) as folder:
        _run("make", folder, str(CALLS))
        yield Path(folder)


def test_many_calls(benchmark: BenchmarkFixture, ledger: Path, tmp_path: Path) -> None:
    project = project_with_tiers(POLICIES, tmp_path)

    def in_turns() -> tuple[list[Cost], list[Cost]]:
        rounds = [(_run("scan", str(ledger)), _run("simulate", str(ledger), str(project))) for _ in range(ROUNDS)]
        return [scan for scan, _ in rounds], [replay for _, replay in rounds]

    scans, replays = once(benchmark, in_turns)
    scan, replay = median(scans), median(replays)
    benchmark.extra_info.update(group="simulate", calls=CALLS, scan=scan._asdict(), replay=replay._asdict())
    assert max(cost.memory for cost in replays) < MEMORY_MB
    assert replay.cpu < scan.cpu * TIMES_THE_SCAN  # on a machine that others use too, wall time says little


def _run(*arguments: str) -> Cost:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    return cost_of([sys.executable, "-m", "tests.bench.many_calls", *arguments], environment)
