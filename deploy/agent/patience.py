"""Waiting by the monotonic clock: a wall clock that jumps neither cuts a wait short nor makes it endless."""

from __future__ import annotations

import time
from collections.abc import Iterator


def attempts(seconds: float, every: float) -> Iterator[None]:
    """One at once, then one after each pause, until the time is over."""
    end = time.monotonic() + seconds
    while True:
        yield
        left = end - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(every, left))
