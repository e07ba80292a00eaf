"""What a compile costs: `make bench` runs this and writes docs/benchmarks.md.

Every figure is taken from a process of its own, cold as from a shell, into an empty folder. The floor is measured from
the same bytes right after each compile, so that both meet the same disk and the same neighbours.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.bench import floor, likes
from tests.bench.conftest import MEMORY
from tests.bench.fleets import POLICIES, Kind, write_project
from tests.bench.measure import Cost, cost_of, median

VANE = str(Path(sys.executable).parent / "vane")
ROUNDS = 3
CHECK_CPU_SECONDS = 0.120
MEMORY_MB = 200


def environment(folder: Path) -> Mapping[str, str]:
    """Ours, with a cache of its own, so that runs do not know of each other; with bytecode, as pip installs it."""
    ours = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**ours, "XDG_CACHE_HOME": str(folder / "cache"), "PYTHONPYCACHEPREFIX": str(likes.HOME / "bytecode")}


def project(folder: Path, machines: int | None, kind: Kind = "mixed") -> Path:
    """The shipped policies as they are, or with a fleet of that many machines."""
    if machines is None:
        shutil.copytree(POLICIES, folder / "policies")
        return folder
    return write_project(folder, machines, kind)


def repeat(benchmark: BenchmarkFixture, once: Callable[[int], Cost], warmups: int = 0) -> Cost:
    """Let pytest-benchmark run something, and put the middle of what it cost beside its own figures."""
    costs: list[Cost] = []
    pedantic: Any = benchmark.pedantic
    pedantic(lambda: costs.append(once(len(costs))), rounds=ROUNDS, warmup_rounds=warmups, iterations=1)
    middle = median(costs[warmups:])
    benchmark.extra_info.update(middle._asdict())
    return middle


@pytest.mark.parametrize(
    ("machines", "kind"),
    [(None, "mixed"), (2, "mixed"), (100, "mixed"), (1_000, "mixed"), (10_000, "mixed"), (1_000, "unlike")],
)
def test_compile_and_floor(benchmark: BenchmarkFixture, trees: Path, machines: int | None, kind: Kind) -> None:
    floors: list[Cost] = []

    def once(number: int) -> Cost:
        folder = project(trees / f"compile-{machines}-{kind}-{number}", machines, kind)
        cost = cost_of([VANE, "compile", "-C", str(folder)], environment(folder))
        packed, written = folder / "pack", folder / "floor"
        floor.pack(folder / "generated", packed)
        floors.append(cost_of([sys.executable, "-I", "-S", floor.__file__, str(packed), str(written)]))
        assert files_below(written) == files_below(folder / "generated")
        return cost

    cost = repeat(benchmark, once)
    benchmark.extra_info.update(group="compile", machines=machines or "shipped", kind=kind)
    files = files_below(trees / f"compile-{machines}-{kind}-0" / "generated")
    benchmark.extra_info.update(floor=median(floors)._asdict(), files=files, in_memory=trees.is_relative_to(MEMORY))
    assert cost.memory < MEMORY_MB


def files_below(folder: Path) -> int:
    """How many files there are."""
    return sum(len(files) for _, _, files in os.walk(folder))


@pytest.mark.parametrize("machines", [None, 2, 100, 10_000])
def test_check_of_what_is_up_to_date(benchmark: BenchmarkFixture, trees: Path, machines: int | None) -> None:
    folder = project(trees / f"check-{machines}", machines)
    cost_of([VANE, "compile", "-C", str(folder)], environment(folder))
    check = [VANE, "compile", "--check", "-C", str(folder)]
    cost = repeat(benchmark, lambda _: cost_of(check, environment(folder)), warmups=1)
    benchmark.extra_info.update(group="check", machines=machines or "shipped")
    if machines != 10_000:
        assert cost.cpu < CHECK_CPU_SECONDS


@pytest.mark.parametrize(
    ("language", "machines"),
    # Jsonnet in C++ would take minutes for 10,000
    [("Pkl", 1_000), ("rjsonnet", 1_000), ("jsonnet", 1_000), ("Pkl", 10_000), ("rjsonnet", 10_000)],
)
def test_like_fleet(benchmark: BenchmarkFixture, trees: Path, language: str, machines: int) -> None:
    benchmark.extra_info.update(group="like", language=language, machines=machines)
    command = likes.command(language)
    if command is None:
        benchmark.extra_info["note"] = "not installed"
        benchmark(likes.command, language)
        return
    compiled = trees / f"compile-{machines}-mixed-0"
    folder = trees / f"like-{language}-{machines}"
    count = likes.write_programs(compiled, folder)

    def once(number: int) -> Cost:
        return cost_of([*command, str(folder / f"out-{number}"), str(folder / likes.PROGRAMS[language])])

    repeat(benchmark, once)
    made = [path for path in (folder / "out-0").rglob("*") if path.is_file()]
    assert len(made) == count
    assert all(likes.same(path, compiled / "generated" / path.relative_to(folder / "out-0")) for path in made)
