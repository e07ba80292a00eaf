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
from tests.fakes import github, openrouter_market, openrouter_spend, openrouter_whole
from tests.fakes.openrouter_spend import Key
from tests.propose.known import M27
from tests.rehearsal import PROJECT, Outcome, Stage
from tests.shipped import edit
from tests.weekly.conftest import git, offered

NOW = datetime.datetime.now(datetime.UTC)
WEEK = Week.last_complete(NOW)
BRANCH = f"weathervane/{WEEK}"
#: What the tool takes for a name, and what it does not.
SHARP = "](http://x) @team <script>alert(1)</script> ::set-output name=x::y ##[error]e `$(touch here)` #1"
HOSTILE = f"{SHARP}\n::set-output name=x::y\n::add-mask::e \u202egnp"
COMMAND = re.compile(r"^\s*::|##\[", re.MULTILINE)
NOT_TRIED = "- OPENROUTER_GRAY_KEY for the trial of gray-trials: whether openrouter/owl-alpha got better or worse"


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

    def pay_for_trials(self) -> None:
        """The gray track has its key."""
        gray = Key("vane-gray", "sk-or-v1-gray" + "0" * 30)
        self.stage.secrets["OPENROUTER_GRAY_KEY"] = gray.secret
        self.router.account.keys.append(gray)
        self.router.chat.keys.add(gray.secret)

    def overspend(self) -> None:
        """The dollar track's key is charged more than its cap on the week's last day."""
        noon = datetime.datetime.combine(WEEK.sunday, datetime.time(12), datetime.UTC)
        account = self.router.account
        account.spend(account.keys[1], "anthropic/claude-opus-4.7", 10**6, 10**6, at=noon, usd=Decimal(1000))

    def shown(self, name: str) -> str:
        """A file of the branch."""
        command = ["git", "-C", str(self.stage.remote), "show", f"{BRANCH}:{name}"]
        return subprocess.run(command, check=True, capture_output=True).stdout.decode()

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
        router.account.keys = [
            Key("vane-token", openrouter_market.KEY),
            Key("vane-dollar", "sk-or-v1-dollar" + "0" * 30),
        ]
        secrets = {
            "OPENROUTER_TOKEN_KEY": openrouter_market.KEY,
            "OPENROUTER_DOLLAR_KEY": router.account.keys[1].secret,
            "OPENROUTER_GRAY_KEY": "",
            "OPENROUTER_MANAGEMENT_KEY": openrouter_spend.MANAGEMENT,
            "OPENCLAW_GATEWAY_TOKEN": "",
            "WEEKLY_APP_PRIVATE_KEY": "the app's key",
        }
        variables = {"OPENROUTER_API": router.api, "WEEKLY_APP_CLIENT_ID": "Iv23"}
        yield World(Stage(tmp_path, remote, hub, hub_api, variables, secrets), router)


def test_mondays_of_one_week(world: World) -> None:
    """Nothing to propose; something; the same again; and people at work on the branch."""
    world.stage.variables["MLX_RUNNER"] = "studio"
    world.stage.told["mac"] = f"--mlx-url {world.router.chat.address}"
    quiet = world.monday()
    assert quiet.result == "success", quiet.log
    assert world.stage.pulls == []
    assert quiet.summary == f"{WEEK}: nothing to propose, no pull request.\n"
    assert world.subjects == [f"{WEEK}: evidence"], "the next week is compared with it"
    harness = json.loads(world.shown(f"generated/weeks/{WEEK}/harness.json"))
    assert {(leg["leg"], leg["trial"]) for leg in harness["summary"]["legs"]} == {("mlx", ""), ("openrouter", "")}
    assert "VB322 warning: OPENROUTER_GRAY_KEY is not set" in quiet.step("The suite through OpenRouter").log

    del world.stage.variables["MLX_RUNNER"]
    world.withdraw(M27)
    asked = world.router.chat.count
    first = world.monday()
    assert first.result == "success", first.log
    (pull,) = world.stage.pulls
    assert pull["head"] == BRANCH and pull["title"].startswith(f"{WEEK}: {M27} is gone")
    assert pull["labels"] == ["weathervane"] and not pull["auto_merge"], "somebody decides"
    assert pull["body"].startswith("Evidence of ") and pull["body"] in first.summary
    assert NOT_TRIED in pull["body"].replace("\\", "")
    assert world.subjects[0].startswith(f"{M27} is gone") and len(world.subjects) == 2
    assert first.step("Which run kept").outputs == {"run": "1"}
    assert world.router.chat.count == asked, "the week has its run already: nothing is bought twice"

    tip = world.tip
    assert world.monday().result == "success"
    assert (world.tip, world.stage.pulls) == (tip, [pull]), "the same Monday again changes nothing"

    ana, hasty = world.commit("A note", _note), list[str]()
    world.stage.before["Open or update the pull request"] = lambda: hasty.append(world.commit("In a hurry", _note))
    raced = world.monday()
    assert ana in git(world.stage.remote, "rev-list", BRANCH).split(), "the week goes on top of people's commits"
    assert (raced.result, raced.step("Open or update").outcome) == ("failure", "failure")
    assert world.tip == hasty[0], "what somebody pushed meanwhile is not overwritten"


def test_steps_that_fail_and_what_may_merge_by_itself(world: World) -> None:
    """Odd rankings and a name of 2 MB: the job is red. The dollar track is over its cap: what is known is proposed.

    And the gray pool is asked on trial, since there is a key for it.
    """
    odd = {"date": str(WEEK.monday), "model_permaslug": HOSTILE, "total_tokens": "7"}
    change = openrouter_market.Fault("/datasets/", times=99, change=lambda answer: {**answer, "data": [odd]})
    world.router.market.faults.append(change)
    for model, name in zip(world.router.market.models, ("A" * 2_000_000, HOSTILE), strict=False):
        model["name"] = name
    world.overspend()
    world.pay_for_trials()
    outcome = world.monday()
    assert (outcome.result, outcome.step("Market").outcome) == ("failure", "failure")
    assert outcome.jobs["mac"]["result"] == "skipped" and "::notice title=No MLX leg::" in outcome.log
    assert "model_permaslug is '](http" in outcome.log and "at most 2000 characters" in outcome.log
    assert "\u202e" not in outcome.log
    assert max(map(len, outcome.log.splitlines())) < 2_000
    (pull,) = world.stage.pulls
    assert pull["title"].startswith(f"{WEEK}: Downgrade the dollar track")
    assert pull["labels"] == ["weathervane", "auto-merge"] and pull["auto_merge"], "tracks.yaml allows it"
    assert "- rankings of this week, or of one before it: what moved is not known" in pull["body"]
    assert "alert(1)" not in pull["body"], "what is refused is not quoted to reviewers"
    harness = json.loads(world.shown(f"generated/weeks/{WEEK}/harness.json"))
    (tried,) = (leg for leg in harness["summary"]["legs"] if leg["trial"])
    assert (tried["trial"], tried["models"], tried["unanswered"]) == ("gray-trials", ["openrouter/owl-alpha"], {})
    assert NOT_TRIED not in pull["body"].replace("\\", "")


def test_hostile_words(world: World) -> None:
    """Names, descriptions and providers of the market, in everything that a Monday writes."""
    world.stage.is_drawn = True
    world.withdraw(M27)
    for model in world.router.market.models:
        model |= {"name": f"{SHARP} {model['id']}", "description": HOSTILE}
    world.router.market.faults.append(
        openrouter_market.Fault("/endpoints", times=99, change=lambda answer: _named(answer, SHARP))
    )
    outcome = world.monday()
    assert outcome.step("What the pull request says").outcome == "success", outcome.log
    assert len(world.stage.pulls) == 1, outcome.log
    (pull,) = world.stage.pulls
    written = _all_text(world)
    assert len(pull["body"]) < 60_000 and max(map(len, written.values())) < 5_000_000
    for name, text in {**written, "title": pull["title"], "body": pull["body"], "log": outcome.log}.items():
        assert "\u202e" not in text, f"{name} turns the direction of text"
        assert "<script>alert" not in text or name.endswith((".json", ".jsonl")), f"{name} holds a script"
        assert name.endswith((".json", ".html")) or "@team" not in text, f"{name} calls people"
    assert "alert(1)" in pull["body"].replace("\\", ""), "it is said who asks less"
    assert not re.search(r"(?<!\\)(?:<script|\]\(http://x|`\$|@team)", pull["body"])
    page = written[f"generated/weeks/{WEEK}/index.html"]
    assert "&lt;script&gt;alert(1)" in page
    assert set(outcome.step("What the pull request says").outputs) == OUTPUTS
    assert [step.name for step in outcome.steps if "x" in step.outputs] == [], "no output is forged"
    assert not [*world.stage.folder.rglob("here")], "and nothing is run"
    policies = git(world.stage.remote, "diff", f"main..{BRANCH}", "--", "policies/*.yaml")
    assert "script" not in policies and M27 in policies


OUTPUTS = {"branch", "commit", "pull-request", "title", "body", "labels", "ours", "auto-merge"}


def _named(answer: Any, words: str) -> Any:
    """An answer about endpoints, with another name for every provider, who asks next to nothing."""
    listed = answer["data"] if isinstance(answer["data"], list) else answer["data"]["endpoints"]
    for endpoint in listed:
        endpoint |= {"provider_name": words, "name": words, "tag": words}
        endpoint["pricing"] = {**endpoint["pricing"], "prompt": "0.00000001", "completion": "0.00000001"}
    return answer


def _all_text(world: World) -> dict[str, str]:
    """Every file of the branch that is text and not there on main."""
    names = git(world.stage.remote, "diff", "--name-only", f"main..{BRANCH}").splitlines()
    return {name: world.shown(name) for name in names if not name.endswith(".png")}


def _note(clone: Path) -> None:
    file = clone / "policies/caps.yaml"
    file.write_text(f"{file.read_text('utf-8')}# looked at\n", "utf-8")
