"""`vane propose` as people and programs meet it: dry runs, what is left out, what it refuses."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from compiler.diagnostics import errors
from harness.propose import command
from harness.propose.edit import Edit
from harness.propose.evidence import verdicts
from harness.propose.proposal import Proposal, Statement
from harness.propose.trial import try_out
from tests.propose.conftest import Office
from tests.propose.test_a_month import FLASH, HY3, M27, OPUS, at, work
from tests.shipped import copied, edit, targets


def overspent(office: Office) -> Office:
    """A month that passed its cap, synced on Monday 18 May."""
    office.good("compile")
    work(office, "2026-05-01", "2026-05-17", 60)
    office.account.now = at("2026-05-18")
    office.good("spend", "sync")
    return office


def test_a_dry_run_says_all_and_writes_nothing(office: Office) -> None:
    overspent(office)
    before = {file: file.read_bytes() for file in (office.project / "policies").rglob("*") if file.is_file()}
    said = office.good("propose", "--dry-run")
    assert "Downgrade the dollar track to the token track until 2026-W22: would be made" in said
    assert "The dollar track spent $1,020.00 in 2026-05" in said and "(policies/caps.yaml)" in said
    assert "tracks.yaml: set dollar_track.downgraded {until: 2026-W22" in said
    assert "git diff" not in said
    assert before == {file: file.read_bytes() for file in (office.project / "policies").rglob("*") if file.is_file()}
    assert "git diff policies" in office.good("propose")


def test_json_says_the_same(office: Office) -> None:
    overspent(office)
    said = json.loads(office.good("propose", "--dry-run", "--json"))
    assert (said["week"], said["written"]) == ("2026-W21", False)
    (proposal,) = said["proposals"]
    assert proposal["edits"] == [{
        "file": "tracks.yaml", "verb": "set", "path": ["dollar_track", "downgraded"],
        "value": {
            "until": "2026-W22", "to": "token", "except": ["incident"],
            "reason": "2026-05 cost $1,020.00 of $800.00, over the 15 % on top",
        },
    }]  # fmt: skip
    assert [each["rule"] for each in said["not_proposed"]] == ["gray-share"]


def test_a_pause_goes_along_as_a_warning(office: Office) -> None:
    overspent(office)
    denied = "label: credentials\n    deny: [free, gray"
    edit(office.project / "policies/sensitive-data.yaml", (denied, f"{denied}, {FLASH}, {HY3}, {M27}"))
    done = office.run("propose")
    assert done.code == 0
    assert "VN406" in done.err and "scenario 'security-audit' is paused" in done.err
    assert ": made" in done.out


def test_nothing_is_proposed_upon_policies_that_do_not_compile(office: Office) -> None:
    overspent(office)
    edit(office.tracks, ("    - minimax/minimax-m2.7", "    - minimax/nobody-serves-this"))
    text = office.tracks.read_text()
    done = office.run("propose")
    assert (done.code, done.out, "VN203" in done.err) == (1, "", True)
    assert office.tracks.read_text() == text


def proposal(*edits: Edit, title: str = "A change") -> Proposal:
    return Proposal("a-rule", "downgrade", title, (Statement("x", "policies/caps.yaml"),), edits, "x", "high", "x")


def test_proposals_are_tried_upon_each_other_and_a_bad_one_leaves_no_trace(tmp_path: Path) -> None:
    policies = copied(tmp_path) / "policies"
    before = {file: file.read_bytes() for file in policies.rglob("*") if file.is_file()}
    gone, dear, cheap, lost = try_out(
        policies,
        (
            proposal(Edit("tracks.yaml", "set", ("token_track", "primary"), "nobody/serves-this"), title="gone"),
            proposal(Edit("scenarios/batch.yaml", "set", ("route", "primary"), OPUS), title="dear"),
            proposal(Edit("scenarios/batch.yaml", "set", ("route", "primary"), M27), title="cheap"),
            proposal(Edit("fleet.yaml", "set", ("machines", "air-ana", "memory_gb"), 24), title="lost"),
        ),
        targets(),
    )
    assert [trial.holds for trial in (gone, dear, cheap, lost)] == [False, False, True, False]
    assert {finding.code for finding in errors(gone.findings)} == {"VN203"}
    assert {finding.code for finding in errors(dear.findings)} == {"VN802", "VN804"}, (
        "tests.yaml says never, and how dear"
    )
    assert dict(cheap.files)["scenarios/batch.yaml"] == before[policies / "scenarios/batch.yaml"].decode().replace(
        f"primary: {HY3}", f"primary: {M27}"
    )
    assert [finding.code for finding in lost.findings] == ["VP101"]
    assert "shared by aliases" in lost.findings[0].message
    assert before == {file: file.read_bytes() for file in policies.rglob("*") if file.is_file()}


def test_a_proposal_that_fails_is_reported_and_left_out(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    overspent(office)
    dear = proposal(Edit("scenarios/batch.yaml", "set", ("route", "primary"), OPUS), title="Batches on Opus")
    rules = verdicts
    monkeypatch.setattr(command, "verdicts", lambda *known: (dear, *rules(*known)))
    batch = (office.project / "policies/scenarios/batch.yaml").read_bytes()
    done = office.run("propose")
    assert done.code == 0
    assert "Batches on Opus: left out" in done.out and "until 2026-W22: made" in done.out
    assert "VP102" in done.err and "VN802" in done.err
    assert (office.project / "policies/scenarios/batch.yaml").read_bytes() == batch
    assert "downgraded:" in office.tracks.read_text()


def test_a_file_that_changed_meanwhile_is_not_overwritten(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    overspent(office)

    def slow(*known: object) -> object:
        trials = try_out(*known)  # type: ignore[arg-type]  # handed on as it comes
        office.tracks.write_text("# somebody's\n" + office.tracks.read_text())
        return trials

    monkeypatch.setattr(command, "try_out", slow)
    done = office.run("propose")
    assert (done.code, "VP103" in done.err) == (1, True)
    assert office.tracks.read_text().startswith("# somebody's\n") and "downgraded" not in office.tracks.read_text()


def test_without_a_ledger_it_says_so(office: Office) -> None:
    done = office.run("propose")
    assert (done.code, done.out) == (1, "")
    assert "VM220" in done.err and "vane spend sync" in done.err


def test_too_large_a_gray_share_moves_a_scenario(office: Office) -> None:
    office.good("compile")
    for day in range(11, 18):
        when = datetime.datetime(2026, 5, day, 12, tzinfo=datetime.UTC)
        office.account.spend(office.key("token"), FLASH, 80, 0, at=when)
        office.account.spend(office.key("gray"), "openrouter/owl-alpha", 20, 0, at=when)
    office.account.now = at("2026-05-18")
    office.good("spend", "sync")
    said = office.good("propose")
    assert "140 of 700 tokens of 2026-W20 went to gray models: 20.0 %." in said
    assert "track: token\n" in (office.project / "policies/scenarios/gray-trials.yaml").read_text()
    office.good("compile")
