"""A Mac follows its releases: forward, back, and what people did in between."""

from __future__ import annotations

import json
import stat

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
