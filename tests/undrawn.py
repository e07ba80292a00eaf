"""`vane` without pictures and without processes that make them: `python -m tests.undrawn week …`.

Drawing takes most of a Monday's time and has tests of its own. Everything else is as it is.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

from compiler.cli import main
from harness.bench.finish import Finished


def _finish(project: Path, run: Path, *, is_evidence: bool) -> Finished:
    from harness.bench.evidence import write_evidence

    return Finished(tuple(write_evidence(project, run)) if is_evidence else (), "")


#: Command → what draws for it. Nothing else is imported: that takes longer than the command.
_DRAWING: dict[str, dict[str, Any]] = {
    "week": {"harness.market.pictures.draw": lambda project, week: {}},
    "bench": {
        "harness.bench.run_command.finish": _finish,
        "harness.bench.merge_command.finish": _finish,
        "harness.bench.report.latency_svg": lambda summary: b"<svg/>",
    },
}

if __name__ == "__main__":
    with ExitStack() as stack:
        for target, instead in _DRAWING[sys.argv[1]].items():
            stack.enter_context(patch(target, instead))
        sys.exit(main())
