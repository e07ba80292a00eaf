"""Where benchmarks put their trees."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.bench.likes import HOME

T = TypeVar("T")
MEMORY = Path("/dev/shm")
#: What the trees of a whole run take, with a margin
ROOM_BYTES = 10**10


@pytest.fixture(scope="session")
def trees() -> Iterator[Path]:
    """A folder in memory where there is room for it, else beside the repository; emptied at the very end.

    On a disk the same writes cost three times as much at one time as at another: after many deletions ext4 searches
    long for inodes, and it does so in the kernel, so that CPU time moves with it.
    """
    HOME.mkdir(parents=True, exist_ok=True)
    memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    with tempfile.TemporaryDirectory(prefix="vane-bench-", dir=MEMORY if memory else HOME) as folder:
        yield Path(folder)


def once(benchmark: BenchmarkFixture, work: Callable[[], T]) -> T:
    """Run something long a single time, and hand back what it found."""
    found: list[T] = []
    pedantic: Any = benchmark.pedantic
    pedantic(lambda: found.append(work()), rounds=1, iterations=1)
    return found[0]
