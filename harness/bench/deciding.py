"""`--until-decided`: what the run so far leaves open against another one, and which repeats would decide it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from compiler.diagnostics import Place, PolicyError
from harness.bench.acceptance import thresholds
from harness.bench.compare import Need, Side, compare, undecided
from harness.bench.comparison_codes import UNLIKE_SUITES
from harness.bench.evidence import run_before
from harness.bench.run_codes import NO_BASE
from harness.bench.session import LOOKS
from harness.bench.store import FOLDER, RunHeader, find_run, read_run


def decider(project: Path, against: str | None, header: RunHeader, file: Path) -> Callable[[], Sequence[Need]]:
    """A function that compares what is there now. Raises PolicyError where there is no base of the same suite."""
    limits, base = thresholds(project), _base(project, against, header)

    def needs() -> Sequence[Need]:
        try:
            return undecided(compare(base, Side(file.stem, read_run(file)), limits, looks=LOOKS))
        except PolicyError:  # nothing in common, or no row yet: more of the same would not change that
            return ()

    return needs


def _base(project: Path, against: str | None, header: RunHeader) -> Side:
    if against is None:
        if (found := run_before(project, header)) is None:
            raise PolicyError([NO_BASE.at(Place(str(FOLDER)), f"no earlier run of suite {header.suite}")])
        return found
    file = find_run(project, against)
    run = read_run(file)
    if run.header.suite_sha256 != header.suite_sha256:
        said = f"{file.stem} ran {run.header.suite_sha256[:12]}…, this run is of {header.suite_sha256[:12]}…"
        raise PolicyError([UNLIKE_SUITES.at(Place(str(file)), said)])
    return Side(file.stem, run)
