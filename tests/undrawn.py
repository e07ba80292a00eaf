"""`vane` without pictures and without processes that make them: `python -m tests.undrawn week …`.

Drawing takes most of a Monday's time and has tests of its own. Everything else is as it is.
"""

from __future__ import annotations

import sys
from pathlib import Path
from unittest.mock import patch

from compiler.cli import main
from harness.bench.evidence import write_evidence
from harness.bench.finish import Finished


def _finish(project: Path, run: Path, *, is_evidence: bool) -> Finished:
    return Finished(tuple(write_evidence(project, run)) if is_evidence else (), "")


if __name__ == "__main__":
    with (
        patch("harness.market.pictures.draw", lambda project, week: {}),
        patch("harness.bench.run_command.finish", _finish),
        patch("harness.bench.merge_command.finish", _finish),
        patch("harness.bench.report.latency_svg", lambda summary: b"<svg/>"),
    ):
        sys.exit(main())
