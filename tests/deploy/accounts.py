"""Other accounts than the one that runs the tests, where that is root; and a Python that they may run."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.test_write_killed import fork

NOBODY = 65534


def _is_for_everybody(program: Path) -> bool:
    real = program.resolve()
    return real.exists() and all(path.stat().st_mode & stat.S_IXOTH for path in (real, *real.parents))


def _is_new_enough(program: Path) -> bool:
    command = [str(program), "-ISc", "import sys; sys.exit(sys.version_info < (3, 11))"]
    return subprocess.run(command, check=False).returncode == 0


#: none where all are somebody's own
_PYTHONS = [
    program
    for program in (Path(sys.executable), Path("/usr/bin/python3"))
    if _is_for_everybody(program) and _is_new_enough(program)
]
IS_PYTHON_FOR_EVERYBODY = bool(_PYTHONS)
#: of the tests, or else of the system: a venv in somebody's home is closed to others
PYTHON = next(iter(_PYTHONS), Path(sys.executable))


def as_owner(folder: Path, child: Callable[[], None]) -> int:
    """Run as an ordinary account that owns `folder`, since root may write everywhere; return the exit code."""
    if os.geteuid() == 0:
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)

    def fallen() -> None:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        child()

    return os.waitstatus_to_exitcode(fork(fallen))
