"""The run: some workers on each leg, one call after the other, a row for each attempt."""

from __future__ import annotations

import asyncio
import datetime
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import Protocol

import httpx

from harness.bench.attempt import Attempt
from harness.bench.call import Reply, Request, ask
from harness.bench.cost import NOTHING, Budget
from harness.bench.pace import Pace, Stop
from harness.bench.record import Clock, Recorder
from harness.bench.store import Store, Unit
from harness.bench.tasks import Task, prompt_of, request_of, worst_of
from harness.bench.transport import open_transport

#: Answers that ask to come again.
_AGAIN = frozenset({"rate_limited", "unavailable"})
_SYNC_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Settings:
    """How calls are made, whatever they ask."""

    seed: int = 1
    concurrency: int = 1
    rate: float | None = None
    timeout: float = 120.0
    stream: bool = True
    #: waits before the second and further attempts, where the refusal does not name one
    pauses: tuple[float, ...] = (2.0, 8.0, 30.0)
    #: a refusal that asks for more than this is the answer
    longest_wait: float = 300.0


class Progress(Protocol):
    """Who wants to see how far the run is."""

    def ended(self, attempt: Attempt, spent: Decimal) -> None: ...

    def waits(self, leg: str, seconds: float, why: str) -> None: ...


class Runner:
    """Makes calls until there are none left, the next one might cost too much, or somebody stops it."""

    def __init__(
        self, settings: Settings, store: Store, budget: Budget, recorder: Recorder, progress: Progress
    ) -> None:
        self.settings = settings
        self.stop = Stop()
        self._store = store
        self._budget = budget
        self._recorder = recorder
        self._progress = progress
        self._shown: set[str] = set()
        self._tries: Mapping[Unit, int] = {}
        #: trials whose model takes no more calls today: it must not hold up what serves
        self._over: set[str] = set()

    async def run(
        self,
        legs: Mapping[str, Iterator[Task]],
        warm_ups: Mapping[str, Sequence[Task]] | None = None,
        tries: Mapping[Unit, int] | None = None,
    ) -> dict[str, str]:
        """Make the calls of all legs at once. `tries`: attempts that units have behind them. What ended a leg early."""
        self._tries = tries or {}
        flusher = asyncio.create_task(self._flush())
        ended: dict[str, str] = {}
        try:
            async with asyncio.TaskGroup() as group:
                for leg, tasks in legs.items():
                    group.create_task(self._leg(leg, tasks, (warm_ups or {}).get(leg, ()), ended))
        finally:
            flusher.cancel()
        return ended

    async def _flush(self) -> None:
        """Bring rows to the disk once a second, in a thread."""
        while True:
            await asyncio.sleep(_SYNC_SECONDS)
            await asyncio.to_thread(self._store.sync)

    async def _leg(self, leg: str, tasks: Iterator[Task], warm_ups: Sequence[Task], ended: dict[str, str]) -> None:
        async with AsyncExitStack() as stack:
            transports = _Transports(stack, self.settings.concurrency)
            first = [task for task in (next(tasks, None),) if task]
            for task in (*first, *warm_ups):  # certificates are read before a clock runs
                transports.of(task.way.base_url)
            warming = Pace(iter(warm_ups), None, self.stop)
            await self._workers(warming, transports)
            pace = Pace(chain(first, tasks), self.settings.rate, self.stop)
            pace.ended_by = warming.ended_by
            await self._workers(pace, transports)
            if pace.ended_by:
                ended[leg] = pace.ended_by

    async def _workers(self, pace: Pace, transports: _Transports) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(self.settings.concurrency):
                group.create_task(self._worker(pace, transports))

    async def _worker(self, pace: Pace, transports: _Transports) -> None:
        while (taken := pace.take()) is not None:
            task, at = taken
            await self._unit(task, at, pace, transports)

    async def _unit(self, task: Task, at: float | None, pace: Pace, transports: _Transports) -> None:
        """A task with all its attempts; the last one is final."""
        if task.way.trial in self._over:
            return
        request = request_of(task, self.settings.seed, stream=self.settings.stream)
        listed = worst_of(task, request.body) or NOTHING
        number = self._tries.get(task.unit, 0)
        pauses = iter(self.settings.pauses)
        while await pace.wait(at):
            worst = await self._budget.reserve(listed)
            if worst is None:
                pace.ended_by = "the next call might pass --max-usd"
                return
            if self.stop.is_asked:  # while it waited for the money
                self._budget.settle(worst, NOTHING)
                return
            number += 1
            reply, clock = await self._call(task, request, transports, worst, at)
            wait = self._wait(reply, pauses)
            attempt = self._recorder.attempt(task, reply, clock, number, final=wait is None)
            self._budget.settle(worst, attempt.cost_usd)
            self._store.add(attempt)
            self._progress.ended(attempt, self._budget.spent)
            if wait is None:
                if task.way.trial and attempt.error == "rate_limited":
                    self._over.add(task.way.trial)
                return
            self._progress.waits(task.way.leg, wait, attempt.error or "")
            pace.pause(wait)
            at = None

    async def _call(
        self, task: Task, request: Request, transports: _Transports, worst: Decimal, at: float | None
    ) -> tuple[Reply, Clock]:
        if self._recorder.keep_text and task.case.id not in self._shown:
            self._shown.add(task.case.id)
            self._store.prompt(task.case.id, self._recorder.prompt_sha256(task.case), prompt_of(task.case))
        self._store.sent(task.unit, worst)
        transport = transports.of(task.way.base_url)
        clock = Clock(time.perf_counter(), datetime.datetime.now(datetime.UTC), at)
        return await ask(transport, request, self.settings.timeout), clock

    def _wait(self, reply: Reply, pauses: Iterator[float]) -> float | None:
        """Seconds until the next attempt; None if there is none."""
        if reply.error not in _AGAIN or (pause := next(pauses, None)) is None:
            return None
        wait = pause if reply.retry_after is None else reply.retry_after
        return wait if wait <= self.settings.longest_wait else None


class _Transports:
    """Connections for each server of a leg, opened when the first call goes there and closed with the leg."""

    def __init__(self, stack: AsyncExitStack, concurrency: int) -> None:
        self._stack = stack
        self._concurrency = concurrency
        self._transports: dict[str, httpx.AsyncBaseTransport] = {}

    def of(self, base_url: str) -> httpx.AsyncBaseTransport:
        if base_url not in self._transports:
            transport = open_transport(base_url, self._concurrency)
            self._stack.push_async_callback(transport.aclose)
            self._transports[base_url] = transport
        return self._transports[base_url]
