"""weekly.yml carried out here: its `run:` steps by bash as a runner starts them, its actions by stand-ins.

A stand-in takes only inputs that the action has (tests/action_inputs.json) and does what its documentation says: the
checkout is a clone, artifacts are folders, and create-pull-request takes the commits of the checked-out base. Jobs run
in the order in which they stand, each in a folder of its own. A step's environment is what the workflow gives it and
what every runner has; nothing of the test's own comes along.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.action_expressions import Expressions
from tests.fakes import gh, github

PROJECT = Path(__file__).parents[1]
WORKFLOW = PROJECT / ".github" / "workflows" / "weekly.yml"
ACTIONS: dict[str, Any] = json.loads(Path(__file__).with_name("action_inputs.json").read_text("utf-8"))
#: The workflow's own token: it may read, and nothing else.
READ_ONLY = github.TOKEN
_BIN = Path(sys.executable).parent
_OUTPUT = re.compile(r"([A-Za-z][\w-]*)=(.*)")


class RehearsalError(Exception):
    """A step that a runner would not even start, or an output that is none."""


@dataclass
class Step:
    """What became of a step."""

    job: str
    name: str
    outcome: str
    log: str = ""
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass
class Outcome:
    """What became of a run."""

    steps: list[Step]
    jobs: dict[str, dict[str, Any]]
    summary: str

    def step(self, name: str) -> Step:
        """The one whose name starts so."""
        (found,) = (step for step in self.steps if step.name.startswith(name))
        return found

    @property
    def log(self) -> str:
        return "".join(step.log for step in self.steps)

    @property
    def result(self) -> str:
        return "failure" if any(job["result"] == "failure" for job in self.jobs.values()) else "success"


@dataclass
class Stage:
    """A repository on GitHub with its settings, and the world around its runs."""

    folder: Path
    remote: Path
    hub: github.State
    hub_api: str
    variables: dict[str, str]
    secrets: dict[str, str]
    #: job → what its `vane` is told besides
    told: dict[str, str] = field(default_factory=dict)
    #: whether pictures are drawn
    is_drawn: bool = False
    #: a step's name → what happens in the world before it
    before: dict[str, Callable[[], object]] = field(default_factory=dict)
    number: int = 0

    @property
    def state(self) -> Path:
        """Pull requests, as `gh` and the action see them."""
        return self.folder / "pulls.json"

    @property
    def pulls(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.state.read_text("utf-8"))["pulls"]
        return found

    def run(self) -> Outcome:
        """A Monday, from the first job to the last."""
        self.number += 1
        if not self.state.exists():
            self.state.write_text(json.dumps({"pulls": [], "asked": [], "remote": str(self.remote)}), "utf-8")
        head = {"full_name": github.REPOSITORY}
        run = {"id": self.number, "head_branch": "main", "event": "schedule", "head_repository": head}
        self.hub.runs.setdefault("weekly.yml", []).append(run)
        return _Run(self, yaml.safe_load(WORKFLOW.read_text("utf-8"))).go()

    def artifact(self, run: int, name: str) -> Path:
        return self.folder / "artifacts" / str(run) / name


class _Run:
    def __init__(self, stage: Stage, workflow: dict[str, Any]) -> None:
        self.stage, self.workflow = stage, workflow
        self.folder = stage.folder / f"run-{stage.number}"
        self.done = Outcome([], {}, "")

    def go(self) -> Outcome:
        for name, job in self.workflow["jobs"].items():
            self.done.jobs[name] = self._job(name, job)
        return self.done

    def _job(self, name: str, job: Mapping[str, Any]) -> dict[str, Any]:
        needs = job.get("needs", [])
        known = {each: self.done.jobs[each] for each in ([needs] if isinstance(needs, str) else needs)}
        is_well = all(each["result"] == "success" for each in known.values())
        contexts = self._contexts(known)
        if not Expressions(contexts, is_well).holds(job.get("if")):
            return {"result": "skipped", "outputs": {}}
        work, temp = self.folder / name / "work", self.folder / name / "temp"
        work.mkdir(parents=True)
        temp.mkdir()
        contexts |= {"steps": {}, "runner": {"temp": str(temp)}}
        is_well = True
        for number, step in enumerate(job["steps"]):
            here = Expressions(contexts, is_well)
            told = {**self.workflow.get("env", {}), **job.get("env", {}), **step.get("env", {})}
            found = Step(name, step.get("name") or step["uses"], "skipped")
            if here.holds(step.get("if")):
                self.stage.before.get(found.name, lambda: None)()
                environment = {key: here.text(value) for key, value in told.items()}
                act = self._run if "run" in step else self._use
                act(found, step, here, _Place(name, work, temp, temp.parent / str(number), environment))
            self.done.steps.append(found)
            contexts["steps"][step.get("id", f"-{number}")] = {"outcome": found.outcome, "outputs": found.outputs}
            is_well = is_well and found.outcome != "failure"
        outputs = {key: Expressions(contexts).text(value) for key, value in job.get("outputs", {}).items()}
        return {"result": "success" if is_well else "failure", "outputs": outputs}

    def _contexts(self, needs: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "github": {"ref": "refs/heads/main", "token": READ_ONLY},
            "vars": self.stage.variables,
            "secrets": self.stage.secrets,
            "needs": needs,
        }

    def _run(self, step: Step, told: Mapping[str, Any], here: Expressions, place: _Place) -> None:
        assert "${{" not in told["run"]
        place.files.mkdir()
        script, outputs, summary = (place.files / each for each in ("script.sh", "output", "summary"))
        script.write_text(told["run"], "utf-8")
        outputs.touch()
        summary.touch()
        environment = {
            "PATH": f"{_programs(self.stage)}:/usr/bin:/bin:{os.environ['PATH']}",
            "HOME": str(place.temp), "CI": "true", "LANG": "C.UTF-8", "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(outputs),
            "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_API_URL": self.stage.hub_api, "GITHUB_REF_NAME": "main",
            "GITHUB_REPOSITORY": github.REPOSITORY, "GITHUB_RUN_ID": str(self.stage.number),
            "GITHUB_RUN_ATTEMPT": "1", "RUNNER_TEMP": str(place.temp), **place.environment,
        }  # fmt: skip
        done = subprocess.run(
            ["bash", "-e", str(script)], cwd=place.work, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, check=False,
        )  # fmt: skip
        step.log = done.stdout.decode("utf-8", "replace")
        step.outcome = "failure" if done.returncode else "success"
        for line in outputs.read_text("utf-8").split("\n")[:-1]:
            if not (found := _OUTPUT.fullmatch(line)) or found.group(1) in step.outputs:
                raise RehearsalError(f"{step.name} set no output with {line[:200]!r}")
            step.outputs[found.group(1)] = found.group(2)
        self.done.summary += summary.read_text("utf-8")

    def _use(self, step: Step, told: Mapping[str, Any], here: Expressions, place: _Place) -> None:
        action = told["uses"].partition("@")[0]
        given = {key: here.text(value) for key, value in told.get("with", {}).items()}
        if not set(ACTIONS[action]["required"]) <= {*given} <= {*ACTIONS[action]["inputs"]}:
            raise RehearsalError(f"{action} does not take {sorted(given)}")
        stand_in = getattr(self, f"_{action.partition('/')[2].replace('-', '_')}")
        try:
            step.outputs |= stand_in(given, place) or {}
            step.outcome = "success"
        except (subprocess.CalledProcessError, FileNotFoundError, PermissionError) as error:
            step.outcome, step.log = "failure", f"{action}: {error}\n{getattr(error, 'stderr', '')}\n"

    def _checkout(self, given: Mapping[str, str], place: _Place) -> None:
        assert given["persist-credentials"] == "false"
        _git(place.work, "clone", "--quiet", str(self.stage.remote), ".")
        tools = place.work / ".venv" / "bin"
        tools.mkdir(parents=True)
        vane = str(_BIN / "vane") if self.stage.is_drawn else f"{sys.executable} -m tests.undrawn"
        _program(tools / "vane", f'exec {vane} "$@" {self.stage.told.get(place.job, "")}')
        _program(tools / "python", f'exec "{sys.executable}" "$@"')

    def _upload_artifact(self, given: Mapping[str, str], place: _Place) -> None:
        source, target = place.work / given["path"], self.stage.artifact(self.stage.number, given["name"])
        hidden = given.get("include-hidden-files") == "true"
        if source.is_dir() and (hidden or not source.name.startswith(".")):
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.is_file():
            target.mkdir(parents=True)
            shutil.copy(source, target)
        elif given["if-no-files-found"] == "error":
            raise FileNotFoundError(source)
        self.stage.hub.artifacts.setdefault(self.stage.number, []).append({"name": given["name"], "expired": False})

    def _download_artifact(self, given: Mapping[str, str], place: _Place) -> None:
        run = given.get("run-id", str(self.stage.number))
        shutil.copytree(self.stage.artifact(int(run), given["name"]), place.work / given["path"], dirs_exist_ok=True)

    def _create_github_app_token(self, given: Mapping[str, str], place: _Place) -> dict[str, str]:
        if given["private-key"] != "the app's key":
            raise PermissionError("A JSON web token could not be decoded")
        return {"token": gh.TOKEN}

    def _create_pull_request(self, given: Mapping[str, str], place: _Place) -> dict[str, str]:
        """What it does where the checked-out base has commits: they are the branch, which is pushed if it differs."""
        work, branch, base = place.work, given["branch"], given["base"]
        assert _git(work, "symbolic-ref", "--short", "HEAD") == base
        assert _git(work, "status", "--porcelain") == "", "it would commit what lies about"
        head = _git(work, "rev-parse", "HEAD")
        there = _git(self.stage.remote, "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
        if there != head and given["branch-token"] == READ_ONLY:
            raise PermissionError(f"Permission to {github.REPOSITORY}.git denied: {branch} is not what was pushed")
        assert given["token"] == gh.TOKEN and len(given["title"]) <= 256
        body = (work / given["body-path"]).read_text("utf-8")[:65_536]
        state = json.loads(self.stage.state.read_text("utf-8"))
        pull = next((each for each in state["pulls"] if each["head"] == branch and each["state"] == "open"), None)
        if pull is None:
            pull = {"number": len(state["pulls"]) + 1, "head": branch, "state": "open", "labels": [],
                    "auto_merge": False, "comments": []}  # fmt: skip
            state["pulls"].append(pull)
        labels = [*dict.fromkeys([*pull["labels"], *given["labels"].split(",")])]
        pull |= {"title": given["title"], "body": body, "labels": labels}
        self.stage.state.write_text(json.dumps(state), "utf-8")
        return {"pull-request-number": str(pull["number"])}


@dataclass(frozen=True)
class _Place:
    job: str
    work: Path
    temp: Path
    files: Path
    environment: Mapping[str, str]


def _programs(stage: Stage) -> Path:
    """A folder with our `gh` before the real one, and the Python that runs the tests."""
    folder = stage.folder / "programs"
    if not folder.exists():
        folder.mkdir()
        _program(folder / "gh", f'exec "{sys.executable}" "{gh.__file__}" "{stage.state}" "$@"')
        _program(folder / "python3", f'exec "{sys.executable}" "$@"')
    return folder


def _program(file: Path, line: str) -> None:
    file.write_text(f"#!/bin/sh\n{line}\n", "utf-8")
    file.chmod(0o755)


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()
