"""What Cursor's guard costs at each event: a Python that starts, reads the policies and the checkout, and answers."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from tests.bench.conftest import once
from tests.shipped import artifact

TIMES = 40


def cpu_of(command: list[str], event: bytes, home: Path) -> float:
    """Median CPU milliseconds of a process, of many runs."""
    taken = []
    for _ in range(TIMES):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
        subprocess.run(command, input=event, capture_output=True, check=True, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000)
    return statistics.median(taken)


def test_the_guard_starts_quickly(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    for name in ("vane-cursor-guard", "guard.json"):
        (tmp_path / name).write_bytes(artifact("air-ana", f"cursor/{name}"))
    checkout = tmp_path / "crm" / ".git"
    checkout.mkdir(parents=True)
    (checkout / "config").write_text('[remote "origin"]\n\turl = git@github.com:acme/crm.git\n')
    event = {"hook_event_name": "beforeSubmitPrompt", "model": "@preset/acme-ide", "prompt": "why does this fail?",
             "workspace_roots": [str(tmp_path / "crm")], "conversation_id": "c", "generation_id": "g"}  # fmt: skip
    command = [sys.executable, str(tmp_path / "vane-cursor-guard")]
    guard = once(benchmark, lambda: cpu_of(command, json.dumps(event).encode(), tmp_path))
    bare = cpu_of([sys.executable, "-c", "pass"], b"", tmp_path)
    benchmark.extra_info.update(group="guard", times=TIMES, guard=guard, bare=bare)
    assert guard > bare
