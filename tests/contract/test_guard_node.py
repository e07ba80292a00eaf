"""The guard's own tests, and the table of cases that both guards share, in the node that OpenClaw asks for."""

from __future__ import annotations

import subprocess

from tests.contract.installation import command
from tests.contract.npm import PROJECT

PATIENCE = 600


def test_the_guard_in_node() -> None:
    node = command()[0]
    files = sorted(str(file) for file in (PROJECT / "tests" / "guard").glob("*.test.mjs"))
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", *files],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert len(files) > 1 and "\n# fail 0\n" in done.stdout
