"""A look at a growing run. `python -m harness.bench.look PROJECT BASE RUN` prints the repeats that would decide it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from compiler.diagnostics import PolicyError
from harness.bench.acceptance import thresholds
from harness.bench.compare import compare, undecided
from harness.bench.deciding import Need
from harness.bench.sides import Side


def look(project: Path, base: Path, run: Path) -> Sequence[Need]:
    """The repeats that would decide; none where more of the same would not."""
    limits = thresholds(project)
    try:
        return undecided(compare(Side.of(base), Side.of(run), limits))
    except PolicyError:  # nothing in common, or no row yet
        return ()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(look(*map(Path, sys.argv[1:]))))
