"""A run's evidence in its week's folder: harness.json, harness.md and the picture, against the run before.

`python -m harness.bench.evidence PROJECT RUN`: drawing takes more memory than calling, so it has a process of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from compiler.commands.findings import show
from compiler.diagnostics import Place, PolicyError
from compiler.whole_file import write_whole
from harness.bench.acceptance import thresholds
from harness.bench.compare import Carried, Comparison, compare
from harness.bench.report import DATA, carried, render
from harness.bench.sides import Side, run_before
from harness.bench.store import RunHeader
from harness.bench.summary import summarise
from harness.weeks import Week

WEEKS = Path("generated") / "weeks"


def write_evidence(project: Path, file: Path) -> list[Path]:
    """Write it, and say where. Raises PolicyError where the policies or an earlier week's evidence cannot be read."""
    side = Side.of(file)
    limits, header = thresholds(project), side.run.header
    base = run_before(project, header)
    comparison: Comparison | None = None
    if base is not None:
        evidence = _carried(project, header)  # broken, it is no reason to begin anew without a word
        with suppress(PolicyError):  # other legs or scenarios than before: there is nothing to compare
            comparison = compare(Side.of(base), side, limits, carried=evidence)
    folder = project / WEEKS / str(Week.parse(header.week))
    files = render(summarise(side.name, side.run), comparison, limits)
    for name, content in files.items():
        write_whole(folder / name, content)
    return [folder / name for name in files]


def _carried(project: Path, header: RunHeader) -> Carried:
    """The e-processes of the newest earlier week that has some: one that compared nothing has none to go on from."""
    for week in sorted(_weeks_before(project, header), reverse=True):
        file = WEEKS / str(week) / DATA
        if (project / file).is_file() and (found := carried((project / file).read_bytes(), Place(str(file)))):
            return found
    return {}


def _weeks_before(project: Path, header: RunHeader) -> Iterator[Week]:
    for folder in (project / WEEKS).glob("????-W??"):
        with suppress(ValueError):
            if (week := Week.parse(folder.name)) < Week.parse(header.week):
                yield week


def main(project: Path, file: Path) -> int:
    """Print what was written, a line each."""
    try:
        written = write_evidence(project, file)
    except PolicyError as error:
        show(error.findings, "text", project)
        return 1
    sys.stdout.write("".join(f"{each}\n" for each in written))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
