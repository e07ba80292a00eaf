"""The diff that `vane compile --check` shows."""

from __future__ import annotations

import difflib
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from compiler.compile import Compiled
from compiler.formats import one_line
from compiler.manifest import MANIFEST
from compiler.targets import Artifact
from compiler.write import Changes

#: Beyond this many files a reader wants the list, not the lines.
MOST_FILES = 20


def show_difference(generated: Path, compiled: Compiled, changes: Changes, out: TextIO) -> None:
    """Unified diffs of changed artifacts, then the names of new and stale ones."""
    wanted = set(changes.changed[:MOST_FILES])
    for path, artifact in compiled.files():
        if path in wanted:
            out.writelines(_changed(generated / path, artifact, one_line(f"generated/{path}")))
    rest = tuple(path for path in changes.changed if path not in wanted or path == MANIFEST)
    for word, paths in (("new", changes.new), ("stale", changes.stale), ("changed", rest)):
        for path in paths[:MOST_FILES]:
            out.write(f"{word}: {one_line(f'generated/{path}')}\n")
        if len(paths) > MOST_FILES:
            out.write(f"{word}: … and {len(paths) - MOST_FILES} more\n")


def _changed(file: Path, artifact: Artifact, path: str) -> Iterator[str]:
    mode = file.lstat().st_mode
    if not stat.S_ISREG(mode):  # what a link leads to is nobody's business here
        yield f"changed: {path} is not a regular file\n"
        return
    if bool(mode & 0o100) != artifact.executable:
        yield f"changed: {path} {'must' if artifact.executable else 'must not'} be executable\n"
    yield from _lines(file.read_bytes(), artifact.content, path)


def _lines(before: bytes, after: bytes, path: str) -> Iterator[str]:
    diff = difflib.unified_diff(
        _text_lines(before), _text_lines(after), f"{path} (on disk)", f"{path} (from policies)", lineterm=""
    )
    for line in diff:
        yield "\t".join(map(one_line, line.split("\t"))) + "\n"


def _text_lines(content: bytes) -> list[str]:
    """Split at newlines only: what else str.splitlines takes for one is content."""
    *lines, rest = content.decode("utf-8", "replace").split("\n")
    return [*lines, rest, "(no newline at the end)"] if rest else lines
