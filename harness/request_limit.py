"""The documented limit of OpenRouter's data sets, kept on our side: 30 requests a minute, 500 a UTC day.

The count lies in a file of the project, so that commands that run beside or after each other share it.
"""

from __future__ import annotations

import datetime
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from harness.clock import Clock

FILE = ".vane/openrouter-requests.json"
PER_MINUTE = 30
PER_DAY = 500
_MINUTE = 60.0


class UsedUpError(Exception):
    """The day's requests are used."""


@dataclass(frozen=True, slots=True)
class _Made:
    """Requests so far: how many on a day, and the moments of the last minute's."""

    day: str
    count: int
    recent: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class RequestLimit:
    """Lets a request through when its turn has come."""

    file: Path
    clock: Clock = field(default_factory=Clock)

    def take(self) -> None:
        """Wait for a free place in the minute. Raises UsedUpError where the day has none left."""
        while (seconds := self._taken()) > 0:
            self.clock.pause(seconds)

    def _taken(self) -> float:
        """0 where the request may go, and is counted; else the seconds until it may."""
        now = self.clock.now().astimezone(datetime.UTC)
        at, today = now.timestamp(), now.date().isoformat()
        with self._alone() as stream:
            made = _read(stream.read())
            count = made.count if made.day == today else 0
            # what lies in the future was counted by a clock that was wrong
            recent = tuple(moment for moment in made.recent if at - _MINUTE < moment <= at)
            if count >= PER_DAY:
                raise UsedUpError(f"{count} requests to the data sets today (UTC), and {PER_DAY} is OpenRouter's limit")
            if len(recent) >= PER_MINUTE:
                return recent[-PER_MINUTE] + _MINUTE - at + 0.001
            stream.seek(0)
            stream.truncate()
            stream.write(json.dumps({"day": today, "count": count + 1, "recent": [*recent, at]}) + "\n")
        return 0.0

    @contextmanager
    def _alone(self) -> Iterator[IO[str]]:
        """The file, locked against other commands; the lock goes with its process."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        with open(handle, "r+", encoding="utf-8", errors="replace") as stream:  # noqa: PTH123  (an open handle)
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield stream


def _read(text: str) -> _Made:
    """What the file says; a file that says nothing counts nothing: the server keeps the limit too."""
    try:
        data = json.loads(text)
        return _Made(str(data["day"]), int(data["count"]), tuple(sorted(float(moment) for moment in data["recent"])))
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return _Made("", 0, ())
