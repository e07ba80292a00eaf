"""One file, written whole and lasting: after a kill or a power cut there is the old one or the new one."""

from __future__ import annotations

import fcntl
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
            flush(stream.fileno())
        os.replace(temporary, file)  # noqa: PTH105  (tests count the calls of the os module)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    flush_folder(file.parent)


def flush_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        flush(handle)
    finally:
        os.close(handle)


def flush(handle: int) -> None:
    """To the disk itself: on macOS fsync stops at the drive's own memory, which a power cut empties."""
    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is not None:
        try:
            fcntl.fcntl(handle, full)
            return
        except OSError:  # a share, or a file system that knows no such thing
            pass
    os.fsync(handle)
