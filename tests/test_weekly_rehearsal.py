"""weekly.yml, step by step, with every service a fake: what Monday looks like, and what a bad one does."""

from __future__ import annotations

import datetime
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from compiler import VERSION
from compiler.compile import compile_policies
from compiler.write import write
from harness.clock import Clock
from harness.market import archive
from harness.market.refresh_command import run as refresh
from harness.weeks import Week
from tests.action_expressions import Expressions, UnknownError
from tests.fakes import github, openrouter_market, openrouter_spend, openrouter_whole
from tests.fakes.openrouter_spend import Key
from tests.propose.known import M27
from tests.rehearsal import PROJECT, Outcome, Stage
from tests.shipped import edit
from tests.weekly.conftest import git, offered

NOW = datetime.datetime.now(datetime.UTC)
WEEK = Week.last_complete(NOW)
BRANCH = f"weathervane/{WEEK}"
HOSTILE = "](http://x) @team <script>alert(1)</script>\n::set-output name=x::y\n::add-mask::e \u202egnp"
COMMAND = re.compile(r"^\s*::|##\[", re.MULTILINE)


@dataclass
class World:
    """The repository's Mondays, and the OpenRouter that they ask."""

    stage: Stage
    router: openrouter_whole.Whole

    def monday(self) -> Outcome:
        outcome = self.stage.run()
        ours = outcome.log.replace("::notice title=No MLX leg::", "")
        assert not COMMAND.search(ours), "no line of a log commands the runner"
        for secret in self.stage.secrets.values():
            assert secret == "" or secret not in outcome.log + outcome.summary
        return outcome

    def withdraw(self, slug: str) -> None:
        """OpenRouter serves it no more."""
        self.router.market.models = [each for each in self.router.market.models if each["id"] != slug]

    @property
    def subjects(self) -> list[str]:
        return git(self.stage.remote, "log", "--reverse", "--format=%s", f"main..{BRANCH}").splitlines()

    @property
    def tip(self) -> str:
        return git(self.stage.remote, "for-each-ref", "--format=%(objectname)", f"refs/heads/{BRANCH}")

    def commit(self, name: str, change: Callable[[Path], object], onto: str = BRANCH) -> str:
        """A person's commit."""
        clone = self.stage.folder / name
        subprocess.run(["git", "clone", "--quiet", "-b", onto, str(self.stage.remote), str(clone)], check=True)
        change(clone)
        git(clone, "commit", "--quiet", "--all", "-m", name)
        git(clone, "push", "--quiet", "origin", onto)
        return git(clone, "rev-parse", "HEAD")


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A team's repository with the week before in its archive: what the same market said seven days ago."""
    folder = tmp_path_factory.mktemp("repository")
    remote, project = folder / "remote.git", folder / "clone"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(remote)], check=True)
    subprocess.run(["git", "clone", "--quiet", str(remote), str(project)], check=True, capture_output=True)
    shutil.copytree(PROJECT / "policies", project / "policies")
    shutil.copytree(PROJECT / ".github", project / ".github")
    shutil.copy(PROJECT / ".gitignore", project)
    edit(project / "policies/acceptance.yaml", ("repeats: 12", "repeats: 1"))
    edit(project / "policies/tracks.yaml", ("version: 1", "version: 1\nauto_merge: [downgrade]"))
    (project / "script").mkdir()
    bootstrap = project / "script/bootstrap"
    bootstrap.write_text("#!/bin/sh\n# whoever runs this test has installed everything\n", "utf-8")
    bootstrap.chmod(0o755)
    write(project / "generated", compile_policies(project / "policies"), VERSION)
    _archive_week_before(project)
    git(project, "checkout", "--quiet", "-B", "main")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "-m", "A team's policies")
    git(project, "push", "--quiet", "origin", "main")
    return remote


def _archive_week_before(project: Path) -> None:
    with pytest.MonkeyPatch.context() as patch, openrouter_market.Server() as server:
        patch.setenv("OPENROUTER_API_KEY", openrouter_market.KEY)
        patch.setattr("harness.market.refresh_command.pages", lambda project, week: {})
        server.market.now = NOW - datetime.timedelta(days=7)
        server.market.models = offered(server.market.models[0])
        from compiler.cli import parser

        asked = parser().parse_args(["market", "refresh", "-C", str(project), "--api", server.api])
        assert refresh(asked, Clock(now=lambda: server.market.now, pause=lambda _: None)) == 0
    assert archive.newest(project) == WEEK.before()


@pytest.fixture
def world(repository: Path, tmp_path: Path) -> Iterator[World]:
    remote = tmp_path / "remote.git"
    shutil.copytree(repository, remote)
    hub = github.State()
    with openrouter_whole.serving() as router, github.serving(hub) as hub_api:
        router.market.now = router.account.now = NOW
        router.market.models = offered(router.market.models[0])
        router.chat.keys = {openrouter_market.KEY}
        router.account.keys = [Key("vane-token", openrouter_market.KEY), Key("vane-dollar", "sk-or-v1-dollar" + "0" * 30)]
        secrets = {
            "OPENROUTER_TOKEN_KEY": openrouter_market.KEY,
            "OPENROUTER_DOLLAR_KEY": router.account.keys[1].secret,
            "OPENROUTER_GRAY_KEY": "",
            "OPENROUTER_MANAGEMENT_KEY": openrouter_spend.MANAGEMENT,
            "OPENCLAW_GATEWAY_TOKEN": "",
            "WEEKLY_APP_KEY": "the app's key",
        }
        variables = {"OPENROUTER_API": router.api, "WEEKLY_APP_CLIENT_ID": "Iv23"}
        yield World(Stage(tmp_path, remote, hub, hub_api, variables, secrets), router)


def test_a_silent_week_makes_no_pull_request(world: World) -> None:
    outcome = world.monday()
    assert outcome.result == "success", outcome.log
    assert world.stage.pulls == []
    assert outcome.jobs["mac"]["result"] == "skipped" and "::notice title=No MLX leg::" in outcome.log
    assert outcome.summary == f"{WEEK}: nothing to propose, no pull request.\n"
    assert world.subjects == [f"{WEEK}: evidence"], "the next week is compared with it"
