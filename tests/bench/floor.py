"""The floor: write given bytes to given paths, each under another name first and renamed. `floor.py <pack> <folder>`.

Nothing is computed here, and nothing but the standard library is imported: it is what any compiler has to pay.
"""

from __future__ import annotations

import marshal
import os
import sys
from pathlib import Path


def pack(generated: Path, file: Path) -> None:
    """Everything in a compiled tree as one file that loads in no time; equal contents are in it once."""
    numbers: dict[bytes, int] = {}
    files = []
    for path in sorted(path for path in generated.rglob("*") if path.is_file()):
        number = numbers.setdefault(path.read_bytes(), len(numbers))
        files.append((path.relative_to(generated).as_posix(), number, path.stat().st_mode & 0o777))
    file.write_bytes(marshal.dumps((files, list(numbers))))


def write_all(file: Path, folder: str) -> None:
    """Write what was packed."""
    files, contents = marshal.loads(file.read_bytes())
    made: set[str] = set()
    for path, number, mode in files:
        below, _, name = f"{folder}/{path}".rpartition("/")
        if below not in made:
            os.makedirs(below, exist_ok=True)  # noqa: PTH103  (Path objects would be the larger part of the time)
            made.add(below)
        write(f"{below}/.new-{name}", f"{below}/{name}", contents[number], mode)


def write(temporary: str, path: str, content: bytes, mode: int) -> None:
    """One file, old or new at any moment."""
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        os.write(handle, content)
    finally:
        os.close(handle)
    os.replace(temporary, path)  # noqa: PTH105


if __name__ == "__main__":
    write_all(Path(sys.argv[1]), sys.argv[2])
