"""The diff that `vane compile --check` shows."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from compiler.compile import Compiled
from compiler.write import Changes

#: Beyond this many files a reader wants the list, not the lines.
MOST_FILES = 20


def show_difference(generated: Path, compiled: Compiled, changes: Changes, out: TextIO) -> None:
    """Unified diffs of changed artifacts, then the names of new and stale ones."""
    wanted = set(changes.changed[:MOST_FILES])
    for path, artifact in compiled.files():
        if path in wanted:
            out.writelines(_lines((generated / path).read_bytes(), artifact.content, f"generated/{path}"))
    for word, paths in (("new", changes.new), ("stale", changes.stale), ("changed", changes.changed[MOST_FILES:])):
        for path in paths[:MOST_FILES]:
            out.write(f"{word}: generated/{path}\n")
        if len(paths) > MOST_FILES:
            out.write(f"{word}: … and {len(paths) - MOST_FILES} more\n")


def _lines(before: bytes, after: bytes, path: str) -> Iterable[str]:
    old, new = (content.decode("utf-8", "replace").splitlines(keepends=True) for content in (before, after))
    for line in difflib.unified_diff(old, new, f"{path} (on disk)", f"{path} (from policies)"):
        yield line if line.endswith("\n") else f"{line}\n\\ no newline at end of file\n"
