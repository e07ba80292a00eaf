"""When a leg's next call may go: the open loop's clock, a pause that a server asked for, and the end of the run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from harness.bench.tasks import Task


class Stop:
    """Somebody or something ends the run: no new call starts, and whoever sleeps wakes up."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    @property
    def is_asked(self) -> bool:
        """Whether no new call may start."""
        return self._event.is_set()

    def ask(self) -> None:
        """End the run."""
        self._event.set()

    async def sleep_until(self, moment: float) -> None:
        """Sleep until a reading of `time.perf_counter`, or until the run is to end."""
        left = moment - time.perf_counter()
        if left <= 0 or self.is_asked:
            return
        try:
            async with asyncio.timeout(left):
                await self._event.wait()
        except TimeoutError:
            return


class Pace:
    """Hands out a leg's tasks, each with the moment at which it shall start. All workers of the leg share it."""

    def __init__(self, tasks: Iterator[Task], rate: float | None, stop: Stop) -> None:
        self._tasks = tasks
        self._gap = 1 / rate if rate else None
        self._next_at = time.perf_counter()
        self._not_before = 0.0
        self._stop = stop
        #: why the leg ended before its tasks did
        self.ended_by: str | None = None

    def take(self) -> tuple[Task, float | None] | None:
        """The next task and its place on the clock (None: at once); None when there is no more to start."""
        if self._stop.is_asked or self.ended_by:
            return None
        task = next(self._tasks, None)
        if task is None:
            return None
        if self._gap is None:
            return task, None
        at, self._next_at = self._next_at, self._next_at + self._gap
        return task, at

    def pause(self, seconds: float) -> None:
        """A server asked to wait: the whole leg does."""
        self._not_before = max(self._not_before, time.perf_counter() + seconds)

    async def wait(self, at: float | None) -> bool:
        """Wait for a place on the clock and for the end of pauses. False if the run ends instead."""
        await self._stop.sleep_until(at or 0.0)
        while self._not_before > time.perf_counter() and not self._stop.is_asked:
            await self._stop.sleep_until(self._not_before)
        return not (self._stop.is_asked or self.ended_by)
