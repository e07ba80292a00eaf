"""weekly.yml rehearsed: its `run:` steps in order, in a scratch clone, with the fake market as the world.

Steps that are actions are held against the inputs that they declare: create-github-app-token v3.2.0 and
create-pull-request v8.1.1, as their action.yml have them.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fakes.openrouter_market import KEY
from tests.propose.known import M27
from tests.shipped import PROJECT
from tests.weekly.conftest import Team, git

WORKFLOW = PROJECT / ".github/workflows/weekly.yml"
INPUTS = {
    "actions/create-github-app-token": {
        "client-id", "app-id", "private-key", "owner", "repositories", "skip-token-revoke", "github-api-url",
        "permission-contents", "permission-pull-requests",
    },
    "actions/checkout": {"persist-credentials", "fetch-depth", "ref", "token", "sparse-checkout"},
    "peter-evans/create-pull-request": {
        "token", "branch-token", "path", "add-paths", "commit-message", "committer", "author", "signoff", "branch",
        "delete-branch", "branch-suffix", "base", "push-to-fork", "sign-commits", "title", "body", "body-path",
        "labels", "assignees", "reviewers", "team-reviewers", "milestone", "draft", "maintainer-can-modify",
    },
}  # fmt: skip
_EXPRESSION = re.compile(r"\$\{\{ ([^}]+) \}\}")
VANE = """\
#!{python}
import datetime, sys
sys.path.insert(0, {project!r})
from compiler.cli import parser
from harness.clock import Clock
from harness.market import refresh_command
from harness.weekly.command import run
refresh_command.pages = lambda project, week: {{}}
now = datetime.datetime.fromisoformat({now!r})
sys.exit(run(parser().parse_args([*sys.argv[1:], "--api", {api!r}]), Clock(now=lambda: now, pause=lambda _: None)))
"""
#: What the workflow runs of the repository.
OWN = ("requirements-dev.txt", "pyproject.toml", "script/bootstrap", ".github/scripts/weekly_pull_request.py")
STATE = """\
cksum requirements-dev.txt pyproject.toml script/bootstrap
.venv/bin/python -c 'import sys; print(sys.version, sys.prefix)'
"""


def steps() -> list[dict[str, Any]]:
    (job,) = yaml.safe_load(WORKFLOW.read_text("utf-8"))["jobs"].values()
    found: list[dict[str, Any]] = job["steps"]
    return found


@dataclass
class Runner:
    """A hosted runner as far as these steps see it: a clone, a place for outputs, and a program called gh."""

    team: Team
    folder: Path
    known: dict[str, str] = field(default_factory=dict)

    def prepare(self) -> None:
        """What bootstrap finds done, a vane that asks the fake market, a gh that only notes that it was called."""
        clone, bin = self.team.project, self.team.project / ".venv/bin"
        for name in (
            "requirements-dev.txt",
            "pyproject.toml",
            "script/bootstrap",
            ".github/scripts/weekly_pull_request.py",
        ):
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, clone / name)
        bin.mkdir(parents=True)
        (bin / "python").symlink_to(sys.executable)
        now, api = self.team.server.market.now.isoformat(), self.team.server.api
        program(bin / "vane", VANE.format(python=sys.executable, project=str(PROJECT), now=now, api=api))
        stamp = subprocess.run(["sh", "-c", STATE], cwd=clone, capture_output=True, text=True, check=True).stdout
        (clone / ".venv/.bootstrapped").write_text(stamp)
        program(self.folder / "bin/gh", f'#!/bin/sh\necho "$@" >> {self.folder}/gh.log\n')
        git(clone, "add", "--all", "--", "script", ".github", "pyproject.toml", "requirements-dev.txt")
        git(clone, "commit", "--quiet", "-m", "The workflow's own files")
        git(clone, "push", "--quiet", "origin", "main")

    def value(self, text: str) -> str:
        """An expression's value."""
        return _EXPRESSION.sub(lambda found: self.known.get(found.group(1), ""), text)

    def run(self, step: Mapping[str, Any]) -> subprocess.CompletedProcess[str]:
        """One `run:` step; its outputs are known afterwards."""
        outputs = self.folder / "outputs"
        outputs.write_text("")
        env = {name: self.value(value) for name, value in step.get("env", {}).items()}
        around = {"PATH": f"{self.folder}/bin:{os.environ['PATH']}", "HOME": str(self.folder)}
        runner = {"GITHUB_OUTPUT": str(outputs), "RUNNER_TEMP": str(self.folder), "LANG": "C.UTF-8"}
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]], cwd=self.team.project, env=around | runner | env, capture_output=True,
            text=True, timeout=600, check=False,
        )  # fmt: skip
        for line in outputs.read_text().splitlines():
            name, _, value = line.partition("=")
            self.known[f"steps.{step['id']}.outputs.{name}"] = value
        return done

    def rehearse(self) -> Iterator[tuple[str, int, str]]:
        """Every `run:` step in order: its name, exit code, and what it said."""
        for step in steps():
            if "run" in step:
                done = self.run(step)
                yield step["name"], done.returncode, done.stdout + done.stderr


def program(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def runner(team: Team, tmp_path: Path) -> Runner:
    """A runner with the secrets that the workflow names."""
    known = {"secrets.OPENROUTER_API_KEY": KEY, "secrets.OPENROUTER_MANAGEMENT_KEY": "sk-or-v1-none",
             "steps.app.outputs.token": "ghs_token", "github.event.repository.default_branch": "main"}  # fmt: skip
    found = Runner(team, tmp_path / "runner", known)
    found.folder.mkdir()
    found.prepare()
    return found


def inputs(runner: Runner) -> dict[str, str]:
    """What create-pull-request would be given."""
    (step,) = (step for step in steps() if "create-pull-request@" in step.get("uses", ""))
    return {name: runner.value(str(value)) for name, value in step["with"].items()}


def test_a_monday_with_something_to_say(runner: Runner) -> None:
    runner.team.withdraw(M27)
    done = {name: (code, said) for name, code, said in runner.rehearse()}
    assert [code for code, _ in done.values()] == [0, 0, 1, 0], done
    assert "bench    failed" in done["The week"][1] and "spend    failed" in done["The week"][1], "no key, no account"
    assert (runner.folder / "gh.log").read_text() == "auth setup-git\n"
    given = inputs(runner)
    assert given["branch"] == "weathervane/2026-W24" and given["base"] == "main"
    assert given["title"].startswith(f"2026-W24: {M27} is gone")
    assert Path(given["body-path"]).read_text("utf-8").startswith("# 2026-W24: ")
    clone, tip = runner.team.project, runner.team.tip("2026-W24")
    assert git(clone, "rev-parse", "HEAD") == tip, "where the action looks for commits"
    assert git(clone, "branch", "--show-current") == "main"
    assert git(clone, "status", "--porcelain", "--untracked-files=no") == ""


def test_a_silent_monday_opens_nothing(runner: Runner) -> None:
    done = list(runner.rehearse())
    assert done[-1][1:] == (0, "nothing to propose: no pull request\n"), done
    assert inputs(runner)["branch"] == ""
    assert runner.team.tip("2026-W24") != ""


def test_actions_are_given_what_they_declare() -> None:
    used = [step for step in steps() if "uses" in step]
    assert {step["uses"].partition("@")[0] for step in used} == {*INPUTS}
    for step in used:
        assert {*step["with"]} <= INPUTS[step["uses"].partition("@")[0]]


def test_only_the_app_may_write_and_only_from_main() -> None:
    content = yaml.safe_load(WORKFLOW.read_text("utf-8"))
    job = content["jobs"]["week"]
    assert job["permissions"] == {"contents": "read"}
    assert job["if"] == "${{ github.ref_name == github.event.repository.default_branch }}"
    assert set(content[True]) == {"schedule", "workflow_dispatch"}
    assert "pull_request" not in content[True]
