"""People at work on the bot's branch: what the branch holds, and what its text says that it holds."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from harness.market import archive
from harness.weekly.git import EMAIL
from tests.fakes.openrouter_market import Fault
from tests.propose.known import HY3, M27
from tests.weekly.conftest import Team, git

WEEK, BRANCH = "2026-W24", "weathervane/2026-W24"


def reviewed(team: Team, tmp_path: Path, *commands: tuple[str, ...], change: Callable[[Path], object] = id) -> str:
    """A person changes the branch and pushes it; gives where it then ends."""
    folder = tmp_path / "ana"
    subprocess.run(["git", "clone", "--quiet", "--branch", BRANCH, str(team.remote), str(folder)], check=True)
    change(folder)
    for command in commands:
        git(folder, *command)
    git(folder, "push", "--quiet", "--force", "origin", BRANCH)
    return git(folder, "rev-parse", "HEAD")


def noted(folder: Path) -> None:
    file = folder / "policies/caps.yaml"
    file.write_text(f"{file.read_text('utf-8')}# looked at by Ana\n", "utf-8")


NOTE = ("commit", "--quiet", "--all", "-m", "A note")


def tracks(team: Team) -> str:
    return git(team.remote, "show", f"{BRANCH}:policies/tracks.yaml")


def text_of(team: Team, week: str) -> str:
    return git(team.remote, "show", f"{BRANCH}:{archive.FOLDER}/{week}/pull-request.md")


def stand_in(team: Team) -> str:
    """The model that the newest text puts in the place of the one that is gone."""
    title = next(line for line in reversed(team.subjects(WEEK)) if line.startswith(f"{M27} is gone: "))
    return title.removeprefix(f"{M27} is gone: ").removesuffix(" instead")


def lose(team: Team, slug: str) -> None:
    """Nothing of our work can go to it any more."""
    for each in team.server.market.models:
        if each["id"] == slug:
            each["supported_parameters"] = ["max_tokens"]


def test_another_edit_of_the_same_proposal_takes_the_place_of_the_bots_own(team: Team, tmp_path: Path) -> None:
    team.withdraw(M27)
    assert team.pushed().code == 0
    first = stand_in(team)
    ana = reviewed(team, tmp_path, NOTE, change=noted)
    lose(team, first)
    team.pass_week()
    done = team.pushed()
    assert done.code == 0, done.out + done.err
    second = stand_in(team)
    assert second != first and second in tracks(team) and f"- {first}" not in tracks(team), "as the text says"
    assert team.subjects(WEEK)[2:5] == [
        "A note",
        f"Taken back: {M27} is gone: {first} instead",
        f"{M27} is gone: {second} instead",
    ]
    assert ana in git(team.remote, "rev-list", BRANCH).split()
    assert f"{second} instead" in text_of(team, "2026-W25").partition("\n")[0]
    tip = team.tip(WEEK)
    team.anew()
    assert "unchanged" in team.pushed().out and team.tip(WEEK) == tip


def test_a_proposal_on_the_same_route_takes_the_place_of_the_bots_own(team: Team, tmp_path: Path) -> None:
    """Another model is gone as well: that is another proposal, and its edits are those of the first and more."""
    team.withdraw(M27)
    assert team.pushed().code == 0
    first = stand_in(team)
    reviewed(team, tmp_path, NOTE, change=noted)
    team.withdraw(HY3)
    team.pass_week()
    done = team.pushed()
    assert done.code == 0, done.out + done.err
    subjects = team.subjects(WEEK)[3:]
    assert subjects[0] == f"Taken back: {M27} is gone: {first} instead"
    assert subjects[1].startswith(f"{M27} is gone and {HY3} is gone: ")
    assert "the earlier" not in text_of(team, "2026-W25").splitlines()[2]
    holds = git(team.remote, "diff", f"main..{BRANCH}", "--", "policies/*.yaml", ":!policies/caps.yaml")
    told = text_of(team, "2026-W25").partition("```diff")[2].partition("```")[0]
    assert changed(holds) == changed(told)


def changed(diff: str) -> list[str]:
    """The lines that it takes out and puts in."""
    return sorted(line for line in diff.splitlines() if line[:1] in ("+", "-") and line[:3] not in ("+++", "---"))


def test_what_people_took_back_is_not_made_again_and_the_text_says_so(team: Team, tmp_path: Path) -> None:
    team.withdraw(M27)
    assert team.pushed().code == 0
    first = stand_in(team)
    reviewed(team, tmp_path, ("revert", "--no-edit", "HEAD~1"))
    lose(team, first)
    team.pass_week()
    done = team.pushed()
    assert (done.code, "VW104" in done.err) == (0, True), "with the new lock it does not compile without the proposal"
    assert tracks(team) == git(team.remote, "show", "main:policies/tracks.yaml"), "people's answer stays"
    lead = text_of(team, "2026-W25").splitlines()[2]
    assert f"people changed it here or took it back: 'gone {M27}'" in lead
    assert "the earlier" not in lead, "merging the branch does not merge it"


def test_a_commit_of_the_bots_that_a_person_amended_is_the_persons(team: Team, tmp_path: Path) -> None:
    team.withdraw(M27)
    assert team.pushed().code == 0
    ana = reviewed(team, tmp_path, ("commit", "--quiet", "--all", "--amend", "--no-edit"), change=noted)
    assert git(team.remote, "log", "-1", "--format=%ae", BRANCH) == EMAIL, "git keeps the author"
    team.pass_week()
    assert team.pushed().code == 0
    assert ana in git(team.remote, "rev-list", BRANCH).split()


def test_a_merge_of_main_keeps_no_evidence_from_being_told_anew(team: Team, tmp_path: Path) -> None:
    """GitHub's button "Update branch": against main every file of the branch is changed, and none by that person."""
    team.withdraw(M27)
    assert team.pushed().code == 0
    noted(team.project)
    git(team.project, *NOTE)
    git(team.project, "push", "--quiet", "origin", "main")
    merge = reviewed(team, tmp_path, ("merge", "--quiet", "--no-ff", "-m", "Update branch", "origin/main"))
    team.pass_week()
    done = team.pushed()
    assert done.code == 0, done.out + done.err
    assert merge in git(team.remote, "rev-list", BRANCH).split()
    assert "2026-W25" in git(team.remote, "show", f"{BRANCH}:{archive.FOLDER}/index.html")


def test_what_is_open_on_the_branch_counts_against_the_ceiling(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.propose.settle.CEILING", 1)
    models = team.server.market.models
    team.withdraw(M27)
    assert team.pushed().code == 0
    reviewed(team, tmp_path, NOTE, change=noted)
    team.server.market.models = models
    team.pass_week()
    team.server.market.faults.append(Fault("/datasets/rankings-daily", 99, change=with_an_entrant))
    assert team.pushed().code == 0
    data = json.loads(git(team.remote, "show", f"{BRANCH}:{archive.FOLDER}/2026-W25/proposals.json"))
    assert data["proposals"] == []
    why = [each["reason"] for each in data["looked_at"] if "acme/launch" in each["what"]]
    assert why == ["the 1 most urgent come first, and the branch has 1 earlier one still"]


def with_an_entrant(answer: Any) -> Any:
    """The second of every day has another name."""
    second = answer["data"][1]["model_permaslug"]
    for row in answer["data"]:
        if row["model_permaslug"] == second:
            row["model_permaslug"] = "acme/launch"
    return answer


def test_the_same_week_is_the_same_commits_and_can_be_looked_at(team: Team) -> None:
    """Also without a push, at another hour, and by somebody whose git has a name."""
    team.withdraw(M27)
    first = team.monday("--commit")
    assert f"branch   {BRANCH}: new" in first.out
    commit = git(team.project, "rev-parse", BRANCH)
    assert f"branch   {BRANCH}: unchanged" in team.monday("--commit").out
    assert git(team.project, "rev-parse", BRANCH) == commit
    dates = git(team.project, "log", "--format=%aI %cI", f"main..{BRANCH}").splitlines()
    assert {*dates} == {"2026-06-15T00:00:00+00:00 2026-06-15T00:00:00+00:00"}

    (look,) = (line.removeprefix("look     ") for line in first.out.splitlines() if line.startswith("look "))
    subprocess.run(look, shell=True, check=True, capture_output=True)
    tree = team.project.parent / WEEK
    assert main(["compile", "--check", "-C", str(tree)]) == 0
    assert git(team.project, "status", "--porcelain", "policies") == "M policies/models.lock.json"

    refused = team.monday("--commit")
    assert (refused.code, "VW103" in refused.err, f"git worktree remove {tree}" in refused.err) == (1, True, True)
    assert git(tree, "status", "--porcelain") == "", "no tree looks changed because the branch has moved"
