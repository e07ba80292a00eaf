"""A Mac follows its releases: forward, back, and what people did in between."""

from __future__ import annotations

import json
import random
import stat
from pathlib import Path

import pytest

from tests.deploy.desk import Desk, openclaw, plist
from tests.deploy.rehearsal import GUI, Rehearsal

SERVER, OTHER = "ai.weathervane.mlx2", "ai.weathervane.other"
OLD = {
    "openclaw.json": openclaw(agents={"a": 1}),
    "policy.jsonc": b"{}\n",
    f"launchd/{SERVER}.plist": plist(SERVER, KeepAlive=True),
    f"launchd/{OTHER}.plist": plist(OTHER, StartInterval=300),
}
NEW = {
    "openclaw.json": openclaw(agents={"a": 2}),
    f"launchd/{SERVER}.plist": plist(SERVER, KeepAlive=True, Nice=5),
}


def test_first_release_arrives_and_is_owner_only(mac: Rehearsal, desk: Desk) -> None:
    digest = desk.publish(OLD)
    report = mac.run()
    assert (report.sync, mac.state.current, mac.state.journal) == ("in-sync", digest, None)
    assert mac.file(".openclaw/openclaw.json") == OLD["openclaw.json"]
    file = mac.home / ".openclaw/openclaw.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert mac.loaded(SERVER) == OLD[f"launchd/{SERVER}.plist"]
    status = json.loads((mac.state_folder / "status.json").read_bytes())
    assert status["sync"]["state"] == "in-sync"
    assert status["health"]["state"] == "good"
    assert status["release"]["digest"] == digest
    assert status["release"]["number"] == 1


def test_second_pass_touches_nothing(mac: Rehearsal, desk: Desk) -> None:
    desk.publish(OLD)
    mac.run()
    mac.calls()
    inode = (mac.home / ".openclaw/openclaw.json").stat().st_ino
    assert mac.run().sync == "in-sync"
    assert mac.calls() == []
    assert (mac.home / ".openclaw/openclaw.json").stat().st_ino == inode


def test_next_release_reloads_what_changed_and_removes_what_is_gone(mac: Rehearsal, desk: Desk) -> None:
    desk.publish(OLD)
    mac.run()
    mac.calls()
    digest = desk.publish(NEW)
    assert mac.run().sync == "in-sync"
    assert mac.state.current == digest
    assert not (mac.home / ".openclaw/policy.jsonc").exists()
    assert not (mac.home / f"Library/LaunchAgents/{OTHER}.plist").exists()
    assert mac.loaded(OTHER) is None
    assert mac.loaded(SERVER) == NEW[f"launchd/{SERVER}.plist"]
    file = mac.home / f"Library/LaunchAgents/{SERVER}.plist"
    assert mac.calls() == [
        f"bootout {GUI}/{OTHER}",
        f"bootout {GUI}/{SERVER}",
        f"enable {GUI}/{SERVER}",
        f"bootstrap {GUI} {file}",
    ]


def test_what_the_compiler_writes_for_a_laptop_arrives(mac: Rehearsal, desk: Desk) -> None:
    """The shipped air-ana, with this Mac's prefix: every file finds its place, and the guard is where hooks call it."""
    folder = Path(__file__).parents[2] / "generated/machines/air-ana"
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes().replace(b"/opt/weathervane", bytes(mac.prefix))
        for path in folder.rglob("*")
        if path.is_file()
    }
    desk.publish(files)
    report = mac.run()
    own = "ai.weathervane.deploy: its new property list holds from the next login or start"
    assert (report.sync, report.pending) == ("in-sync", (own,))
    placed = {
        ".openclaw/openclaw.json": "openclaw.json",
        ".openclaw/policy.jsonc": "policy.jsonc",
        ".cursor/hooks.json": "cursor/hooks.json",
        ".cursor/permissions.json": "cursor/permissions.json",
        "Library/LaunchAgents/ai.weathervane.mlx.plist": "launchd/ai.weathervane.mlx.plist",
        "Library/LaunchAgents/ai.weathervane.deploy.plist": "launchd/ai.weathervane.deploy.plist",
    }
    assert {place: mac.file(place) for place in placed} == {place: files[path] for place, path in placed.items()}
    guard = mac.prefix / "cursor/vane-cursor-guard"
    assert guard.read_bytes() == files["cursor/vane-cursor-guard"]
    assert stat.S_IMODE(guard.stat().st_mode) == 0o755
    assert report.health["mlx"].verdict == "missing"
    assert mac.run().sync == "in-sync"


def test_a_fleet_does_not_ask_at_one_moment(mac: Rehearsal, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        drawn.append((low, high))
        return 0

    monkeypatch.setattr(random, "uniform", draw)
    desk.publish({"policy.jsonc": b"{}\n"})
    assert mac.run(is_scheduled=True).sync == "in-sync"
    assert mac.having(jitter_seconds=20).run(is_scheduled=True).sync == "in-sync"
    assert drawn == [(0, 60), (0, 20)]
    mac.run()
    assert len(drawn) == 2, "a person's pass begins at once"


def test_files_that_this_agent_does_not_know_are_left_in_the_release(mac: Rehearsal, desk: Desk) -> None:
    desk.publish({"policy.jsonc": b"{}\n", "zed/settings.json": b"{}\n"})
    assert mac.run().sync == "in-sync"
    assert "nothing here takes the release's zed files" in (mac.state_folder / "agent.log").read_text()
