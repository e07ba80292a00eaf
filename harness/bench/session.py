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

from harness.bench.case import Case
from harness.bench.cost import Budget
from harness.bench.deciding import Need
from harness.bench.legs import Way
from harness.bench.masking import Mask
from harness.bench.prepare import Pair
from harness.bench.progress import Watcher
from harness.bench.record import Grader, Recorder
from harness.bench.runner import Runner, Settings
from harness.bench.store import WARM_UP, Run, RunHeader, Store, Unit, unit_of
from harness.bench.tasks import Task, tasks, warm_ups

#: What more repeats would decide; asked again after they were made.
Needs: TypeAlias = Callable[[], Sequence[Need]]
#: Leg, case and model → a repeat of it.
_Repeats: TypeAlias = Counter[tuple[str, str, str]]
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
    done, last = run.done if run else frozenset(), _last(pairs, header, run)
    return Counter({leg: sum(1 for _ in _between(pairs[leg], Counter(), last, header.seed, done)) for leg in pairs})


def _last(pairs: Mapping[str, Sequence[Pair]], header: RunHeader, run: Run | None) -> _Repeats:
    """Also of repeats that were bought on top, for a model at a time: a run that was cut off has made some of them."""
    made: Counter[tuple[str, str]] = Counter()
    for attempt in run.attempts if run else ():
        if attempt.final:
            made[attempt.leg, attempt.model] = max(made[attempt.leg, attempt.model], attempt.repeat)
    ways = (pair for of_leg in pairs.values() for pair in of_leg)
    return Counter({_asked(case, way): max(header.repeats, made[way.leg, way.model]) for case, way in ways})


def _asked(case: Case, way: Way) -> tuple[str, str, str]:
    return way.leg, case.id, way.model


def _between(
    pairs: Sequence[Pair], first: _Repeats, last: _Repeats, seed: int, done: Collection[Unit] = frozenset()
) -> Iterator[Task]:
    """The repeats of a leg that come after the first ones, up to the last ones."""
    for repeat in range(1, max(last.values(), default=0) + 1):
        due = [pair for pair in pairs if first[_asked(*pair)] < repeat <= last[_asked(*pair)]]
        yield from tasks(due, range(repeat, repeat + 1), seed, done)


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
        last, seed = _last(self.pairs, self.header, self.before), self.header.seed
        todo = {
            leg: _between(self.pairs[leg], Counter(), last, seed, done)
            for leg, calls in left(self.pairs, self.header, self.before).items()
            if calls
        }
        warming = {leg: warm_ups(self.pairs[leg], self.warm_up) for leg in todo}
        tries = Counter(unit_of(a) for a in (self.before.attempts if self.before else ()) if a.repeat != WARM_UP)
        early: dict[str, str] = {}
        with _signals(runner) as interrupted:
            try:
                early = await runner.run(todo, warming, tries)
                await self._buy(runner, store, watcher, early, last)
            except asyncio.CancelledError:
                if not interrupted:
                    raise
        return Ended(early, bool(interrupted), budget.spent)

    async def _buy(self, runner: Runner, store: Store, watcher: Watcher, early: dict[str, str], made: _Repeats) -> None:
        """Repeats that would decide, until it is decided, the money is gone, or it was looked at often enough."""
        looked = self.before.looked if self.before else 0
        for _ in range(looked, self.header.looks - 1):  # the last look is at the end, when the evidence is written
            if self.needs is None or runner.stop.is_asked or early.keys() >= self.pairs.keys():
                return
            store.look()
            needs = [need for need in await asyncio.to_thread(self.needs) if need.leg not in early]
            if not needs or runner.stop.is_asked:
                return
            wanted = Counter(made)
            for need in needs:
                asked = [(need.leg, case, model) for case in need.cases for model in need.models]
                wanted.update(dict.fromkeys(asked, need.repeats))
                watcher.more(need.leg, len(asked) * need.repeats)
            legs = sorted({need.leg for need in needs})
            early |= await runner.run({leg: _between(self.pairs[leg], made, wanted, self.header.seed) for leg in legs})
            made = wanted


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
