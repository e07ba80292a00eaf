"""The scripts of weekly.yml, each by itself: what merges, what is closed, which run is trusted, where the token is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.weekly.git import EMAIL
from harness.weeks import Week
from tests.action_expressions import Expressions, UnknownError
from tests.fakes import gh
from tests.fakes.github import REPOSITORY, TOKEN, State, serving
from tests.rehearsal import ACTIONS, PROJECT

SCRIPTS = PROJECT / ".github" / "scripts"
WEEK = Week(2026, 24)
BRANCH = f"weathervane/{WEEK}"
COMMIT = ("-c", "user.name=x", "-c", "commit.gpgSign=false")


def run(
    *command: str, environment: Mapping[str, str] | None = None, at: Path = PROJECT
) -> subprocess.CompletedProcess[str]:
    """With nothing of our own environment but where programs are."""
    told = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **(environment or {})}
    return subprocess.run(command, cwd=at, env=told, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def pulls(tmp_path: Path) -> Path:
    """Three open pull requests: two of the bot's, and one whose label is somebody else's business."""
    heads = ((BRANCH, True), ("weathervane/2026-W23", False), ("renovate/node", True))
    listed = [
        {"number": n, "head": head, "state": "open", "labels": ["auto-merge", "x"], "auto_merge": waits, "comments": []}
        for n, (head, waits) in enumerate(heads, 1)
    ]
    file = tmp_path / "pulls.json"
    file.write_text(json.dumps({"pulls": listed, "asked": [], "remote": ""}), "utf-8")
    program = tmp_path / "gh"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{gh.__file__}" "{file}" "$@"\n', "utf-8")
    program.chmod(0o755)
    return file


def asked(pulls: Path, script: str, *arguments: str) -> list[dict[str, Any]]:
    environment = {"PATH": f"{pulls.parent}:{os.environ['PATH']}", "GH_TOKEN": gh.TOKEN}
    done = run(str(SCRIPTS / script), *arguments, environment=environment)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(pulls.read_text("utf-8"))["pulls"]
    return found


def test_only_the_bots_pull_requests_stop_merging_by_themselves(pulls: Path) -> None:
    after = asked(pulls, "withdraw-auto-merge")
    assert [(each["auto_merge"], each["labels"]) for each in after] == [
        (False, ["x"]),
        (False, ["x"]),
        (True, ["auto-merge", "x"]),
    ]
    assert asked(pulls, "withdraw-auto-merge") == after, "where none merges by itself, none is touched"


def test_one_whose_label_somebody_took_off_stops_as_well(pulls: Path) -> None:
    state = json.loads(pulls.read_text("utf-8"))
    state["pulls"][0]["labels"] = ["x"]
    pulls.write_text(json.dumps(state), "utf-8")
    assert not asked(pulls, "withdraw-auto-merge")[0]["auto_merge"]


@pytest.mark.parametrize("command", [("withdraw-auto-merge",), ("close-silently", BRANCH, str(WEEK))])
def test_github_that_does_not_answer_is_a_failure(pulls: Path, command: tuple[str, ...]) -> None:
    (pulls.parent / "gh").write_text("#!/bin/sh\nexit 1\n", "utf-8")
    where = {"PATH": f"{pulls.parent}:{os.environ['PATH']}", "GH_TOKEN": gh.TOKEN}
    assert run(str(SCRIPTS / command[0]), *command[1:], environment=where).returncode == 1


def test_nothing_is_pushed_where_it_could_not_be_taken_back() -> None:
    steps = yaml.safe_load((PROJECT / ".github/workflows/weekly.yml").read_text("utf-8"))["jobs"]["propose"]["steps"]
    before, push = (next(each for each in steps if word in each.get("run", "")) for word in ("withdraw", "--push"))
    assert f"steps.{before['id']}.outcome == 'success'" in push["if"]


def test_a_silent_week_closes_its_branchs_pull_request_alone(pulls: Path) -> None:
    after = asked(pulls, "close-silently", BRANCH, str(WEEK))
    assert [each["state"] for each in after] == ["closed", "open", "open"]
    assert str(WEEK) in after[0]["comments"][0]
    assert asked(pulls, "close-silently", BRANCH, str(WEEK)) == after, "where there is none, none is closed"


def test_git_gets_the_token_from_the_environment() -> None:
    question = "printf 'protocol=https\\nhost=github.com\\n\\n' | git credential fill; env"
    done = run(str(SCRIPTS / "with-token"), "sh", "-c", question, environment={"GIT_TOKEN": "ghs_secret"})
    answer, _, environment = done.stdout.partition("password=ghs_secret\n")
    assert "username=x-access-token\n" in answer, done.stderr
    assert environment.count("ghs_secret") == 1, "it stands in its variable, and in no setting"


@pytest.fixture
def hub() -> Iterator[tuple[State, dict[str, str]]]:
    state = State()
    with serving(state) as address:
        told = {"GITHUB_API_URL": address, "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": TOKEN}
        yield state, told


def last_run(told: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-I", str(SCRIPTS / "last_weekly_run.py"), environment=told)


def weekly_run(number: int, *, branch: str = "main", event: str = "schedule", of: str | None = REPOSITORY) -> Any:
    head = None if of is None else {"full_name": of}
    return {"id": number, "head_branch": branch, "event": event, "head_repository": head}


def test_the_newest_run_that_kept_something(hub: tuple[State, dict[str, str]]) -> None:
    state, told = hub
    assert last_run(told).stdout == "", "the first Monday has nothing to go on from"
    state.runs["weekly.yml"] = [weekly_run(number) for number in (11, 12, 13)]
    state.runs["weekly.yml"].append(weekly_run(99, branch="somebody's"))
    for number in (11, 12, 13, 99):
        kept = {"name": "weekly-kept", "expired": number == 13}
        state.artifacts[number] = [{"name": "weekly-mac", "expired": False}, kept]
    assert last_run(told).stdout == "run=12\n"


def test_another_workflows_artifact_is_never_taken(hub: tuple[State, dict[str, str]]) -> None:
    state, told = hub
    state.runs["check.yml"] = [weekly_run(7)]
    state.artifacts[7] = [{"name": "weekly-kept", "expired": False}]
    assert last_run(told).stdout == ""


@pytest.mark.parametrize(
    "stranger",
    [
        {"event": "pull_request", "of": "mallory/routes"},
        {"event": "pull_request"},
        {"event": "pull_request", "of": None},
        {"of": "mallory/routes"},
    ],
)
def test_a_forks_run_of_the_weekly_workflow_is_never_taken(
    hub: tuple[State, dict[str, str]], stranger: dict[str, Any]
) -> None:
    """A pull request may change weekly.yml to run for itself, from a fork whose branch is called main."""
    state, told = hub
    state.runs["weekly.yml"] = [weekly_run(20, **stranger), weekly_run(19, event="workflow_dispatch")]
    for number in (19, 20):
        state.artifacts[number] = [{"name": "weekly-kept", "expired": False}]
    assert last_run(told).stdout == "run=19\n"


def test_github_that_does_not_answer_is_said(hub: tuple[State, dict[str, str]]) -> None:
    done = last_run({**hub[1], "GITHUB_TOKEN": "another"})
    assert (done.returncode, done.stdout) == (1, "")
    assert "401" in done.stderr


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone on main, with the week's branch built and pushed: one proposal that may merge by itself."""
    remote, clone = tmp_path / "remote.git", tmp_path / "clone"
    run("git", "init", "--quiet", "--bare", "--initial-branch=main", str(remote))
    run("git", "clone", "--quiet", str(remote), str(clone))
    run("git", "checkout", "--quiet", "-B", "main", at=clone)
    commit(clone, "README", "a team's", "ana@acme.example")
    run("git", "checkout", "--quiet", "-b", BRANCH, at=clone)
    folder = f"generated/weeks/{WEEK}"
    decided = {"title": "a title\nx=forged", "labels": ["auto-merge"], "pull_request": True}
    commit(clone, f"{folder}/proposals.json", json.dumps(decided), EMAIL)
    commit(clone, f"{folder}/pull-request.md", "# a title\n\nEvidence.\n", EMAIL)
    run("git", "push", "--quiet", "origin", "main", BRANCH, at=clone)
    run("git", "checkout", "--quiet", "main", at=clone)
    return clone


def commit(clone: Path, name: str, content: str, email: str) -> None:
    (clone / name).parent.mkdir(parents=True, exist_ok=True)
    (clone / name).write_text(content, "utf-8")
    run("git", "add", name, at=clone)
    done = run("git", *COMMIT, "-c", f"user.email={email}", "commit", "--quiet", "-m", name, at=clone)
    assert done.returncode == 0, done.stderr


def words(clone: Path) -> tuple[int, dict[str, str], str]:
    """Exit code, outputs, and what was said against it."""
    outputs, summary = clone.parent / "outputs", clone.parent / "summary"
    told = {"GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(summary), "RUNNER_TEMP": str(clone.parent)}
    done = run(sys.executable, str(SCRIPTS / "weekly_words.py"), str(WEEK), environment=told, at=clone)
    lines = outputs.read_text("utf-8").splitlines() if outputs.exists() else []
    return done.returncode, dict(line.split("=", 1) for line in lines), done.stderr


def test_an_output_is_one_line(clone: Path) -> None:
    code, said, _ = words(clone)
    assert code == 0 and "x" not in said
    assert said["title"] == "a title\\nx=forged"
    assert (said["labels"], said["auto-merge"]) == ("weathervane,auto-merge", "true")
    assert Path(said["body"]).read_text("utf-8") == "Evidence.\n"
    assert run("git", "status", "--porcelain", at=clone).stdout == ""
    assert run("git", "rev-parse", "main", at=clone).stdout.strip() == said["commit"]


def test_a_persons_commit_is_waved_in_by_nobody(clone: Path) -> None:
    run("git", "checkout", "--quiet", BRANCH, at=clone)
    commit(clone, "README", "changed", "ana@acme.example")
    run("git", "push", "--quiet", "origin", BRANCH, at=clone)
    run("git", "checkout", "--quiet", "main", at=clone)
    code, said, _ = words(clone)
    assert (code, said["labels"], said["auto-merge"]) == (0, "weathervane", "false")
    assert said["ours"] == "false", "and its pull request is closed by nobody else"


def test_what_was_not_pushed_is_no_pull_request(clone: Path) -> None:
    run("git", "checkout", "--quiet", BRANCH, at=clone)
    commit(clone, "README", "not pushed", EMAIL)
    run("git", "checkout", "--quiet", "main", at=clone)
    code, said, why = words(clone)
    assert (code, said) == (1, {})
    assert "was not pushed" in why


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("vars.NONE || 'x'", "x"),
        ("steps.a.outputs.none != ''", "false"),
        ("!cancelled() && (steps.a.outcome == 'success' || failure())", "true"),
        ("'it''s'", "it's"),
    ],
)
def test_expressions(expression: str, value: str) -> None:
    contexts = {"vars": {}, "steps": {"a": {"outcome": "success", "outputs": {}}}}
    assert Expressions(contexts).text(f"${{{{ {expression} }}}}") == value


@pytest.mark.parametrize("expression", ["steps.b.outcome", "github.event.title", "toJSON(vars)", "a[0]", "1 < 2", "'x"])
def test_an_expression_that_the_rehearsal_does_not_know_is_an_error(expression: str) -> None:
    with pytest.raises(UnknownError):
        Expressions({"vars": {}, "steps": {}, "github": {}}).text(f"${{{{ {expression} }}}}")


def test_every_action_is_given_what_it_takes() -> None:
    content = yaml.safe_load((PROJECT / ".github/workflows/weekly.yml").read_text("utf-8"))
    used = [step for job in content["jobs"].values() for step in job["steps"] if "uses" in step]
    assert len(used) >= 8
    for step in used:
        known = ACTIONS[step["uses"].partition("@")[0]]
        assert set(known["required"]) <= set(step["with"]) <= set(known["inputs"]), step["uses"]


def test_secrets_reach_only_the_jobs_and_steps_that_need_them() -> None:
    content = yaml.safe_load((PROJECT / ".github/workflows/weekly.yml").read_text("utf-8"))
    for name, job in content["jobs"].items():
        assert ("secrets." in yaml.safe_dump(job)) == (job.get("environment") == "weekly"), name
        assert "secrets." not in yaml.safe_dump(job.get("env", {}))
        assert "write" not in set(job["permissions"].values())
    told = {step["name"]: {*step.get("env", {})} for step in content["jobs"]["propose"]["steps"] if "run" in step}
    for name, variables in told.items():
        assert (
            not ({"GH_TOKEN", "GIT_TOKEN"} & variables and "OPENROUTER_TOKEN_KEY" in variables)
            or name == "Market and spend"
        )
    assert [name for name, variables in told.items() if "OPENROUTER_MANAGEMENT_KEY" in variables] == [
        "Market and spend"
    ]
