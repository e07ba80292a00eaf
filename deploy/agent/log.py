"""The agent's log: plain lines in a file of its own, cut when it grows."""

from __future__ import annotations

import datetime
from pathlib import Path

from deploy.account.refusal import Refusal, one_line
from deploy.release.secret import masked

FILE, MOST_BYTES = "agent.log", 1 << 20


class Log:
    """Writes what happens, one line each. The time in front is for people; nothing is decided by it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def __call__(self, words: str) -> None:
        """A log that cannot be written must not stop a deployment."""
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        try:
            if self._file.exists() and self._file.stat().st_size > MOST_BYTES:
                self._file.replace(self._file.with_suffix(".log.1"))
            with self._file.open("a", encoding="utf-8") as stream:
                stream.write(f"{now} {one_line(masked(words))}\n")
        except OSError:
            return

    def refusal(self, refusal: Refusal) -> None:
        """Why something was not done."""
        self(f"{refusal.code} {refusal.place}: {refusal.message}")
