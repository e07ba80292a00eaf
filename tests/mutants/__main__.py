"""`python -m tests.mutants [--seconds N] [PART …]`: the table of docs/mutants.md, and the mutants that are alive."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.mutants.forks import Forks, Result

PROJECT = Path(__file__).parents[2]
#: What is tried, and the tests that are about it.
PARTS = {
    "rules": (["compiler/rules/*.py"], ["tests/test_rules.py", "tests/test_bad.py"]),
    "resolve": (
        ["compiler/resolve.py", "compiler/downgrades.py", "compiler/situation.py"],
        ["tests/test_resolve.py", "tests/test_downgrade.py"],
    ),
    "verify": (["compiler/verify.py"], ["tests/test_verify.py", "tests/test_verify_teeth.py"]),
    "propose": (
        [f"harness/propose/{name}.py" for name in (
            "cap", "settle", "entrant", "mover", "price", "gray_rollback", "gray_share", "gone", "replacement",
            "verdict", "trial", "decide", "signal",
        )],
        ["tests/propose"],
    ),
}  # fmt: skip
#: Slow, and of all rules at once: others see what they see.
_LEFT_OUT = ["tests/propose/test_a_month.py", "tests/propose/test_edit.py"]


def main() -> int:
    """Try the parts in their order, as long as there is time."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--seconds", type=float, default=7200, help="no module is begun after that (default: 7200)")
    parser.add_argument("parts", nargs="*", default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    asked = parser.parse_args()
    end = time.monotonic() + asked.seconds
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = tempfile.mkdtemp(prefix="vane-mutants-")
    for part in asked.parts:
        globs, tests = PARTS[part]
        modules = sorted(path for glob in globs for path in PROJECT.glob(glob) if path.name != "__init__.py")
        forks = Forks(modules, end, _tell)
        options = ["-q", "--no-header", "-W", "ignore"]
        ignored = [f"--ignore={path}" for path in _LEFT_OUT]
        code = pytest.main([*options, *ignored, *(str(PROJECT / test) for test in tests)], [forks])
        if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            return int(code)
    return 0


def _tell(result: Result) -> None:
    name = result.module.relative_to(PROJECT)
    total = result.killed + len(result.alive)
    lines = [f"\n| `{name}` | {total} | {result.killed} | {len(result.alive)} | {result.uncalled} |"]
    lines += [f"    {name}:{each.line} {each.function}: {each.was!r} -> {each.now!r}" for each in result.alive]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
