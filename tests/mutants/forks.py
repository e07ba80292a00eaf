"""A pytest plugin that runs no test itself: each run is a fork, in which one function may have another code."""

from __future__ import annotations

import gc
import marshal
import mmap
import os
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import IO, Any

import pytest

from tests.mutants.mutations import Mutant, mutants

#: CPU seconds of a run beyond ten times what its tests took without a fault; and real ones, for a run that sleeps.
_CPU_SECONDS, _SECONDS, _MEMORY = 10, 900, 8 << 30
_PASSED, _FAILED = 0, 1


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a module's mutants."""

    module: Path
    killed: int
    alive: tuple[Mutant, ...]
    #: of the alive ones, those in lines that no test of the selection passes
    uncalled: int


class Forks:
    """Give it to pytest.main; it tells what became of each module, and begins none after `end`."""

    def __init__(self, modules: Sequence[Path], end: float, tell: Callable[[Result], None]) -> None:
        self._modules, self._end, self._tell = modules, end, tell

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        called = _called(session.items, {str(module) for module in self._modules})
        for module in self._modules:
            if time.monotonic() < self._end:
                self._tell(self._tried(module, session.items, called))
        return True

    def _tried(self, module: Path, items: Sequence[pytest.Item], called: _Called) -> Result:
        live, killed, uncalled, alive = _live(module), 0, 0, []
        for mutant in mutants(module.read_text("utf-8"), str(module)):
            chosen = called.order(f"{module}:{mutant.function}", mutant.line)
            if not chosen:
                uncalled += 1
                alive.append(mutant)
                continue
            seconds = sum(called.seconds[place] for place in chosen)
            fault = _swap(live[mutant.function], mutant.code)
            place = _first_failure([items[place] for place in chosen], seconds, fault)
            if place is None:
                alive.append(mutant)
                continue
            killed += 1
            called.kills[mutant.function, chosen[place]] += 1
        return Result(module, killed, tuple(alive), uncalled)


@dataclass(frozen=True, slots=True)
class _Called:
    """Which lines of a function, by `module:qualified.name`, each test passes, and how much CPU it takes."""

    lines: Mapping[str, Mapping[int, set[int]]]
    seconds: list[float]
    kills: Counter[tuple[str, int]]

    def order(self, key: str, line: int) -> list[int]:
        """Tests that pass the line: those first that saw other faults of the function, or go through most of it."""
        function, lines = key.rpartition(":")[2], self.lines.get(key, {})
        passing = [place for place, passed in lines.items() if line in passed]
        return sorted(passing, key=lambda at: (-self.kills[function, at], -len(lines[at]), self.seconds[at]))


def _called(items: Sequence[pytest.Item], files: set[str]) -> _Called:
    """Run all tests once in a fork, and look. Tests that fail without a fault would kill every mutant."""
    with tempfile.TemporaryFile() as found:
        if _fork(partial(_look, items, files, found), _SECONDS) != _PASSED:
            raise pytest.UsageError("the tests do not pass as they are")
        found.seek(0)
        lines, seconds = marshal.loads(found.read())
        return _Called(lines, seconds, Counter())


def _look(items: Sequence[pytest.Item], files: set[str], found: IO[bytes]) -> int:
    seen: dict[str, dict[int, set[int]]] = {}
    seconds: list[float] = []

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        if (file := frame.f_code.co_filename) not in files:
            return None
        function = f"{file}:{frame.f_code.co_qualname.partition('.<locals>')[0]}"
        seen.setdefault(function, {}).setdefault(len(seconds), set()).add(frame.f_lineno)
        return trace

    for item in items:
        threading.settrace(trace)
        sys.settrace(trace)
        start = time.process_time()
        outcome = _run([item])
        sys.settrace(None)
        seconds.append(time.process_time() - start)
        if outcome != _PASSED:
            os.write(2, f"fails without a fault: {item.nodeid}\n".encode())
            return _FAILED
    found.write(marshal.dumps((seen, seconds)))
    found.flush()
    return _PASSED


def _live(module: Path) -> dict[str, list[FunctionType]]:
    """The functions of a module as everybody holds them, whatever decorators made of them."""
    found: dict[str, list[FunctionType]] = defaultdict(list)
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and thing.__code__.co_filename == str(module):
            found[thing.__code__.co_qualname].append(thing)
    return found


def _swap(functions: Iterable[FunctionType], code: CodeType) -> Callable[[], None]:
    def swap() -> None:
        for function in functions:
            function.__code__ = code

    return swap


def _first_failure(items: Sequence[pytest.Item], seconds: float, fault: Callable[[], None]) -> int | None:
    """Which of the tests sees the fault."""
    with mmap.mmap(-1, 4) as at:  # shared with the fork

        def run() -> int:
            fault()
            return _run(items, at)

        outcome = _fork(run, 10 * seconds + _CPU_SECONDS)
        return None if outcome == _PASSED else int.from_bytes(at[:4], "big")


def _fork(run: Callable[[], int], cpu_seconds: float) -> int:
    """The exit code of `run` in a fork; what kills it is negative."""
    folder = tempfile.mkdtemp(prefix="vane-mutant-")
    sys.stdout.flush()
    if child := os.fork():
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        shutil.rmtree(folder, ignore_errors=True)
        return code
    code = _FAILED
    try:
        tempfile.tempdir = folder
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
        signal.alarm(_SECONDS)
        code = run()
    finally:
        os._exit(code)


def _run(items: Sequence[pytest.Item], at: mmap.mmap | None = None) -> int:
    """Run tests until one fails; `at` says which is running."""
    watch = _Watch()
    config = items[0].config
    config.pluginmanager.register(watch)
    # a fork that took its parent's folder would clear it for the others; pytest has no public word for it
    config._tmp_path_factory._basetemp = Path(tempfile.mkdtemp())  # type: ignore[attr-defined]
    try:
        for place, item in enumerate(items):
            if at is not None:
                at[:4] = place.to_bytes(4, "big")
            following: Any = items[place + 1] if place + 1 < len(items) else None
            config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if watch.has_failed:
                return _FAILED
        return _PASSED
    finally:
        config.pluginmanager.unregister(watch)


class _Watch:
    has_failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.has_failed |= report.failed
