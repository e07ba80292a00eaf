"""A team's repository with a bare remote, the fake market, and `vane week` between them."""

from __future__ import annotations

import datetime
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from compiler import VERSION
from compiler.cli import parser
from compiler.write import write
from harness.clock import Clock
from harness.openrouter import VARIABLE
from harness.weekly.command import run
from tests.fakes.openrouter_market import KEY, Fault, Server
from tests.market.desk import Done
from tests.shipped import PROJECT, copied, shipped

_AS = ("-c", "user.name=Ana", "-c", "user.email=ana@acme.example", "-c", "commit.gpgSign=false")


def git(folder: Path, *arguments: str) -> str:
    """Git as a person."""
    command = ["git", "-C", str(folder), *_AS, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def offered(like: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The shipped lock's models as GET /models has them, in the form of one of the fake's."""
    return [
        {
            **like,
            "id": slug,
            "canonical_slug": model.canonical_slug,
            "name": model.name,
            "context_length": model.context_length,
            "architecture": {
                **like["architecture"],
                "input_modalities": list(model.input_modalities),
                "output_modalities": list(model.output_modalities),
            },
            "supported_parameters": list(model.supported_parameters),
            "pricing": {"prompt": f"{model.pricing.prompt:f}", "completion": f"{model.pricing.completion:f}"},
        }
        for slug, model in shipped().policies.lock.models.items()
    ]


@dataclass
class Team:
    """`monday` is what the weekly job runs, in a clone of its own that is as new as main."""

    remote: Path
    project: Path
    server: Server
    capture: pytest.CaptureFixture[str]

    def monday(self, *arguments: str) -> Done:
        """`vane week` without the steps that spend money, at the market's time."""
        self.capture.readouterr()
        words = ["week", "-C", str(self.project), "--api", self.server.api, "--skip", "bench", "--skip", "spend"]
        asked = parser().parse_args([*words, *arguments])
        code = run(asked, Clock(now=lambda: self.server.market.now, pause=lambda _: None))
        return Done(code, *self.capture.readouterr())

    def pushed(self) -> Done:
        """The same, onto the branch."""
        return self.monday("--commit", "--push")

    def anew(self) -> None:
        """The next job has a fresh clone of main."""
        shutil.rmtree(self.project)
        subprocess.run(["git", "clone", "--quiet", str(self.remote), str(self.project)], check=True)

    def pass_week(self) -> None:
        """Seven days later, in a fresh clone."""
        self.server.market.now += datetime.timedelta(days=7)
        self.anew()

    def tip(self, week: str) -> str:
        """Where the branch of a week ends on the remote; nothing where there is none."""
        found = git(self.remote, "for-each-ref", "--format=%(objectname)", f"refs/heads/weathervane/{week}")
        return found

    def subjects(self, week: str) -> list[str]:
        """Of the branch's commits, the oldest first."""
        return git(self.remote, "log", "--reverse", "--format=%s", f"main..weathervane/{week}").splitlines()

    def withdraw(self, *slugs: str) -> None:
        """OpenRouter serves these no more."""
        self.server.market.models = [each for each in self.server.market.models if each["id"] not in slugs]

    def fault(self, path: str) -> None:
        """This question is answered with an error."""
        self.server.market.faults.append(Fault(path, 99, status=500))


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Team]:
    """The shipped policies, compiled and pushed."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(VARIABLE, KEY)
    # pictures have tests of their own, and take longer than all the rest
    monkeypatch.setattr("harness.market.refresh_command.pages", lambda project, week: {})
    remote, project = tmp_path / "remote.git", tmp_path / "clone"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(remote)], check=True)
    subprocess.run(["git", "clone", "--quiet", str(remote), str(project)], check=True, capture_output=True)
    copied(project)
    shutil.copy(PROJECT / ".gitignore", project)
    write(project / "generated", shipped(), VERSION)
    git(project, "checkout", "--quiet", "-B", "main")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "-m", "The policies")
    git(project, "push", "--quiet", "origin", "main")
    with Server() as server:
        server.market.models = offered(server.market.models[0])
        yield Team(remote, project, server, capsys)
