"""What people and programs do to a Mac between passes: edits, links, other owners, missing rights."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from deploy.agent import ledger
from tests.deploy.accounts import as_owner
from tests.deploy.desk import Desk, hooks, openclaw
from tests.deploy.rehearsal import Rehearsal

FIRST = {"openclaw.json": openclaw(agents={"a": 1}), "policy.jsonc": b"{}\n"}
SECOND = {"openclaw.json": openclaw(agents={"a": 2})}


def kept(mac: Rehearsal) -> list[bytes]:
    folder = mac.state_folder / "kept"
    return [file.read_bytes() for file in folder.iterdir()] if folder.exists() else []


# ---- edits


def test_an_edited_file_is_put_right_told_and_kept(mac: Rehearsal, desk: Desk) -> None:
    desk.publish(FIRST)
    mac.run()
    file = mac.home / ".openclaw/openclaw.json"
    edited = openclaw(agents={"a": "my own model"})
    file.write_bytes(edited)
    report = mac.run()
    assert (report.sync, report.drift) == ("mended", (str(file),))
    assert file.read_bytes() == FIRST["openclaw.json"]
    assert edited in kept(mac)
    assert f"kept/{hashlib.sha256(edited).hexdigest()}\n" in (mac.state_folder / "agent.log").read_text()
    assert mac.run().sync == "in-sync"


def test_edits_are_kept_up_to_a_number_and_what_was_there_first_for_ever(
    mac: Rehearsal, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "MOST_COPIES", 2)
    file = mac.home / ".openclaw/openclaw.json"
    file.parent.mkdir()
    file.write_bytes(b"before any agent")
    desk.publish(FIRST)
    mac.run()
    edits = [f"edit {number}".encode() for number in (1, 2, 3, 1)]
    for number, edit in enumerate(edits):
        file.write_bytes(edit)
        assert mac.run().sync == "mended"
        for copy in (mac.state_folder / "kept").iterdir():  # as if a minute had gone by
            os.utime(copy, ns=(0, copy.stat().st_mtime_ns - 60_000_000_000 * (number + 1)))
    assert sorted(kept(mac)) == [b"before any agent", b"edit 1", b"edit 3"]


def test_a_file_that_was_opened_to_others_is_closed(mac: Rehearsal, desk: Desk) -> None:
    desk.publish(FIRST)
    mac.run()
    file = mac.home / ".openclaw/openclaw.json"
    file.chmod(0o644)
    assert mac.run().sync == "mended"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_stale_file_that_was_edited_is_left_alone(mac: Rehearsal, desk: Desk) -> None:
    desk.publish(FIRST)
    mac.run()
    file = mac.home / ".openclaw/policy.jsonc"
    file.write_bytes(b"// mine now\n{}\n")
    desk.publish(SECOND)
    report = mac.run()
    assert (report.sync, report.left) == ("in-sync", (str(file),))
    assert file.read_bytes() == b"// mine now\n{}\n"


def test_a_file_that_nobody_gave_us_is_never_removed(mac: Rehearsal, desk: Desk) -> None:
    desk.publish(SECOND)
    mac.run()
    file = mac.home / ".openclaw/policy.jsonc"
    file.write_bytes(b"{}\n")
    desk.publish({"openclaw.json": openclaw(agents={"a": 3})})
    mac.run()
    assert file.read_bytes() == b"{}\n"


def test_keys_that_openclaw_writes_stay(mac: Rehearsal, desk: Desk) -> None:
    desk.publish(FIRST)
    mac.run()
    file = mac.home / ".openclaw/openclaw.json"
    theirs: dict[str, Any] = json.loads(file.read_bytes())
    theirs["meta"] |= {"lastTouchedVersion": "2026.9.7", "lastTouchedAt": "2026-11-25T00:00:00Z"}
    theirs["wizard"] = {"lastRunCommand": "configure"}
    written = json.dumps(theirs).encode()
    file.write_bytes(written)
    assert mac.run().sync == "in-sync", "that is no drift"
    assert file.read_bytes() == written
    desk.publish(SECOND)
    assert mac.run().sync == "in-sync"
    now = json.loads(file.read_bytes())
    assert (now["meta"], now["wizard"]) == (theirs["meta"], theirs["wizard"])
    assert now["agents"] == {"a": 2}
    desk.publish({"policy.jsonc": b"{}\n"})
    mac.run()
    assert not file.exists(), "and with them in it, it is still ours to remove"


def test_hooks_of_people_run_beside_ours(mac: Rehearsal, desk: Desk) -> None:
    theirs = {"version": 1, "hooks": {"stop": [{"command": "/usr/local/bin/mine"}], "beforeSubmitPrompt": []}}
    file = mac.home / ".cursor/hooks.json"
    file.parent.mkdir()
    file.write_text(json.dumps(theirs))
    guard = b"#!/usr/bin/python3\n"
    desk.publish({"cursor/hooks.json": hooks(mac.prefix), "cursor/vane-cursor-guard": guard})
    assert mac.run().sync == "in-sync"
    found = json.loads(file.read_bytes())["hooks"]
    assert found["stop"] == theirs["hooks"]["stop"]  # type: ignore[index]
    assert found["beforeSubmitPrompt"][0]["command"] == f"{mac.prefix}/cursor/vane-cursor-guard"
    assert os.access(mac.prefix / "cursor/vane-cursor-guard", os.X_OK)
    found["stop"].append({"command": "/usr/local/bin/another"})
    file.write_text(json.dumps({"version": 1, "hooks": found}))
    assert mac.run().sync == "in-sync", "people may add hooks"
    found["beforeSubmitPrompt"] = []
    file.write_text(json.dumps({"version": 1, "hooks": found}))
    assert mac.run().sync == "mended", "and not take ours away"
    desk.publish({"policy.jsonc": b"{}\n"})
    mac.run()
    left = json.loads(file.read_bytes())["hooks"]
    assert list(left) == ["stop"]
    assert len(left["stop"]) == 2


def test_the_guard_can_be_run_whatever_the_umask(mac: Rehearsal, desk: Desk) -> None:
    desk.publish({"cursor/hooks.json": hooks(mac.prefix), "cursor/vane-cursor-guard": b"#!x\n", **FIRST})
    before = os.umask(0o077)
    try:
        assert mac.run().sync == "in-sync"
    finally:
        os.umask(before)
    paths = (mac.prefix / "cursor", mac.prefix / "cursor/vane-cursor-guard", mac.home / ".openclaw")
    assert [stat.S_IMODE(path.stat().st_mode) for path in paths] == [0o755, 0o755, 0o700]


def test_the_guard_is_there_before_hooks_call_it_and_goes_after_them(mac: Rehearsal, desk: Desk) -> None:
    """Hooks fail closed: without the guard every prompt in between would be refused."""
    desk.publish({"cursor/hooks.json": hooks(mac.prefix), "cursor/vane-cursor-guard": b"#!x\n"})
    _, plan, _ = mac.agent.plan()
    assert [(change.verb, change.place.name) for change in plan.files.changes] == [
        ("add", "vane-cursor-guard"),
        ("add", "hooks.json"),
    ]
    mac.run()
    desk.publish({"policy.jsonc": b"{}\n"})
    _, plan, _ = mac.agent.plan()
    assert [(change.verb, change.place.name) for change in plan.files.changes] == [
        ("add", "policy.jsonc"),
        ("remove", "hooks.json"),
        ("remove", "vane-cursor-guard"),
    ]


def test_a_prefix_that_is_not_there(mac: Rehearsal, desk: Desk) -> None:
    mac.prefix.rmdir()
    desk.publish({"cursor/hooks.json": hooks(mac.prefix), "cursor/vane-cursor-guard": b"#!x\n"})
    report = mac.run()
    assert report.refusal is not None
    assert (report.sync, report.refusal.code) == ("refused", "VD302")
    assert not (mac.home / ".cursor/hooks.json").exists()


def test_hooks_that_call_a_guard_elsewhere(mac: Rehearsal, desk: Desk) -> None:
    """Every prompt on this Mac would be blocked: the guard would be missing."""
    desk.publish({"cursor/hooks.json": hooks(Path("/opt/other")), "cursor/vane-cursor-guard": b"#!x\n"})
    report = mac.run()
    assert report.refusal is not None
    assert (report.sync, report.refusal.code) == ("refused", "VD301")
    assert not (mac.home / ".cursor/hooks.json").exists()


def test_ignore_lines_of_people_stay_and_ours_come_last(mac: Rehearsal, desk: Desk) -> None:
    checkout = mac.root / "checkout"
    checkout.mkdir()
    file = checkout / ".cursorignore"
    file.write_bytes(b"build/\n")
    at = mac.having(checkouts=(checkout, mac.root / "gone"))
    desk.publish({"cursor/cursorignore": b"**/.env\n"})
    assert at.run().sync == "in-sync"
    lines = file.read_text().splitlines()
    assert lines[0] == "build/"
    assert lines.index("**/.env") > lines.index("build/")
    file.write_bytes(file.read_bytes() + b"!**/.env\n")
    assert at.run().sync == "mended", "a line after ours could give files back"
    lines = file.read_text().splitlines()
    assert lines.index("!**/.env") < lines.index("**/.env")
    desk.publish({"policy.jsonc": b"{}\n"})
    at.run()
    assert file.read_bytes() == b"build/\n\n!**/.env\n"


# ---- links


@pytest.mark.parametrize("path", [".openclaw/openclaw.json", ".openclaw"])
def test_no_link_is_followed(mac: Rehearsal, desk: Desk, path: str) -> None:
    elsewhere = mac.root / "elsewhere"
    if "/" in path:
        (mac.home / path).parent.mkdir()
        elsewhere.write_bytes(b"precious")
    else:
        elsewhere.mkdir()
    (mac.home / path).symlink_to(elsewhere)
    desk.publish(FIRST)
    report = mac.run()
    assert report.refusal is not None
    assert (report.sync, report.refusal.code) == ("refused", "VD301")
    assert (mac.home / path).is_symlink()
    assert elsewhere.read_bytes() == b"precious" if elsewhere.is_file() else list(elsewhere.iterdir()) == []


def test_a_link_that_comes_later_is_drift_and_not_followed(mac: Rehearsal, desk: Desk) -> None:
    desk.publish(FIRST)
    mac.run()
    file = mac.home / ".openclaw/openclaw.json"
    file.unlink()
    file.symlink_to(mac.root / "elsewhere")
    report = mac.run()
    assert report.refusal is not None
    assert (report.sync, report.refusal.code) == ("drifted", "VD301")
    assert not (mac.root / "elsewhere").exists()
    file.unlink()
    assert mac.run().sync == "mended"


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "fifo"])
def test_something_else_is_in_the_place(mac: Rehearsal, desk: Desk, make: Any) -> None:
    (mac.home / ".openclaw").mkdir()
    make(mac.home / ".openclaw/openclaw.json")
    desk.publish(FIRST)
    report = mac.run()
    assert report.refusal is not None
    assert (report.sync, report.refusal.code) == ("refused", "VD301")


# ---- rights


def test_a_folder_that_may_only_be_read(open_mac: Rehearsal) -> None:
    mac = open_mac
    (mac.home / ".openclaw").mkdir()
    mac.desk.publish({**FIRST, "cursor/permissions.json": b"{}\n"})

    def refused() -> None:
        (mac.home / ".openclaw").chmod(0o555)
        report = mac.run()
        assert report.refusal is not None
        assert (report.sync, report.refusal.code) == ("refused", "VD302"), report.refusal.text
        assert not (mac.home / ".cursor/permissions.json").exists(), "all or nothing"
        (mac.home / ".openclaw").chmod(0o755)
        assert mac.run().sync == "in-sync"

    assert as_owner(mac.root, refused) == 0


def test_a_state_folder_that_may_only_be_read(open_mac: Rehearsal) -> None:
    mac = open_mac
    mac.desk.publish(FIRST)

    def refused() -> None:
        mac.state_folder.chmod(0o555)
        with pytest.raises(OSError, match="Permission denied"):
            mac.run()
        assert not (mac.home / ".openclaw").exists()
        mac.state_folder.chmod(0o700)

    assert as_owner(mac.root, refused) == 0


# ---- instructions of OpenClaw's agents

AUDIT = "workspace-security-audit/AGENTS.md"


def test_instructions_lie_in_the_workspace_that_openclaw_json_names(mac: Rehearsal, desk: Desk) -> None:
    workspace = "~/.openclaw/workspace-security-audit"
    config = openclaw(agents={"entries": {"security-audit": {"workspace": workspace}}})
    desk.publish({"openclaw.json": config, AUDIT: b"# Ask for a ticket\n"})
    assert mac.run().sync == "in-sync"
    named = json.loads(mac.file(".openclaw/openclaw.json"))["agents"]["entries"]["security-audit"]["workspace"]
    file = Path(named.replace("~", str(mac.home))) / "AGENTS.md"
    assert b"# Ask for a ticket\n" in file.read_bytes()
    assert mac.run().sync == "in-sync"


def test_instructions_of_people_stay_below_ours(mac: Rehearsal, desk: Desk) -> None:
    file = mac.home / ".openclaw" / AUDIT
    file.parent.mkdir(parents=True)
    file.write_bytes(b"Be brief.\n")
    desk.publish({"openclaw.json": openclaw(agents={"a": 1}), AUDIT: b"# Ask for a ticket\n"})
    mac.run()
    placed = file.read_bytes()
    assert placed.index(b"ticket") < placed.index(b"Be brief.")
    file.write_bytes(placed + b"Be kind.\n")
    assert mac.run().sync == "in-sync", "people may add instructions"
    file.write_bytes(b"Never ask.\n")
    assert mac.run().sync == "mended", "and not take ours away"
    assert b"ticket" in file.read_bytes()
    desk.publish(SECOND)
    assert mac.run().sync == "in-sync"
    assert file.read_bytes() == b"Never ask.\n"


@pytest.mark.parametrize("path", ["workspace-a/SOUL.md", "workspace-a/b/AGENTS.md", "workspace-A/AGENTS.md"])
def test_nothing_else_gets_into_a_workspace(mac: Rehearsal, desk: Desk, path: str) -> None:
    desk.publish({**SECOND, path: b"# Do as you like\n"})
    assert mac.run().sync == "in-sync"
    assert not (mac.home / ".openclaw" / path).exists()


# ---- shared files that we leave


@pytest.mark.parametrize(
    ("path", "theirs", "ours"),
    [
        (".cursor/hooks.json", b'{"version": 1, "hooks": {"stop": [{"command": "/usr/local/bin/mine"}]}}', "hooks"),
        ("checkout/.cursorignore", b"build/\n", "ignore"),
        (f".openclaw/{AUDIT}", b"Be brief.\n", "instructions"),
    ],
)
def test_a_shared_file_without_ours_is_theirs_again(
    mac: Rehearsal, desk: Desk, path: str, theirs: bytes, ours: str
) -> None:
    """Once ours are out of it, it is no drift, and what people do with it is not looked at."""
    file = mac.home / path
    file.parent.mkdir(parents=True)
    file.write_bytes(theirs)
    release = {
        "hooks": {"cursor/hooks.json": hooks(mac.prefix), "cursor/vane-cursor-guard": b"#!x\n"},
        "ignore": {"cursor/cursorignore": b"**/.env\n"},
        "instructions": {AUDIT: b"# Ask for a ticket\n"},
    }[ours]
    at = mac.having(checkouts=(mac.home / "checkout",))
    desk.publish(release)
    assert at.run().sync == "in-sync"
    assert file.read_bytes() != theirs
    desk.publish(SECOND)
    at.run()
    report = at.run()
    assert (report.sync, report.drift, report.left) == ("in-sync", (), ())
    left = file.read_bytes()
    desk.publish(FIRST)
    at.run()
    assert file.read_bytes() == left
