"""Books what one sync learnt, again and again, and dies on the way each time at another moment.

`python -m tests.spend.killed SAID BASE FOLDER STEP SLICES`: around calls to the database, every STEP-th moment, then by
a timer that goes off anywhere, also inside of DuckDB. Each try is a forked process on a copy of BASE, and how it ended
is printed. Nothing here opens a database before it forks: its threads would be missing in the child.
"""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from harness.market.spend import ledger as on_disk
from harness.market.spend.booking import book, enter

for name in ("pandas", "pyarrow"):  # DuckDB looks for them: once, and not in each child
    import_module(name)


class Dying:
    """A connection whose n-th moment is this process's last."""

    def __init__(self, database: Any, moment: int) -> None:
        self._database, self._left = database, moment

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._database, name)
        return self._dying(found) if callable(found) else found

    def _dying(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def dying(*arguments: Any, **options: Any) -> Any:
            self._tick()
            result = call(*arguments, **options)
            self._tick()
            return result

        return dying

    def _tick(self) -> None:
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1


def booked(said: Any, file: Path) -> None:
    with on_disk.writing(file) as ledger:
        enter(book(said, ledger), ledger)


def at_moment(said: Any, file: Path, moment: int) -> None:
    import duckdb

    connect = duckdb.connect
    duckdb.connect = lambda *arguments, **options: Dying(connect(*arguments, **options), moment)  # type: ignore[assignment]
    booked(said, file)


def at_time(said: Any, file: Path, seconds: float) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process as a kill does, wherever it is
    signal.setitimer(signal.ITIMER_REAL, seconds)
    booked(said, file)


def tried(base: Path, file: Path, child: Callable[[], None]) -> int:
    """How a child on a copy of the ledger ended: 0, or the signal."""
    shutil.copyfile(base, file)
    pid = os.fork()
    if not pid:
        outcome = 1
        try:
            child()
            outcome = 0
        finally:
            os._exit(outcome)
    status = os.waitpid(pid, 0)[1]
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def main(said_file: str, base_file: str, folder: str, step: str, slices: str) -> None:
    said, base = pickle.loads(Path(said_file).read_bytes()), Path(base_file)

    def one(name: str, how: Callable[[Any, Path], None]) -> int:
        file = Path(folder) / f"{name}.duckdb"
        ended = tried(base, file, lambda: how(said, file))
        sys.stdout.write(f"{name} {ended}\n")
        sys.stdout.flush()
        return ended

    began = time.monotonic()
    one("whole", booked)
    took = time.monotonic() - began
    moments = range(0, 10**6, int(step))
    next(moment for moment in moments if not one(f"moment-{moment}", partial(at_moment, moment=moment)))
    for number in range(int(slices)):
        one(f"time-{number}", partial(at_time, seconds=took * (number + 1) / int(slices)))


if __name__ == "__main__":
    main(*sys.argv[1:])
