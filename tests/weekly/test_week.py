"""`vane week` with a fake market on a scratch clone with a bare remote: twice, with people in between, and again."""

from __future__ import annotations

import argparse
import datetime
import json
import subprocess
from pathlib import Path

import pytest

from compiler.cli import main, parser
from harness.bench import run_command
from harness.bench.run_options import checked
from harness.bench.store import Store
from harness.clock import Clock
from harness.market import archive
from harness.weekly import command
from harness.weekly.command import steps_of
from harness.weekly.commits import push
from harness.weekly.steps import Monday, bench
from harness.weeks import Week
from tests.propose.known import M27, OWL, permaslugs
from tests.runs.test_store import HEADER
from tests.weekly.conftest import Team, git

SUBJECT = f"{M27} is gone"


def checked_out(team: Team, tmp_path: Path, week: str, name: str = "reviewer") -> Path:
    """The branch as a reviewer has it."""
    folder = tmp_path / name
    branch = f"weathervane/{week}"
    subprocess.run(["git", "clone", "--quiet", "--branch", branch, str(team.remote), str(folder)], check=True)
    return folder


def edited_by_ana(team: Team, tmp_path: Path, week: str) -> str:
    """A person's commit on the bot's branch."""
    folder = checked_out(team, tmp_path, week, "ana")
    file = folder / "policies/caps.yaml"
    file.write_text(file.read_text("utf-8") + "# looked at by Ana\n", "utf-8")
    git(folder, "commit", "--quiet", "--all", "-m", "A note")
    git(folder, "push", "--quiet", "origin", "HEAD")
    return git(folder, "rev-parse", "HEAD")


def holds(team: Team, week: str, commit: str) -> bool:
    return commit in git(team.remote, "rev-list", f"weathervane/{week}").split()


def test_a_week_twice_with_a_person_in_between_and_the_week_after(team: Team, tmp_path: Path) -> None:
    team.withdraw(M27)
    first = team.pushed()
    assert first.code == 0, first.out + first.err
    proposal, evidence = team.subjects("2026-W24")
    assert proposal.startswith(SUBJECT) and evidence == "2026-W24: evidence and generated/"
    assert "branch   weathervane/2026-W24: new" in first.out

    branch = checked_out(team, tmp_path, "2026-W24")
    assert main(["compile", "--check", "-C", str(branch)]) == 0, "the branch compiles, with the new lock"
    assert git(branch, "show", "--format=", "--name-only", "HEAD~1").splitlines() == ["policies/tracks.yaml"]
    text = (branch / "generated/weeks/2026-W24/pull-request.md").read_text("utf-8")
    assert text.startswith(f"# 2026-W24: {M27} is gone") and "- [x] Token and dollar tracks split" in text
    assert "+    - " in text and "# the article writes" in text, "the lines that change, with their comments"
    git(branch, "revert", "--no-edit", "HEAD~1")  # drops the proposal: no conflict

    tip = team.tip("2026-W24")
    team.anew()
    assert "unchanged" in team.pushed().out and team.tip("2026-W24") == tip

    ana = edited_by_ana(team, tmp_path, "2026-W24")
    team.anew()
    again = team.pushed()
    assert again.code == 0, again.err
    assert holds(team, "2026-W24", ana) and team.subjects("2026-W24").count(proposal) == 1

    team.pass_week()
    after = team.pushed()
    assert after.code == 0, after.err
    assert holds(team, "2026-W24", ana), "the open pull request goes on, on top of what people did"
    assert team.tip("2026-W25") == ""
    assert team.subjects("2026-W24")[-1] == "2026-W25: evidence and generated/"


def test_a_silent_week_is_one_line_and_its_evidence_goes_along(team: Team) -> None:
    done = team.pushed()
    assert (done.code, done.out.count("\n")) == (0, 1), done.out + done.err
    assert done.out.startswith("2026-W24: nothing to propose, no pull request; ")
    files = git(team.remote, "ls-tree", "-r", "--name-only", "weathervane/2026-W24", "generated/weeks").splitlines()
    assert "generated/weeks/2026-W24/proposals.json" in files
    assert not any(file.endswith("pull-request.md") for file in files)

    team.pass_week()
    team.withdraw(M27)
    assert team.pushed().code == 0
    files = git(team.remote, "ls-tree", "-r", "--name-only", "weathervane/2026-W25", "generated/weeks").splitlines()
    assert "generated/weeks/2026-W24/proposals.json" in files, "what was not merged is still remembered"
    assert "generated/weeks/2026-W25/pull-request.md" in files

    git(team.project, "fetch", "--quiet")
    git(team.project, "checkout", "--quiet", "--force", "main")
    git(team.project, "clean", "--quiet", "--force", "-d")
    git(team.project, "merge", "--quiet", "--squash", "origin/weathervane/2026-W25")
    git(team.project, "commit", "--quiet", "-m", "Squashed")
    git(team.project, "push", "--quiet", "origin", "main")
    team.pass_week()
    assert team.pushed().code == 0
    assert team.tip("2026-W26"), "a merged branch is not gone on with, however it was merged"


def test_an_open_pull_request_outlives_a_silent_week(team: Team) -> None:
    models = team.server.market.models
    team.withdraw(M27)
    assert team.pushed().code == 0
    team.pass_week()
    team.server.market.models = models
    done = team.pushed()
    assert (done.code, done.out.count("\n")) == (0, 1), done.out + done.err
    assert team.subjects("2026-W24") == ["2026-W25: evidence"], "it is back: nothing is left of the proposal"
    team.pass_week()
    team.withdraw(M27)
    assert team.pushed().code == 0
    assert (team.tip("2026-W25"), team.tip("2026-W26")) == ("", ""), "one pull request at a time"
    assert team.subjects("2026-W24")[-1] == "2026-W26: evidence and generated/"


def test_what_is_below_a_persons_commit_is_told_when_nobody_proposes_it_any_more(team: Team, tmp_path: Path) -> None:
    models = team.server.market.models
    team.withdraw(M27)
    assert team.pushed().code == 0
    edited_by_ana(team, tmp_path, "2026-W24")
    team.pass_week()
    team.server.market.models = [each for each in models if each["id"] != OWL]
    assert team.pushed().code == 0
    text = git(team.remote, "show", "weathervane/2026-W24:generated/weeks/2026-W25/pull-request.md")
    assert M27 in git(team.remote, "diff", "main", "weathervane/2026-W24", "--", "policies/tracks.yaml")
    lead = text.splitlines()[2]
    assert "merging it also merges: 1 commit of people, the earlier " in lead and f"gone {M27}" in lead


def test_what_somebody_pushes_meanwhile_is_not_overwritten(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.withdraw(M27)
    assert team.pushed().code == 0
    team.anew()
    team.withdraw("stepfun/step-3.5-flash")  # so that the branch has to change

    def late(*known: object) -> None:
        late.ana = edited_by_ana(team, tmp_path, "2026-W24")  # type: ignore[attr-defined]
        push(*known)  # type: ignore[arg-type]

    monkeypatch.setattr(command, "push", late)
    done = team.pushed()
    assert (done.code, "VW101" in done.err) == (1, True)
    assert team.tip("2026-W24") == late.ana  # type: ignore[attr-defined]


def test_what_a_person_has_not_pushed_yet_is_not_lost(team: Team) -> None:
    branch = "weathervane/2026-W24"
    team.withdraw(M27)
    assert team.monday("--commit").code == 0
    git(team.project, "stash", "--quiet", "--all")
    git(team.project, "checkout", "--quiet", branch)
    git(team.project, "commit", "--quiet", "--allow-empty", "-m", "A note")
    ana = git(team.project, "rev-parse", "HEAD")
    git(team.project, "checkout", "--quiet", "main")
    done = team.monday("--commit")
    assert (done.code, "VW105" in done.err, ana[:12] in done.err) == (1, True, True)
    assert git(team.project, "rev-parse", branch) == ana
    git(team.project, "push", "--quiet", "origin", branch)
    done = team.monday("--commit")
    assert done.code == 0, done.out + done.err
    assert ana in git(team.project, "rev-list", branch).split(), "the week goes on top of it"


def test_a_step_that_fails_is_said_and_nothing_is_made_of_it(team: Team) -> None:
    team.fault("/datasets/rankings-daily")
    done = team.monday("--skip", "lock")
    assert done.code == 1
    assert "refresh  failed" in done.out
    assert "VM" in done.err
    assert not (team.project / "generated/weeks/2026-W24/rankings.json").exists()


def test_a_lock_that_nothing_mends_stays_off_the_branch(team: Team, tmp_path: Path) -> None:
    team.withdraw(*(slug for slug in permaslugs() if slug != OWL))
    done = team.pushed()
    assert (done.code, "VW104" in done.err) == (0, True)
    assert "nothing that is pinned may stand in" in done.out
    branch = checked_out(team, tmp_path, "2026-W24")
    assert main(["compile", "--check", "-C", str(branch)]) == 0
    assert team.subjects("2026-W24") == ["2026-W24: evidence"]


def test_a_run_that_was_cut_off_goes_on_and_one_that_is_there_is_not_bought_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `bench run` is asked; that it pays no call twice is told by its own tests."""
    asked: list[argparse.Namespace] = []

    def is_asked(each: argparse.Namespace) -> int:
        checked(each, now)  # it is called rightly
        asked.append(each)
        return 0

    monkeypatch.setattr(run_command, "run", is_asked)
    week = Week(2026, 48)
    now = datetime.datetime(2026, 11, 30, 6, tzinfo=datetime.UTC)
    monday = Monday(tmp_path, week, Clock(now=lambda: now), None, None, "5", ("mlx",))
    assert bench(monday).state == "done"
    assert (asked[-1].resume, asked[-1].week, asked[-1].leg, asked[-1].max_usd) == (None, str(week), ["mlx"], "5")

    cut_off = tmp_path / ".vane/runs" / f"{week}.jsonl"
    with Store(cut_off, HEADER):
        pass
    assert bench(monday).state == "done"
    assert (asked[-1].resume, asked[-1].max_usd, asked[-1].leg) == (cut_off, "5", None)

    now += datetime.timedelta(days=7)
    assert (bench(monday).state, len(asked)) == ("skipped", 2), "another week has ended since"
    archive.folder(tmp_path, week).mkdir(parents=True)
    (archive.folder(tmp_path, week) / "harness.json").write_text("{}")
    assert (bench(monday).state, len(asked)) == ("done", 2)


def test_what_is_not_committed_is_not_mixed_in(team: Team) -> None:
    file = team.project / "policies/caps.yaml"
    before = file.read_bytes()
    file.write_bytes(before + b"# mine\n")
    done = team.monday("--commit")
    assert (done.code, "VW102" in done.err, team.server.market.asked) == (1, True, [])
    file.write_bytes(before)
    git(team.project, "checkout", "--quiet", "-b", "weathervane/2026-W24")
    done = team.monday("--commit")
    assert (done.code, "VW103" in done.err) == (1, True)


@pytest.mark.parametrize(
    ("words", "steps"),
    [
        ([], "refresh bench spend lock propose report"),
        (["--skip", "bench", "--skip", "lock"], "refresh spend propose report"),
        (["--only", "report", "--only", "propose"], "propose report"),
        (["--from", "spend"], "spend lock propose report"),
        (["--from", "spend", "--skip", "report"], "spend lock propose"),
    ],
)
def test_steps_run_in_their_order_whatever_is_left_out(words: list[str], steps: str) -> None:
    assert " ".join(steps_of(parser().parse_args(["week", *words]))) == steps


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["2026-W60"], "2026 has no week 60"),
        (["--max-usd", "5 USD"], "--max-usd takes an amount such as 2.50, not '5 USD'"),
        (["--max-usd", ""], "--max-usd takes an amount such as 2.50, not ''"),
        (["--push"], "--push pushes what --commit makes"),
        (["--commit", "--skip", "propose"], "--commit commits what the step propose comes to"),
    ],
)
def test_contradictions_are_called_wrongly(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["week", *words]) == 2
    assert said in capsys.readouterr().err


def test_proposals_json_says_what_a_workflow_needs(team: Team) -> None:
    team.withdraw(M27)
    assert team.monday().code == 0
    data = json.loads((team.project / "generated/weeks/2026-W24/proposals.json").read_bytes())
    assert data["title"].startswith(f"2026-W24: {M27} is gone") and data["pull_request"] is True
    assert git(team.project, "status", "--porcelain", "policies") == "M policies/models.lock.json", (
        "policies are people's"
    )
