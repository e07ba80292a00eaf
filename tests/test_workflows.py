"""The workflows say what they may do and no more, their linters refuse worse, and what they call exists."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler.cli import parser
from deploy.bundle.lineage import PARTS
from harness.market.archive import FOLDER

PROJECT = Path(__file__).parents[1]
WORKFLOWS = PROJECT / ".github" / "workflows"
BIN = Path(sys.executable).parent
FILES = sorted(WORKFLOWS.glob("*.yml"))
#: The weekly suite takes its time, on a laptop above all, and a contract trains a small model and waits for real
#: programs; everything else is done in half an hour.
LONGEST = {"weekly.yml": 300, "contract.yml": 90}
PINNED = re.compile(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")

GOOD = """\
name: good
on: [pull_request]
permissions: {}
jobs:
  one:
    name: one
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - run: echo good
concurrency:
  group: good-${{ github.ref }}
  cancel-in-progress: true
"""
#: What is wrong → (what of GOOD becomes what, the linter that says so, what it says)
WORSE = {
    "misspelt key": ("- run: echo good", "- runn: echo good", "check-jsonschema", "'runn'"),
    "no such trigger": ("[pull_request]", "[pull_requests]", "check-jsonschema", "pull_requests"),
    "a title that runs": ("echo good", "echo '${{ github.event.pull_request.title }}'", "zizmor", "template-injection"),
    "all permissions": ("permissions: {}", "permissions: write-all", "zizmor", "excessive-permissions"),
    "privileged trigger": ("[pull_request]", "[pull_request_target]", "zizmor", "dangerous-triggers"),
    "tag, not commit": ("- run: echo good", "- uses: actions/checkout@v6", "zizmor", "unpinned-uses"),
    "token kept": (
        "- run: echo good",
        "- uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2",
        "zizmor",
        "artipacked",
    ),
}


LINTERS = ("check-jsonschema", "zizmor")


def lint(project: Path, *only: str) -> Mapping[str, subprocess.CompletedProcess[str]]:
    """The commands of `make test` that look at workflows, in another project; the network is a dead end."""
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    found = re.findall(r"^\t\$\(BIN\)/((check-jsonschema|zizmor) .*)$", makefile, re.MULTILINE)
    assert tuple(name for _, name in found) == LINTERS
    environment = {**os.environ, "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    done = {}
    for command, name in found:
        if name not in (only or LINTERS):
            continue
        line = f"{shlex.quote(str(BIN))}/{command.replace('--quiet ', '')}"
        done[name] = subprocess.run(
            line, shell=True, cwd=project, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
    return done


def write(project: Path, **workflows: str) -> Path:
    """A project with these workflows: zizmor takes only folders of that name for workflows."""
    folder = project / ".github" / "workflows"
    folder.mkdir(parents=True)
    for name, text in workflows.items():
        (folder / f"{name}.yml").write_text(text)
    return project


def test_linters_take_our_workflows() -> None:
    for name, done in lint(PROJECT).items():
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"


def test_linters_take_a_good_workflow(tmp_path: Path) -> None:
    for name, done in lint(write(tmp_path, good=GOOD)).items():
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"


@pytest.mark.parametrize(("old", "new", "linter", "said"), WORSE.values(), ids=WORSE)
def test_linters_refuse_a_bad_workflow(old: str, new: str, linter: str, said: str, tmp_path: Path) -> None:
    assert GOOD.count(old) == 1
    done = lint(write(tmp_path, bad=GOOD.replace(old, new)), linter)[linter]
    assert done.returncode != 0
    assert said in done.stdout + done.stderr


def test_a_file_that_zizmor_cannot_read_fails_among_good_ones(tmp_path: Path) -> None:
    project = write(tmp_path, good=GOOD, bad=GOOD.replace("- run: echo good", "- runn: echo good"))
    done = lint(project, "zizmor")["zizmor"]
    assert done.returncode != 0
    assert "bad.yml" in done.stderr
    assert "no inputs collected" not in done.stderr


def workflow(name: str) -> dict[str, Any]:
    content: dict[Any, Any] = yaml.safe_load((WORKFLOWS / name).read_text("utf-8"))
    return {**content, "on": content[True]}  # YAML 1.1, which PyYAML speaks, takes the key for a boolean


def steps(content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for job in content["jobs"].values():
        yield from job["steps"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_action_is_a_commit_with_its_version_beside_it(file: Path) -> None:
    used = re.findall(r"uses: (.*)", file.read_text("utf-8"))
    assert used
    assert [use for use in used if not PINNED.fullmatch(use)] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_job_starts_with_nothing_and_ends(file: Path) -> None:
    content = workflow(file.name)
    assert content["permissions"] == {}
    for job in content["jobs"].values():
        assert set(job["permissions"].values()) <= {"read", "write"}
        assert 0 < job["timeout-minutes"] <= LONGEST.get(file.name, 30)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_text_of_an_event_is_pasted_into_a_shell(file: Path) -> None:
    assert [step["run"] for step in steps(workflow(file.name)) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_checkout_keeps_the_token(file: Path) -> None:
    checkouts = [step for step in steps(workflow(file.name)) if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_who_runs_the_code_of_a_pull_request_may_write_nothing() -> None:
    check = workflow("check.yml")
    assert set(check["on"]) == {"pull_request", "push"}
    for job in check["jobs"].values():
        assert set(job["permissions"].values()) == {"read"}
    text = (WORKFLOWS / "check.yml").read_text("utf-8")
    assert not re.search(r"secrets\.|github\.token|pull_request_target|self-hosted", text)


def test_who_may_write_runs_no_code_of_a_pull_request() -> None:
    comment = workflow("comment.yml")
    assert comment["on"] == {"workflow_run": {"workflows": [workflow("check.yml")["name"]], "types": ["completed"]}}
    (job,) = comment["jobs"].values()
    assert job["permissions"] == {"actions": "read", "contents": "read", "pull-requests": "write"}
    checkout, write = job["steps"]
    assert checkout["with"]["ref"] == "${{ github.event.repository.default_branch }}"
    assert write["run"] == "python3 -I .github/scripts/sticky_comment.py"
    assert "head_sha" not in (WORKFLOWS / "comment.yml").read_text("utf-8")


def test_who_publishes_builds_the_docs_with_nothing_in_its_hands() -> None:
    pages = workflow("pages.yml")
    (build,) = [step for step in steps(pages) if "run" in step]
    assert build in pages["jobs"]["pack"]["steps"], "not in the job that may write to Pages"
    assert "--require-hashes --requirement requirements-docs.txt" in build["run"]
    assert 'mkdocs" build --strict --site-dir' in build["run"], "without --quiet: what is not logged does not count"
    assert "secrets." not in str(pages)
    pack, publish = pages["jobs"]["pack"], pages["jobs"]["publish"]
    assert pack["permissions"] == {"contents": "read"}
    assert publish["permissions"] == {"pages": "write", "id-token": "write"}
    (upload,) = (step for step in pack["steps"] if "upload-pages-artifact@" in step.get("uses", ""))
    assert upload["with"]["path"] == FOLDER
    assert (PROJECT / FOLDER).is_dir()


def test_who_signs_waits_for_a_reviewer_and_runs_on_main_alone() -> None:
    deploy = workflow("deploy.yml")
    check, release = deploy["jobs"]["check"], deploy["jobs"]["release"]
    assert check["permissions"] == {"contents": "read"}
    assert check["if"] == "${{ github.ref == 'refs/heads/main' }}"
    assert release["needs"] == "check"
    assert release["environment"] == "release"
    assert release["permissions"] == {"contents": "write", "id-token": "write", "attestations": "write"}
    with_secret = [step for step in release["steps"] if "secrets." in str(step)]
    assert len(with_secret) == 1
    names = [step.get("name", step.get("run", "")) for step in release["steps"]]
    assert names.index("No key is left lying") == names.index(with_secret[0]["name"]) + 2
    assert set(deploy["on"]["push"]["paths"]) == {f"{part}/**" for part in PARTS}


def test_the_mac_runs_a_strangers_code_with_nothing() -> None:
    mac = workflow("mac.yml")
    assert [job["permissions"] for job in mac["jobs"].values()] == [{"contents": "read"}]
    assert not re.search(
        r"secrets\.|github\.token|pull_request_target|self-hosted", (WORKFLOWS / "mac.yml").read_text()
    )


def test_contracts_run_at_night_by_hand_and_where_a_target_changes_with_nothing() -> None:
    contract = workflow("contract.yml")
    assert set(contract["on"]) == {"schedule", "workflow_dispatch", "pull_request"}
    assert {"compiler/targets/**", "tests/contract/**"} <= set(contract["on"]["pull_request"]["paths"])
    (job,) = contract["jobs"].values()
    assert job["permissions"] == {"contents": "read"}
    assert [step["run"] for step in job["steps"] if "run" in step] == ["make contract"]
    text = (WORKFLOWS / "contract.yml").read_text("utf-8")
    assert not re.search(r"secrets\.|github\.token|pull_request_target|self-hosted", text)


def test_both_workflows_and_the_script_name_the_artifact_alike() -> None:
    (upload,) = (step for step in steps(workflow("check.yml")) if "upload-artifact" in step.get("uses", ""))
    script = (PROJECT / ".github/scripts/sticky_comment.py").read_text("utf-8")
    assert f'ARTIFACT = "{upload["with"]["name"]}"' in script


def commands() -> Iterator[str]:
    """Each `vane …` that the workflows, the script and the hooks run."""
    runs = [step["run"] for file in FILES for step in steps(workflow(file.name)) if "run" in step]
    for text in (*runs, ROUTE_DIFF.read_text("utf-8")):
        one_line_each = text.replace("\\\n", "").replace('"$@"', "--leg mlx").replace("$WEEK", "2026-W24")
        yield from re.findall(r"\.venv/bin/vane [^>\n]*", one_line_each)
    yield from (hook["entry"] for hook in hooks())


def hooks() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    return found


ROUTE_DIFF = PROJECT / ".github" / "scripts" / "route-diff"


def test_every_command_exists() -> None:
    found = [shlex.split(command) for command in commands()]
    assert len(found) >= 10
    for program, *arguments in found:
        assert Path(program).name == "vane"
        parser().parse_args(arguments)


def test_hooks_run_when_a_policy_or_an_artifact_changes() -> None:
    assert [hook["id"] for hook in hooks()] == ["vane-compile", "vane-check"]
    for hook in hooks():
        assert set(hook) <= {
            "id",
            "name",
            "description",
            "entry",
            "language",
            "files",
            "pass_filenames",
            "require_serial",
        }
        assert hook["language"] == "python"
        assert hook["pass_filenames"] is False
        for path in ("policies/tracks.yaml", "policies/scenarios/batch.yaml", "generated/manifest.json"):
            assert re.search(hook["files"], path)
        assert not re.search(hook["files"], "docs/policies.md")


def test_code_owners_fit_files_that_exist() -> None:
    lines = (PROJECT / ".github/CODEOWNERS").read_text("utf-8").splitlines()
    rules = [line.split() for line in lines if line and not line.startswith("#")]
    assert rules[0][0] == "*"
    for pattern, *owners in rules[1:]:
        assert any(PROJECT.glob(pattern.strip("/"))), pattern
        assert all(owner.startswith("@your-org/") for owner in owners)
    last = {pattern: owners for pattern, *owners in rules}
    assert last["/generated/"] == []
    assert "@your-org/security" in last["/policies/sensitive-data.yaml"]
    assert "@your-org/security" in last["/.github/"]
