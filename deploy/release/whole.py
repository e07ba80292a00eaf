"""One file, written whole and lasting: after a kill or a power cut there is the old one or the new one."""

from __future__ import annotations

import os
from pathlib import Path


def write_lasting(file: Path, content: bytes, mode: int = 0o600) -> None:
    """Write beside the place, flush it to the disk, rename over it, flush the folder."""
    temporary = file.with_name(f".{file.name}.vane-new")
    temporary.unlink(missing_ok=True)  # of a killed run, or a planted link
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, file)  # noqa: PTH105  (tests count the calls of the os module)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    flush_folder(file.parent)


def flush_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
