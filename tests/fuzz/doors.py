"""What a target is: its doors, and how an input finds its own."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

#: Files of a run lie in memory where the system has such a place: a disk would be most of the time.
_MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class Door:
    """`enter` holds the promise, and says whether the content was taken; `seeds` are taken."""

    enter: Callable[[bytes], bool]
    seeds: tuple[bytes, ...]


@dataclass(frozen=True)
class Target:
    """Doors by name, in the order that the first byte counts."""

    doors: Mapping[str, Door]

    def once(self, data: bytes) -> bool:
        """One input; whether it was taken."""
        names = list(self.doors)
        return bool(data) and self.doors[names[data[0] % len(names)]].enter(data[1:])

    def seeds(self) -> Mapping[str, bytes]:
        """A whole input for every good content, by a name for its file."""
        return {
            f"{name.replace('/', '-')}-{number}": bytes([place]) + seed
            for place, (name, door) in enumerate(self.doors.items())
            for number, seed in enumerate(door.seeds)
        }


def new_folder() -> Path:
    """An empty folder, which goes with this process."""
    folder = Path(tempfile.mkdtemp(prefix="vane-fuzz-", dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def emptied(folder: Path) -> Path:
    """The folder without what is in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder
