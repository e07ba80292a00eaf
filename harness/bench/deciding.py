"""`--until-decided`: what the run so far leaves open against another one, and which repeats would decide it.

A look is a process of its own (look.py): comparing takes more memory than calling.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from compiler.diagnostics import Place, PolicyError
from harness.bench.attempt import LegName
from harness.bench.comparison_codes import UNLIKE_SUITES
from harness.bench.run_codes import NO_BASE
from harness.bench.sides import run_before
from harness.bench.store import FOLDER, RunHeader, find_run, read_run

_SECONDS = 1200


class Need(NamedTuple):
    """What to buy: so many more repeats of each of these prompts on a leg, of the models that were asked."""

    leg: LegName
    models: tuple[str, ...]
    cases: tuple[str, ...]
    repeats: int


def decider(project: Path, against: str | None, header: RunHeader, file: Path) -> Callable[[], Sequence[Need]]:
    """A function that compares what is there now. Raises PolicyError where there is no base of the same suite."""
    base = _base(project, against, header)
    return lambda: _look(project, base, file)


def _look(project: Path, base: Path, file: Path) -> tuple[Need, ...]:
    command = [sys.executable, "-m", "harness.bench.look", str(project), str(base), str(file)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=_SECONDS, check=False,
        start_new_session=True,  # Ctrl-C is for the run
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{base} and {file} cannot be compared: {done.stderr}")
    found = json.loads(done.stdout)
    return tuple(Need(leg, tuple(models), tuple(cases), repeats) for leg, models, cases, repeats in found)


def _base(project: Path, against: str | None, header: RunHeader) -> Path:
    if against is None:
        if (found := run_before(project, header)) is None:
            raise PolicyError([NO_BASE.at(Place(str(FOLDER)), f"no earlier run of suite {header.suite}")])
        return found
    file = find_run(project, against)
    if (sha256 := read_run(file).header.suite_sha256) != header.suite_sha256:
        said = f"{file.stem} ran {sha256[:12]}…, this run is of {header.suite_sha256[:12]}…"
        raise PolicyError([UNLIKE_SUITES.at(Place(str(file)), said)])
    return file
