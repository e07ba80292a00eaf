"""Runs to hold against each other: what people call them, and which one was before another."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from compiler.diagnostics import PolicyError
from harness.bench.store import FOLDER, Run, RunHeader, read_run


class Side(NamedTuple):
    """A run, and what people call it."""

    name: str
    run: Run

    @classmethod
    def of(cls, file: Path) -> Side:
        """A run from its file. Raises PolicyError for what is none."""
        return cls(file.stem, read_run(file))

    @property
    def identity(self) -> str:
        """Tells runs apart, however their files are named."""
        return f"{self.run.header.week} {self.run.header.started.isoformat()}"


def run_before(project: Path, header: RunHeader) -> Path | None:
    """The newest whole run of the same suite that began earlier; None where there is none."""
    found = dict(_bases(project, header))
    return max(found, key=lambda file: found[file], default=None)


def _bases(project: Path, header: RunHeader) -> Iterator[tuple[Path, datetime.datetime]]:
    for file in (project / FOLDER).glob("*.jsonl"):
        with suppress(PolicyError, OSError):  # a file that is no run is no base; who names it hears why
            if _is_base(run := read_run(file), header):
                yield file, run.header.started


def _is_base(run: Run, header: RunHeader) -> bool:
    other = run.header
    is_whole = other.shard == (1, 1) and not other.missing_shards and bool(run.done)
    return is_whole and other.suite_sha256 == header.suite_sha256 and other.started < header.started
