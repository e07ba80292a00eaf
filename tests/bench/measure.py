"""Run a program and say what it cost. Also the launcher that does it: `python measure.py <out.json> <program> …`.

The launcher is a process of its own with next to nothing in it: a child inherits the peak memory of whoever starts it,
and pytest alone is larger than an up-to-date check.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Cost(NamedTuple):
    """CPU and wall time in seconds, peak memory in MB."""

    cpu: float
    user: float
    wall: float
    memory: float


def cost_of(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Cost:
    """What a program costs from start to end, its own children included; it must succeed."""
    with tempfile.NamedTemporaryFile("r", suffix=".json") as report:
        launcher = [sys.executable, "-I", "-S", __file__, report.name, *command]
        done = subprocess.run(launcher, capture_output=True, text=True, env=environment, timeout=900, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed: {done.stderr[-2000:]}")
        return Cost(**json.load(report))


def median(costs: Iterable[Cost]) -> Cost:
    """The middle of each figure by itself."""
    middle = [sorted(figures)[len(figures) // 2] for figures in zip(*costs, strict=True)]
    return Cost(*middle)


def _launch(report: str, command: Sequence[str]) -> int:
    start = time.perf_counter()
    child = os.posix_spawn(command[0], list(command), os.environ)
    _, status, used = os.wait4(child, 0)
    wall = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux KiB
    cost = Cost(used.ru_utime + used.ru_stime, used.ru_utime, wall, used.ru_maxrss * unit / 1e6)
    Path(report).write_text(json.dumps(cost._asdict()))
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(_launch(sys.argv[1], sys.argv[2:]))
