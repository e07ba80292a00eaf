"""The calls of a run from first to last, with signals, warm-ups and repeats that are bought on top."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from harness.bench.cost import Budget
from harness.bench.deciding import Need
from harness.bench.masking import Mask
from harness.bench.prepare import Pair
from harness.bench.progress import Watcher
from harness.bench.record import Grader, Recorder
from harness.bench.runner import Runner, Settings
from harness.bench.store import WARM_UP, Run, RunHeader, Store, Unit, unit_of
from harness.bench.tasks import Task, tasks, warm_ups

#: What more repeats would decide; asked again after they were made.
Needs: TypeAlias = Callable[[], Sequence[Need]]
#: How often a growing run is compared at most; fixed ahead, so that looking often cannot make a finding.
LOOKS = 4


@dataclass(frozen=True, slots=True)
class Ended:
    """How the calls ended."""

    #: leg → why it stopped before its calls were made
    early: Mapping[str, str]
    interrupted: bool
    spent: Decimal


def left(pairs: Mapping[str, Sequence[Pair]], header: RunHeader, run: Run | None) -> Counter[str]:
    """Calls that a run lacks, by leg."""
    done = run.done if run else frozenset()
    return Counter({leg: sum(1 for _ in _todo(pairs[leg], header, done)) for leg in pairs})


def _todo(pairs: Sequence[Pair], header: RunHeader, done: Collection[Unit]) -> Iterator[Task]:
    """Also repeats that were bought on top, of which a run that was cut off has made some."""
    legs = {way.leg for _, way in pairs}
    last = max([header.repeats, *(unit.repeat for unit in done if unit.leg in legs)])
    return tasks(pairs, range(1, last + 1), header.seed, done)


@dataclass(frozen=True, slots=True)
class Session:
    """All that the calls need."""

    pairs: Mapping[str, Sequence[Pair]]
    header: RunHeader
    before: Run | None
    settings: Settings
    limit: Decimal | None
    grade: Grader
    warm_up: int
    needs: Needs | None = None

    def run(self, store: Store, watcher: Watcher) -> Ended:
        """Make them. What is there before is no garbage: a collection that walks it would stop every clock."""
        gc.freeze()
        try:
            return asyncio.run(self._run(store, watcher))
        except BaseExceptionGroup as errors:
            raise _first(errors) from errors
        finally:
            gc.unfreeze()

    async def _run(self, store: Store, watcher: Watcher) -> Ended:
        budget = Budget(self.limit, self.before.most_usd if self.before else Decimal(0))
        mask = Mask.of(way.key for pairs in self.pairs.values() for _, way in pairs)
        runner = Runner(self.settings, store, budget, Recorder(self.grade, mask, self.header.keep_text), watcher)
        done = self.before.done if self.before else frozenset()
        todo = {leg: _todo(self.pairs[leg], self.header, done) for leg, calls in self._left().items() if calls}
        warming = {leg: warm_ups(self.pairs[leg], self.warm_up) for leg in todo}
        tries = Counter(unit_of(a) for a in (self.before.attempts if self.before else ()) if a.repeat != WARM_UP)
        early: dict[str, str] = {}
        with _signals(runner) as interrupted:
            try:
                early = await runner.run(todo, warming, tries)
                await self._buy(runner, store, watcher, early)
            except asyncio.CancelledError:
                if not interrupted:
                    raise
        return Ended(early, bool(interrupted), budget.spent)

    def _left(self) -> Counter[str]:
        return left(self.pairs, self.header, self.before)

    async def _buy(self, runner: Runner, store: Store, watcher: Watcher, early: dict[str, str]) -> None:
        """Repeats that would decide, until it is decided, the money is gone, or it was looked at often enough."""
        made = Counter(dict.fromkeys(self.pairs, self.header.repeats))
        for unit in self.before.done if self.before else ():
            made[unit.leg] = max(made[unit.leg], unit.repeat)
        looked = self.before.looked if self.before else 0
        for _ in range(looked, self.header.looks - 1):  # the last look is at the end, when the evidence is written
            if self.needs is None or runner.stop.is_asked or early.keys() >= self.pairs.keys():
                return
            store.look()
            needs = [need for need in await asyncio.to_thread(self.needs) if need.leg not in early]
            if not needs or runner.stop.is_asked:
                return
            more: dict[str, Iterator[Task]] = {}
            for need in needs:
                pairs = [pair for pair in self.pairs[need.leg] if pair[0].id in need.cases]
                repeats = range(made[need.leg] + 1, made[need.leg] + need.repeats + 1)
                made[need.leg] += need.repeats
                more[need.leg] = tasks(pairs, repeats, self.header.seed)
                watcher.more(need.leg, len(pairs) * need.repeats)
            early |= await runner.run(more)


def _first(error: BaseException) -> BaseException:
    """What went wrong first, such as a full disk: the calls beside it ended because of it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


@contextmanager
def _signals(runner: Runner) -> Iterator[list[int]]:
    """The first Ctrl-C (or SIGTERM) starts no further call; the second one drops those in flight."""
    loop, task, seen = asyncio.get_running_loop(), asyncio.current_task(), list[int]()

    def asked(number: int) -> None:
        seen.append(number)
        runner.stop.ask()
        if len(seen) > 1 and task is not None:
            task.cancel()

    kinds = (signal.SIGINT, signal.SIGTERM)
    for kind in kinds:
        loop.add_signal_handler(kind, asked, kind)
    try:
        yield seen
    finally:
        for kind in kinds:
            loop.remove_signal_handler(kind)
