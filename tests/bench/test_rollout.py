"""500 Macs that follow a desk by folders: a bad release and a good one, in rounds of one pass of each Mac.

They take turns in one process, so that a figure is what all of them cost together; what each asks of the remote is
counted where it asks. Nothing is flushed to a disk, and a job is well or not without being started.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from deploy.agent import health, jobs, remotes
from tests.bench.conftest import once
from tests.deploy.desk import new_desk
from tests.deploy.fleet import CRASHES, Fleet, new_fleet, rings

MACS, CANARIES, EARLY = 500, 5, 45
SOAK = 3


class Fetched:
    """Bytes that Macs fetched."""

    total = 0


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fetched]:
    counted, real = Fetched(), remotes.Folder.file

    def count(folder: remotes.Folder, name: str, limit: int) -> bytes:
        content = real(folder, name, limit)
        counted.total += len(content)
        return content

    monkeypatch.setattr(remotes.Folder, "file", count)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(health, "EVERY_SECONDS", 0.001)
    monkeypatch.setattr(health, "RELOAD_SECONDS", 0)
    monkeypatch.setattr(jobs, "_SPAWN_SECONDS", 0)
    yield counted


def test_500_macs(benchmark: BenchmarkFixture, trees: Path, fetched: Fetched) -> None:
    folder = trees / "rollout"
    folder.mkdir()
    fleet = new_fleet(folder, new_desk(folder), MACS)
    canaries, early = fleet.machines[:CANARIES], fleet.machines[CANARIES : CANARIES + EARLY]
    some = rings(("canary", canaries, SOAK, CANARIES), ("early", early, SOAK, EARLY))
    rows: list[dict[str, Any]] = []

    def everything() -> None:
        rows.append(measured("`vane bundle` of all", fetched, lambda: publish(fleet, some, "one"), folder))
        rows.append(measured("first release, to all", fetched, lambda: fleet.rounds_until("one", 20, 1), folder))
        fleet.publish(some, "two", CRASHES)
        rows.append(measured("a bad release, 6 rounds", fetched, lambda: six_rounds(fleet), folder))
        rows[-1]["reached"] = sum(fleet.was_on(machine, 2) for machine in fleet.machines)
        assert fleet.with_release("one") == {*fleet.machines}
        assert {machine for machine in fleet.machines if fleet.was_on(machine, 2)} <= {*canaries}
        fleet.publish(some, "three")
        rows.append(
            measured("the next good release, to all", fetched, lambda: fleet.rounds_until("three", 20, 3), folder)
        )
        rows[1]["reached"] = rows[-1]["reached"] = len(fleet.with_release("three"))
        rows.append(measured("a round without news", fetched, lambda: len([fleet.round(99)]), folder))

    once(benchmark, everything)
    benchmark.extra_info.update(group="rollout", macs=MACS, rows=rows)
    assert rows[1]["rounds"]
    assert rows[3]["rounds"]


def publish(fleet: Fleet, some: bytes, name: str) -> int:
    fleet.publish(some, name)
    return 0


def six_rounds(fleet: Fleet) -> int:
    for number in range(6):
        fleet.round(2000 + number)
    return 6


def measured(what: str, fetched: Fetched, work: Callable[[], int], folder: Path) -> dict[str, Any]:
    """CPU with children, wall time, bytes over the remote, and the size of all reports after it."""
    before, bytes_before, start = os.times(), fetched.total, time.perf_counter()
    rounds = work()
    used = os.times()
    cpu = sum(after - earlier for after, earlier in zip(used[:4], before[:4], strict=True))
    reports = sum(file.stat().st_size for file in (folder / "reports").iterdir())
    return {
        "what": what, "rounds": rounds, "cpu": cpu, "wall": time.perf_counter() - start,
        "fetched": fetched.total - bytes_before, "reports": reports,
    }  # fmt: skip
