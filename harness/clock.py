"""Time as the harness meets it: three functions, so that a test can stand in for the world."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from dataclasses import dataclass


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """What time it is, what has passed, and how to wait."""

    #: an aware time, in UTC
    now: Callable[[], datetime.datetime] = _now
    #: seconds that only grow
    monotonic: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
