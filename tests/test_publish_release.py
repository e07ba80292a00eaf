"""The script by which deploy.yml publishes: whole at once, on with what a run left that died, and never twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import gh
from tests.test_workflows import PROJECT, steps, workflow

SCRIPT = PROJECT / ".github/scripts/publish-release"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
TAG = "macs-0123456789ab"


class Hub:
    """A repository's releases, and the files of one."""

    def __init__(self, folder: Path) -> None:
        self.state, self.files = folder / "state.json", [folder / name for name in ("a.tar", "a.sig", "b.tar")]
        self.state.write_text(json.dumps({"asked": [], "releases": {}, "uploads": 99}), "utf-8")
        for file in self.files:
            file.write_text(f"first {file.name}", "utf-8")
        program = folder / "gh"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{gh.__file__}" "{self.state}" "$@"\n', "utf-8")
        program.chmod(0o755)
        self.path = f"{folder}:{os.environ['PATH']}"

    @property
    def release(self) -> Any:
        return self._read()["releases"].get(TAG)

    def has_time_for(self, uploads: int) -> None:
        self.state.write_text(json.dumps({**self._read(), "uploads": uploads}), "utf-8")

    def publish(self) -> subprocess.CompletedProcess[str]:
        told = {"PATH": self.path, "GH_TOKEN": gh.TOKEN, "GITHUB_REPOSITORY": "acme/routes"}
        command = [str(SCRIPT), COMMIT, *map(str, self.files)]
        return subprocess.run(command, env=told, capture_output=True, text=True, timeout=120, check=False)

    def _read(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.state.read_text("utf-8"))
        return found


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return Hub(tmp_path)


def test_it_is_whole_and_a_second_run_leaves_it(hub: Hub) -> None:
    assert hub.publish().returncode == 0
    whole = {"draft": False, "target": COMMIT, "assets": {file.name: f"first {file.name}" for file in hub.files}}
    assert hub.release == whole
    hub.files[0].write_text("another", "utf-8")
    again = hub.publish()
    assert (again.returncode, again.stdout) == (0, f"{TAG} is published already\n")
    assert hub.release == whole, "what Macs may be fetching stays"


@pytest.mark.parametrize("uploads", [0, 1, 2])
def test_a_run_that_died_is_gone_on_with(hub: Hub, uploads: int) -> None:
    hub.has_time_for(uploads)
    assert hub.publish().returncode != 0
    assert (hub.release["draft"], len(hub.release["assets"])) == (True, uploads), "no Mac finds half a release"
    hub.has_time_for(uploads)
    assert hub.publish().returncode != 0 and hub.release["draft"], "also the one after it may die"
    hub.has_time_for(99)
    for file in hub.files:
        file.write_text(f"second {file.name}", "utf-8")
    done = hub.publish()
    assert done.returncode == 0, done.stderr
    assert (hub.release["draft"], hub.release["target"]) == (False, COMMIT)
    assert hub.release["assets"] == {file.name: f"second {file.name}" for file in hub.files}, "all of one build"


def test_the_workflow_publishes_so() -> None:
    (publish,) = (step for step in steps(workflow("deploy.yml")) if step.get("name") == "Publish")
    assert publish["run"] == f'{SCRIPT.relative_to(PROJECT)} "$GITHUB_SHA" dist/*'
