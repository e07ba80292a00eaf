"""Where a new key's secret goes: the API tells it once, so it is told on before anything else happens."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Protocol, TextIO

from deploy.account.refusal import Refusal

STANDARD_OUTPUT = "-"
_FIX = "give --secrets-to FILE for a new file outside every repository, or --secrets-to - for standard output"


class Handover(Protocol):
    """Takes secrets; each call returns when it is safe."""

    def give(self, variable: str, secret: str) -> None: ...


class Stream:
    """Lines such as `OPENROUTER_TOKEN_KEY=sk-…`, which a shell and launchd's environment files read."""

    def __init__(self, stream: TextIO, *, is_file: bool) -> None:
        self._stream, self._is_file = stream, is_file

    def give(self, variable: str, secret: str) -> None:
        """Raises OSError."""
        self._stream.write(f"{variable}={shlex.quote(secret)}\n")
        self._stream.flush()
        if self._is_file:
            os.fsync(self._stream.fileno())


@contextmanager
def handover(where: str | None, project: Path) -> Iterator[Handover]:
    """The place that the user named, open for writing before any key is made. Raises Refusal."""
    if where is None:
        raise Refusal("VA306", "--secrets-to", "the plan makes a key, and its secret is told only once", _FIX)
    if where == STANDARD_OUTPUT:
        yield Stream(sys.stdout, is_file=False)
        return
    file = _checked(Path(where), project)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Refusal("VA306", where, f"cannot be made: {error.strerror}", _FIX) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        try:
            yield Stream(stream, is_file=True)
        finally:
            if os.fstat(descriptor).st_size == 0:  # no key was made
                file.unlink(missing_ok=True)


def _checked(file: Path, project: Path) -> Path:
    """The file's real place, if no repository holds it."""
    place = file.expanduser().parent.resolve() / file.name
    for folder in place.parents:
        if folder == project.resolve() or (folder / ".git").exists():
            raise Refusal("VA306", str(file), f"{folder} is a repository, and a secret never lies in one", _FIX)
    return place


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Signals that would end us wait: between the answer that tells a secret and its safe place none may be lost."""
    waiting: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        waiting.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for signal_number, handler in before.items():
            signal.signal(signal_number, handler)
        for number in waiting:
            signal.raise_signal(number)
