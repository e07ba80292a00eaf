"""What becomes of a run when its calls are over: Parquet beside it, evidence in its week. Each in its own process."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from compiler.formats import one_line

_SECONDS = 1200


@dataclass(frozen=True, slots=True)
class Finished:
    """Files that were made, and what to say of those that were not."""

    files: tuple[Path, ...]
    problems: str


def finish(project: Path, run: Path, *, is_evidence: bool) -> Finished:
    """Make them. The run itself is whole whatever happens here: its rows are on the disk."""
    converted = _python("harness.bench.parquet", str(run))
    problems = "" if converted.returncode == 0 else f"vane: no Parquet file: {_last(converted.stderr)}\n"
    files = [run.with_suffix(".parquet")] if converted.returncode == 0 else []
    if is_evidence:
        shown = _python("harness.bench.evidence", str(project), str(run))
        files += [Path(line) for line in shown.stdout.splitlines()]
        problems += shown.stderr
    return Finished(tuple(files), problems)


def _python(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)


def _last(words: str) -> str:
    return one_line("".join(words.strip().splitlines()[-1:]))
