"""The guards' files on a Mac: in place before what names them, their owner's alone, and their record never touched."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from deploy.agent.files import Change, plan_files
from deploy.agent.guards import guards, seen
from deploy.agent.ledger import read_ledger
from deploy.agent.placements import placements
from deploy.agent.roles import role_checks
from deploy.agent.status import read_report, report_data, report_text
from deploy.release.archive import unpack
from tests.deploy.desk import Desk, hooks, openclaw, plist
from tests.deploy.rehearsal import Rehearsal
from tests.fakes.gateway import gateway

GATEWAY = "ai.openclaw.gateway"
PLUGIN = ("index.js", "labels.js", "package.json", "openclaw.plugin.json")
GUARD = ".openclaw/guard"
POLICY = b'{"format": "weathervane/guard/1"}\n'


def release(
    mac: Rehearsal, policy: bytes = b'{"format": "weathervane/guard/1"}\n', program: bytes = b"//\n", **more: Any
) -> dict[str, bytes]:
    """A laptop's, with both guards."""
    return {
        "openclaw.json": openclaw(plugins={"load": {"paths": ["~/.openclaw/guard"]}}, **more),
        "guard/guard.json": policy,
        **{f"guard/{name}": program for name in PLUGIN},
        "cursor/hooks.json": hooks(mac.prefix),
        "cursor/guard.json": policy,
        "cursor/vane-cursor-guard": b"#!/bin/sh\n",
    }  # fmt: skip


def tell(mac: Rehearsal, policy: bytes, folder: str = f"{GUARD}/state", **changes: Any) -> Path:
    """What a guard says of itself."""
    at = datetime.datetime.now(datetime.UTC).isoformat()
    file = mac.home / folder / "status.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    said = {"ok": True, "problem": None, "at": at, "started": at, "policy_sha256": hashlib.sha256(policy).hexdigest()}
    file.write_text(json.dumps({**said, **changes}))
    return file


def order(mac: Rehearsal, files: dict[str, bytes]) -> list[tuple[str, str]]:
    """What a pass would do, in turn."""
    mac.desk.publish(files)
    bundle = unpack((mac.desk.out / f"{mac.desk.newest()}.tar").read_bytes())
    plan = plan_files(placements(bundle, mac.site, mac.settings), read_ledger(mac.state_folder), mac.site, None)
    return [(change.verb, _short(change, mac)) for change in plan.changes]


def _short(change: Change, mac: Rehearsal) -> str:
    return str(change.place).replace(f"{mac.home}/", "~/").replace(f"{mac.prefix}/", "/opt/")


def test_a_guard_is_there_before_openclaw_is_told_of_it_and_longer(mac: Rehearsal) -> None:
    """OpenClaw takes a configuration whose plugin is missing, and runs without it."""
    added = order(mac, release(mac))
    assert mac.run().sync == "in-sync"
    names = [name for _, name in added]
    assert {verb for verb, _ in added} == {"add"}
    of_guard = [index for index, name in enumerate(names) if name.startswith(f"~/{GUARD}/")]
    assert max(of_guard) < names.index("~/.openclaw/openclaw.json")
    assert (
        names.index("/opt/cursor/guard.json")
        < names.index("/opt/cursor/vane-cursor-guard")
        < names.index("~/.cursor/hooks.json")
    )
    gone = [name for verb, name in order(mac, {"policy.jsonc": b"{}\n"}) if verb == "remove"]
    assert gone.index("~/.openclaw/openclaw.json") < first_of_guard(gone)
    assert gone.index("~/.cursor/hooks.json") < gone.index("/opt/cursor/guard.json")
    changed = [name for _, name in order(mac, {"openclaw.json": openclaw(agents={})})]
    assert changed.index("~/.openclaw/openclaw.json") < first_of_guard(changed)


def first_of_guard(names: list[str]) -> int:
    return min(index for index, name in enumerate(names) if name.startswith(f"~/{GUARD}/"))


def test_the_files_are_their_owners_alone(mac: Rehearsal) -> None:
    mac.desk.publish(release(mac))
    mac.run()
    folder = mac.home / GUARD
    assert folder.stat().st_mode & 0o777 == 0o700
    found = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert found == dict.fromkeys(("guard.json", "machine", *PLUGIN), 0o600)
    assert (folder / "machine").read_text() == "air-ana\n"
    assert (mac.prefix / "cursor/guard.json").stat().st_mode & 0o777 == 0o644, "everybody's hook reads it"


def test_the_record_outlives_every_release(mac: Rehearsal) -> None:
    """Applying, mending, rolling back and taking the guard away leave the state folder as it is."""
    state = mac.home / GUARD / "state"
    mac.desk.publish(release(mac))
    mac.run()
    state.mkdir(mode=0o700)
    kept = {"decisions.jsonl": b"{}\n", "salt": os.urandom(32), "counters.json": b"{}", "status.json": b"{"}
    for name, content in kept.items():
        (state / name).write_bytes(content)
    (mac.home / GUARD / "index.js").write_bytes(b"// mine\n")
    assert mac.run().sync == "mended"
    mac.desk.publish(release(mac, program=b"// newer\n"))
    mac.run()
    mac.agent.roll_back()
    mac.desk.publish({"policy.jsonc": b"{}\n"})
    mac.run()
    assert {path.name: path.read_bytes() for path in state.iterdir()} == kept
    assert [path.name for path in (mac.home / GUARD).iterdir()] == ["state"]


def test_no_other_name_gets_in(mac: Rehearsal) -> None:
    """What is not a plugin's file stays in the bundle, and a bundle cannot write into the record."""
    names = ("guard/machine", "guard/state/salt.json", "guard/run.sh", "guard/Index.js")
    mac.desk.publish({"openclaw.json": openclaw(), "guard/guard.json": b"{}", **dict.fromkeys(names, b"x")})
    mac.run()
    assert sorted(path.name for path in (mac.home / GUARD).iterdir()) == ["guard.json", "machine"]
    assert mac.file(f"{GUARD}/machine") == b"air-ana\n"


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({}, "", "it works, by policy"),
        ({"ok": False, "problem": "guard.json cannot be read\x1b[2J"}, "VD311", "guard.json cannot be read\\x1b[2J"),
        ({"policy_sha256": "0" * 64}, "VD312", "it goes by another policy"),
        ({"policy_sha256": None}, "VD312", "it goes by another policy"),
    ],
)
def test_what_a_guard_says_is_told(mac: Rehearsal, changes: dict[str, Any], code: str, words: str) -> None:
    files = release(mac)
    mac.desk.publish(files)
    mac.run()
    tell(mac, files["guard/guard.json"], **changes)
    tell(mac, files["cursor/guard.json"], ".cursor/vane-guard", **changes)
    report = mac.run()
    assert report.sync == "in-sync", "no release is undone for it"
    for name in ("guard", "cursor-guard"):
        part = report.health[name]
        assert (part.verdict, part.code) == ("bad" if code else "good", code)
        assert words in part.words
        assert bool(part.fix) is bool(code)
    text = report_text(report_data(report))
    assert f"  guard: {'bad' if code else 'good'}, {f'{code} ' if code else ''}{report.health['guard'].words}\n" in text
    held = read_report(mac.state_folder)
    assert held is not None
    assert (held["health"]["state"] == "good") is not bool(code)
    checks = {check.role: check for check in role_checks(unpacked(mac), mac.site) if check.what == "guard's state"}
    assert {role: check.is_there for role, check in checks.items()} == dict.fromkeys(("openclaw", "cursor"), not code)


def unpacked(mac: Rehearsal) -> Any:
    return unpack((mac.desk.out / f"{mac.desk.newest()}.tar").read_bytes())


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"ok": true}', b"\xff\xfe", b"[" * 100_000])
def test_a_state_that_nobody_can_read(mac: Rehearsal, content: bytes) -> None:
    files = release(mac)
    mac.desk.publish(files)
    mac.run()
    tell(mac, b"").write_bytes(content)
    part = mac.run().health["guard"]
    assert (part.verdict, part.code) == ("bad", "VD313")
    assert "take" in part.fix
    assert ("disk full" in part.words) is (content == b"")


def test_a_link_is_not_followed(mac: Rehearsal) -> None:
    mac.desk.publish(release(mac))
    mac.run()
    (mac.home / GUARD / "state").symlink_to("/etc")
    assert mac.run().health["guard"].code == "VD313"


def test_a_new_policy_waits_for_the_next_prompt(mac: Rehearsal) -> None:
    """The guard reads it then; until it has had the chance, nothing is wrong."""
    old, new = b'{"format": "weathervane/guard/1", "n": 1}\n', b'{"format": "weathervane/guard/1", "n": 2}\n'
    mac.desk.publish(release(mac, old))
    mac.run()
    file = tell(mac, old)
    os.utime(file, (1_700_000_000, 1_700_000_000))
    mac.desk.publish(release(mac, new))
    part = mac.run().health["guard"]
    assert (part.verdict, part.words) == (
        "good",
        f"it takes policy {hashlib.sha256(new).hexdigest()[:12]} with the next prompt",
    )
    tell(mac, old)
    assert mac.run().health["guard"].code == "VD312"
    tell(mac, new)
    assert mac.run().health["guard"].verdict == "good"


def test_a_guard_that_never_started(mac: Rehearsal) -> None:
    """Nothing is wrong where a person starts OpenClaw; where our gateway runs, it runs without its guard."""
    mac.desk.publish(release(mac))
    assert mac.run().health["guard"].words == "it has not been needed yet"
    with gateway(["good"]) as well:
        files = release(mac, gateway={"mode": "local", "port": well.port})
        mac.desk.publish({**files, f"launchd/{GATEWAY}.plist": plist(GATEWAY, KeepAlive=True)})
        report = mac.run()
    assert report.sync == "in-sync"
    assert (report.health["guard"].verdict, report.health["guard"].code) == ("missing", "VD310")
    assert [guard.role for guard in guards(unpacked(mac), mac.site)] == ["gateway", "cursor"]


def test_a_new_program_starts_the_gateway_again(mac: Rehearsal) -> None:
    """OpenClaw reads a plugin's program once. A new policy alone disturbs nobody."""
    with gateway(["good"]) as well:

        def bring(**more: bytes) -> list[str]:
            files = release(mac, gateway={"mode": "local", "port": well.port}, **more)
            mac.desk.publish({**files, f"launchd/{GATEWAY}.plist": plist(GATEWAY, KeepAlive=True)})
            mac.calls()
            assert mac.run().sync == "in-sync"
            return [call.split()[0] for call in mac.calls()]

        bring()
        assert bring(policy=b'{"n": 2}\n') == []
        assert "bootstrap" in bring(program=b"// newer\n", policy=b'{"n": 2}\n')


def test_a_person_is_told_to_start_openclaw_again(mac: Rehearsal) -> None:
    mac.desk.publish(release(mac))
    mac.run()
    mac.desk.publish(release(mac, program=b"// newer\n"))
    assert "OpenClaw: the guard's new program holds from its next start" in mac.run().pending


def test_a_guard_without_a_release(mac: Rehearsal) -> None:
    assert list(guards(None, mac.site)) == []


def test_equal_plans_are_equal_bundles_but_for_the_name(mac: Rehearsal, desk: Desk) -> None:
    files = release(mac)
    desk.publish(files)
    first = unpack((desk.out / f"{desk.newest()}.tar").read_bytes())
    desk.publish(files, machine="air-ben")
    other = unpack((desk.out / f"{desk.newest('air-ben')}.tar").read_bytes())
    assert first.contents == other.contents
    assert seen(next(iter(guards(first, mac.site)))).code == ""
