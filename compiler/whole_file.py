"""One file, written whole: a killed process leaves the old one or the new one, and a planted link leads nowhere."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(file: Path, content: bytes) -> None:
    """Write beside the place, under a name that nobody else uses, and rename over it. Folders are made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.vane-new")
    temporary.unlink(missing_ok=True)  # of a killed run, or a planted link
    with temporary.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(file)
