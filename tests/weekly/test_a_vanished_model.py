"""A whole week, all its steps, in which a model of a route is gone: when its evidence is wanted most.

With the new lock the policies do not compile, so harness and ledger are asked by the one that is merged.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator

import pytest

from compiler.cli import parser
from harness.clock import Clock
from harness.market import archive
from harness.market.spend.sync_command import VARIABLE
from harness.propose.week_evidence import LOCK
from harness.weekly.arguments import STEPS
from harness.weekly.command import run
from harness.weeks import Week
from tests.fakes import chat, openrouter_market, openrouter_spend, openrouter_whole
from tests.fakes.openrouter_spend import Key
from tests.market.desk import Done
from tests.propose.known import FLASH, M27
from tests.shipped import edit
from tests.weekly.conftest import Team, git, offered

NOW = datetime.datetime.now(datetime.UTC)  # a run is evidence for a week that is over when it begins
WEEK = Week.last_complete(NOW)


@pytest.fixture
def router(team: Team, monkeypatch: pytest.MonkeyPatch) -> Iterator[openrouter_whole.Whole]:
    """An OpenRouter that serves M27 no more and knows what was spent."""
    with openrouter_whole.serving() as router:
        router.market.now = router.account.now = NOW
        router.market.models = [each for each in offered(router.market.models[0]) if each["id"] != M27]
        router.chat.keys = {openrouter_market.KEY}
        router.chat.rule = lambda call: (
            chat.refused(404, f"No endpoints found for {M27}.") if call.model == M27 else chat.said(call)
        )
        router.account.keys = [Key(f"vane-{track}", openrouter_market.KEY + track) for track in ("dollar", "gray")]
        router.account.keys.append(Key("vane-token", openrouter_market.KEY))
        noon = datetime.datetime.combine(WEEK.sunday, datetime.time(12), datetime.UTC)
        router.account.spend(router.account.keys[-1], FLASH, 10**6, 10**5, at=noon)
        for key in router.account.keys:
            monkeypatch.setenv(f"OPENROUTER_{key.name.removeprefix('vane-').upper()}_KEY", key.secret)
        monkeypatch.setenv(VARIABLE, openrouter_spend.MANAGEMENT)
        yield router


def week(team: Team, router: openrouter_whole.Whole, *words: str) -> Done:
    team.capture.readouterr()
    asked = parser().parse_args(["week", "-C", str(team.project), "--api", router.api, "--leg", "openrouter", *words])
    code = run(asked, Clock(now=lambda: NOW, pause=lambda _: None))
    return Done(code, *team.capture.readouterr())


def test_its_route_gets_a_replacement_with_the_weeks_evidence(team: Team, router: openrouter_whole.Whole) -> None:
    edit(team.project / "policies/acceptance.yaml", ("repeats: 12", "repeats: 1"))
    git(team.project, "commit", "--quiet", "--all", "-m", "A short run")
    done = week(team, router, "--commit")
    assert done.code == 0, done.out + done.err
    for step in STEPS:
        assert f"\n{step:8} done" in done.out
    branch = f"weathervane/{WEEK}"
    files = git(team.project, "ls-tree", "--name-only", branch, f"{archive.FOLDER}/{WEEK}/").splitlines()
    assert {"rankings.json", "prices.json", "harness.json", "spend.json"} <= {file.rpartition("/")[2] for file in files}
    data = json.loads(git(team.project, "show", f"{branch}:{archive.FOLDER}/{WEEK}/proposals.json"))
    (proposal, *_) = data["proposals"]
    assert proposal["key"] == f"gone {M27}"
    assert not any("the ledger:" in each or "a harness run:" in each for each in data["missing"]), data["missing"]
    assert M27 not in json.loads(git(team.project, "show", f"{branch}:{LOCK}"))["models"], "and the lock is the new one"

    spend, new = archive.folder(team.project, WEEK) / "spend.json", (team.project / LOCK).read_bytes()
    spend.unlink()
    again = week(team, router, "--only", "spend")
    assert again.code == 0, again.out + again.err
    assert spend.is_file() and (team.project / LOCK).read_bytes() == new, "also when the new lock lies there"
