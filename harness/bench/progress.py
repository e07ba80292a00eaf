"""How far a run is: a bar for each leg on a terminal, a plain line now and then everywhere else. On standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from harness.bench.attempt import Attempt
from harness.bench.store import WARM_UP

#: A line every so often is enough to see in a CI log that a run lives.
_LINE_SECONDS = 15.0
#: Redrawing takes CPU time from the calls that are being timed.
_REDRAWS_A_SECOND = 3


class Watcher(Protocol):
    """Told of every attempt, and of waits; a context manager."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...

    def more(self, leg: str, calls: int) -> None: ...

    def ended(self, attempt: Attempt, spent: Decimal) -> None: ...

    def waits(self, leg: str, seconds: float, why: str) -> None: ...


def watcher(totals: Mapping[str, int], stream: TextIO | None = None) -> Watcher:
    """Bars where somebody looks, lines where nobody does."""
    stream = stream or sys.stderr
    return Bars(totals, stream) if stream.isatty() else Lines(totals, stream)


class Lines:
    """Plain lines."""

    def __init__(self, totals: Mapping[str, int], stream: TextIO) -> None:
        self._total = sum(totals.values())
        self._stream = stream
        self._done = self._errors = 0
        self._spent = Decimal(0)
        self._said_at = self._begun = time.monotonic()

    def __enter__(self) -> Self:
        self._say(f"{self._total} calls to make")
        return self

    def __exit__(self, *error: object) -> None:
        self._state()

    def more(self, leg: str, calls: int) -> None:
        """Calls were bought on top."""
        self._total += calls
        self._say(f"{calls} more calls on {leg}")

    def ended(self, attempt: Attempt, spent: Decimal) -> None:
        """Count, and say so if it is time."""
        self._done += attempt.final
        self._errors += attempt.final and attempt.error is not None
        self._spent = spent
        if time.monotonic() - self._said_at >= _LINE_SECONDS:
            self._state()

    def waits(self, leg: str, seconds: float, why: str) -> None:
        """A leg was asked to wait."""
        self._say(f"{leg}: {why}, waits {seconds:.0f} s")

    def _state(self) -> None:
        self._said_at = time.monotonic()
        passed = self._said_at - self._begun
        self._say(f"{self._done}/{self._total} calls, {self._errors} errors, {usd(self._spent)}, {passed:.0f} s")

    def _say(self, words: str) -> None:
        print(f"bench: {words}", file=self._stream, flush=True)


class Bars:
    """A bar for each leg."""

    def __init__(self, totals: Mapping[str, int], stream: TextIO) -> None:
        columns = (
            TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[said]}"),
            TimeElapsedColumn(),
        )  # fmt: skip
        console = Console(file=stream)
        self._bars = Progress(*columns, console=console, refresh_per_second=_REDRAWS_A_SECOND)
        self._tasks = {leg: self._bars.add_task(leg, total=total, said="") for leg, total in totals.items()}
        self._errors = dict.fromkeys(totals, 0)
        self._spent = dict.fromkeys(totals, Decimal(0))

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bars.stop()

    def more(self, leg: str, calls: int) -> None:
        """Calls were bought on top."""
        task = self._tasks[leg]
        self._bars.update(task, total=(self._bars.tasks[task].total or 0) + calls)

    def ended(self, attempt: Attempt, spent: Decimal) -> None:
        """Move the leg's bar."""
        leg = attempt.leg
        self._errors[leg] += attempt.final and attempt.error is not None
        self._spent[leg] += attempt.cost_usd or Decimal(0)
        warming = "warming up, " if attempt.repeat == WARM_UP else ""
        said = f"{warming}{self._errors[leg]} errors, {usd(self._spent[leg])}"
        self._bars.update(self._tasks[leg], advance=int(attempt.final), said=said)

    def waits(self, leg: str, seconds: float, why: str) -> None:
        """A leg was asked to wait."""
        self._bars.update(self._tasks[leg], said=f"{why}, waits {seconds:.0f} s")


def usd(amount: Decimal) -> str:
    """Money for people: cents, and below a dollar four digits more."""
    return f"${amount:.2f}" if amount >= 1 else f"${amount:.6f}"
