"""Releases go ring by ring, by what Macs report, and stop at the first bad one."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.agent import health, jobs, tell
from deploy.release.reports import reports_at
from tests.deploy.desk import Desk, git
from tests.deploy.fleet import CRASHES, Fleet, new_fleet, rings

CANARY, EARLY, REST = ("mac-000", "mac-001"), ("mac-002", "mac-003"), ("mac-004", "mac-005", "mac-006")


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """No power is cut here either, and a flush costs more than all the rest."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(health, "EVERY_SECONDS", 0.001)
    monkeypatch.setattr(health, "RELOAD_SECONDS", 0)
    monkeypatch.setattr(jobs, "_SPAWN_SECONDS", 0)


@pytest.fixture
def fleet(tmp_path: Path, desk: Desk) -> Fleet:
    return new_fleet(tmp_path, desk, 7)


RINGS = rings(("canary", CANARY, 2, 2), ("early", EARLY, 1, 1))


def settle(fleet: Fleet, name: str) -> None:
    """Bring everybody to a release."""
    for _ in range(6):
        fleet.run()
    assert fleet.with_release(name) == {*fleet.machines}


def syncs(fleet: Fleet, *machines: str) -> list[str]:
    return [report.sync for report in fleet.run(*machines).values()]


def test_a_good_release_goes_ring_by_ring(fleet: Fleet) -> None:
    fleet.publish(RINGS, "one")
    settle(fleet, "one")
    fleet.publish(RINGS, "two")
    assert syncs(fleet, *REST, *EARLY) == ["waiting"] * 5
    assert fleet.run("mac-004")["mac-004"].refusal is not None
    fleet.run(*CANARY)
    assert fleet.with_release("two") == {*CANARY}
    assert syncs(fleet, *EARLY) == ["waiting"] * 2, "a canary must be well twice in a row"
    fleet.run(*CANARY)
    assert syncs(fleet, *REST) == ["waiting"] * 3, "and the ring between comes before the rest"
    assert syncs(fleet, "mac-002") == ["in-sync"]
    assert syncs(fleet, *REST) == ["in-sync"] * 3, "one of the second ring is enough"
    assert fleet.with_release("two") == {*CANARY, "mac-002", *REST}


def test_a_bad_release_stops_at_the_canary(fleet: Fleet) -> None:
    fleet.publish(RINGS, "one")
    settle(fleet, "one")
    fleet.publish(RINGS, "two", CRASHES)
    assert syncs(fleet, "mac-000") == ["rolled-back"]
    for _ in range(3):
        fleet.run()
    assert fleet.with_release("one") == {*fleet.machines}
    waiting = fleet.run("mac-006")["mac-006"]
    assert waiting.refusal is not None
    assert "ring canary: stopped, mac-000 is rolled-back" in waiting.refusal.message
    fleet.publish(RINGS, "three")
    settle(fleet, "three")


def test_one_bad_mac_stops_a_ring_in_which_others_are_enough(fleet: Fleet) -> None:
    some = rings(("canary", CANARY, 1, 1))
    fleet.publish(some, "one")
    settle(fleet, "one")
    fleet.publish(some, "two")
    fleet.run("mac-000")
    report = Path(fleet.reports["folder"]) / "mac-001.json" if fleet.reports else Path()
    data = json.loads(report.read_bytes())
    number = fleet.run("mac-000")["mac-000"].state.highest
    assert number is not None
    data["sync"]["state"], data["offer"] = "refused", {"number": number.number, "commit": number.commit}
    report.write_text(json.dumps(data))
    assert syncs(fleet, "mac-004") == ["waiting"]
    fleet.run("mac-001")
    assert syncs(fleet, "mac-004") == ["in-sync"]


def test_a_canary_that_gets_ill_after_it_was_well(fleet: Fleet) -> None:
    fleet.publish(RINGS, "one")
    settle(fleet, "one")
    fleet.publish(RINGS, "two")
    for _ in range(2):
        fleet.run(*CANARY)
    service = fleet.loaded["mac-001"]["ai.weathervane.server"]
    fleet.loaded["mac-001"]["ai.weathervane.server"] = replace(service, state="exited", pid=None)
    ill = fleet.run("mac-001")["mac-001"]
    assert (ill.sync, ill.soaked) == ("in-sync", 0)
    waiting = fleet.run("mac-002")["mac-002"]
    assert waiting.refusal is not None
    assert "mac-001 is in-sync, health bad" in waiting.refusal.message


def test_without_rings_everybody_takes_it_at_once(fleet: Fleet) -> None:
    fleet.publish(None, "one")
    assert syncs(replace(fleet, reports=None)) == ["in-sync"] * 7


def test_a_change_of_rings_alone_is_a_release(fleet: Fleet) -> None:
    fleet.publish(rings(("canary", CANARY, 1, 1)), "one")
    settle(fleet, "one")
    fleet.publish(rings(("canary", EARLY, 1, 1)), "one")
    before = [each.state.highest for each in fleet.run(*CANARY).values()]
    fleet.run(*EARLY)
    after = [each.state.highest for each in fleet.run(*CANARY).values()]
    assert [origin and origin.number for origin in (*before, *after)] == [1, 1, 2, 2]


def test_a_signed_way_back_waits_for_nobody(fleet: Fleet) -> None:
    first = fleet.publish(RINGS, "one")
    settle(fleet, "one")
    fleet.publish(RINGS, "two")
    settle(fleet, "two")
    git(fleet.desk.project, "checkout", "--quiet", first)
    assert fleet.desk.bundle("main") == 0
    fleet.run(*REST)
    assert fleet.with_release("one") == {*REST}


def test_what_somebody_brings_waits_for_nobody(fleet: Fleet) -> None:
    fleet.publish(RINGS, "one")
    assert fleet.agent("mac-006", brought=True).run().sync == "in-sync"
    assert fleet.with_release("one") == {"mac-006"}


def test_a_plan_says_what_a_pass_would_wait_for(fleet: Fleet) -> None:
    fleet.publish(RINGS, "one")
    settle(fleet, "one")
    fleet.publish(RINGS, "two")
    _, plan, refusal = fleet.agent("mac-006").plan()
    assert refusal is not None
    assert refusal.code == "VD207"
    assert plan.files.changes == ()


def test_who_hears_nothing_waits_and_says_why(fleet: Fleet) -> None:
    fleet.publish(RINGS, "one")
    deaf = replace(fleet, reports=None).run("mac-006")["mac-006"]
    assert deaf.sync == "waiting"
    assert deaf.refusal is not None
    assert "agent.json names no `reports`" in deaf.refusal.message
    lost = replace(fleet, reports={"folder": str(fleet.folder / "nowhere")}).run("mac-006")["mac-006"]
    assert lost.sync == "unreachable"
    assert lost.refusal is not None
    assert lost.refusal.code == "VD208"


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"format": "weathervane-agent-status/1"}', b"\xff" * 9])
def test_what_is_no_report_is_none(fleet: Fleet, content: bytes) -> None:
    assert fleet.reports is not None
    fleet.publish(rings(("canary", ("mac-000",), 1, 1)), "one")
    fleet.run("mac-000")
    (Path(fleet.reports["folder"]) / "mac-000.json").write_bytes(content)
    assert syncs(fleet, "mac-006") == ["waiting"]


def test_a_report_that_is_a_link_is_none(fleet: Fleet) -> None:
    assert fleet.reports is not None
    fleet.publish(rings(("canary", ("mac-000",), 1, 1)), "one")
    fleet.run("mac-000")
    report = Path(fleet.reports["folder"]) / "mac-000.json"
    report.rename(report.with_suffix(".kept"))
    report.symlink_to(report.with_suffix(".kept"))
    assert syncs(fleet, "mac-006") == ["waiting"]


@pytest.mark.parametrize(
    "content",
    [
        b"{}", b"[1]", b"{", b'{"format": "weathervane-rings/2"}', b'{"format": "weathervane-rings/1"}',
        RINGS.replace(b"mac-000", b"../../x"), RINGS.replace(b'"enough": 2', b'"enough": "two"'),
    ],
)  # fmt: skip
def test_rings_that_no_compile_wrote(fleet: Fleet, content: bytes) -> None:
    fleet.publish(content, "one")
    report = fleet.run("mac-000")["mac-000"]
    assert report.sync == "refused"
    assert report.refusal is not None
    assert report.refusal.code == "VD202"


# ---- telling


@pytest.fixture
def told(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Whose reports go out."""
    heard: list[str] = []

    class Heard:
        def __init__(self, place: dict[str, str]) -> None:
            self._reports = reports_at(place)

        def publish(self, machine: str, content: bytes) -> None:
            heard.append(machine)
            self._reports.publish(machine, content)

    monkeypatch.setattr(tell, "reports_at", Heard)
    yield heard


def test_a_report_goes_out_when_it_says_something_new_and_each_hour(fleet: Fleet, told: list[str]) -> None:
    fleet.publish(rings(("canary", ("mac-000",), 3, 1)), "one")
    for _ in range(11):
        fleet.run("mac-000", "mac-006")
    assert told.count("mac-000") == 3, "those that others count"
    assert told.count("mac-006") == 2, "waiting, then in sync"
    fleet.run("mac-000", "mac-006")
    assert told.count("mac-000") == 4
    assert told.count("mac-006") == 3


def test_what_could_not_be_told_is_told_later(fleet: Fleet) -> None:
    assert fleet.reports is not None
    fleet.publish(None, "one")
    folder = Path(fleet.reports["folder"])
    folder.rename(folder.with_name("away"))
    assert syncs(fleet, "mac-000") == ["in-sync"]
    assert "VD208" in (fleet.folder / "mac-000/state/agent.log").read_text()
    folder.with_name("away").rename(folder)
    assert not (folder / "mac-000.json").exists()
    fleet.run("mac-000")
    assert json.loads((folder / "mac-000.json").read_bytes())["machine"] == "mac-000"


def test_others_may_read_a_report_whatever_the_umask(fleet: Fleet) -> None:
    assert fleet.reports is not None
    fleet.publish(None, "one")
    before = os.umask(0o077)
    try:
        fleet.run("mac-000")
    finally:
        os.umask(before)
    report = Path(fleet.reports["folder"]) / "mac-000.json"
    assert stat.S_IMODE(report.stat().st_mode) == 0o644


def test_reports_over_a_git_repository(fleet: Fleet, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "team.git")
    over_git = replace(fleet, reports={"git": str(tmp_path / "team.git")})
    over_git.publish(rings(("canary", ("mac-000",), 2, 1)), "one")
    assert syncs(over_git, "mac-006") == ["waiting"]
    assert syncs(over_git, "mac-000") == ["in-sync"]
    assert syncs(over_git, "mac-006") == ["waiting"]
    over_git.run("mac-000")
    assert syncs(over_git, "mac-006") == ["in-sync"]
    branches = git(tmp_path / "team.git", "for-each-ref", "--format=%(refname)").splitlines()
    assert branches == ["refs/heads/vane-reports/mac-000", "refs/heads/vane-reports/mac-006"]
    for branch in branches:
        assert git(tmp_path / "team.git", "rev-list", "--count", branch) == "1", "no history"


def test_many_macs(tmp_path: Path, desk: Desk) -> None:
    """`make bench` has it with 500; docs/benchmarks.md."""
    fleet = new_fleet(tmp_path, desk, 24)
    canary = fleet.machines[:3]
    some = rings(("canary", canary, 3, 3), ("early", fleet.machines[3:8], 2, 4))
    fleet.publish(some, "one")
    assert fleet.rounds_until("one", 12, seed=1)
    fleet.publish(some, "two", CRASHES)
    touched = set()
    for round in range(4):
        fleet.round(round)
        touched |= {machine for machine in fleet.machines if fleet.was_on(machine, 2)}
    assert touched == {*canary}
    assert fleet.with_release("one") == {*fleet.machines}
    fleet.publish(some, "three")
    assert fleet.rounds_until("three", 12, seed=2)
