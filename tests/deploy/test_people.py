"""What people and programs do to a Mac between passes: edits, links, other owners, other agents, missing rights."""

from __future__ import annotations

import json
import os
import stat
import warnings
from pathlib import Path
from typing import Any

import pytest

from deploy.account.refusal import Refusal
from deploy.agent.lock import alone
from deploy.agent.work import Busy
from tests.deploy.accounts import as_owner
from tests.deploy.desk import Desk, hooks, openclaw
from tests.deploy.rehearsal import Rehearsal, program

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
    assert mac.run().sync == "in-sync"


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


# ---- two agents


def test_a_second_agent_goes_home(mac: Rehearsal, desk: Desk) -> None:
    desk.publish(FIRST)
    with alone(mac.state_folder, wait=False) as is_alone:
        assert is_alone
        with pytest.raises(Busy):
            mac.run()
    assert mac.run().sync == "in-sync"


def test_two_agents_at_once(mac: Rehearsal, desk: Desk) -> None:
    """Whoever comes second does nothing, or finds it done; nothing is done twice at a time."""
    digest = desk.publish({**FIRST, "cursor/permissions.json": b"{}\n"})

    def passing() -> None:
        for _ in range(3):
            try:
                mac.run()
            except Busy:
                continue

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        children = []
        for _ in range(3):
            if not (pid := os.fork()):
                outcome = 1
                try:
                    passing()
                    outcome = 0
                finally:
                    os._exit(outcome)
            children.append(pid)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    report = mac.run()
    assert (report.sync, report.state.current) == ("in-sync", digest)
    assert not list(mac.root.rglob("*vane-new*"))


# ---- OpenClaw's own check


def test_what_openclaw_refuses_is_not_applied(mac: Rehearsal, desk: Desk) -> None:
    desk.publish(FIRST)
    mac.run()
    answer = json.dumps({"valid": False, "issues": [{"path": "gateway.bind", "message": "not allowed"}]})
    program(mac.root, "openclaw", f"test \"$*\" = 'config validate --json' || exit 9\necho '{answer}'\nexit 1")
    desk.publish(SECOND)
    report = mac.run()
    assert report.refusal is not None
    assert (report.sync, report.refusal.code) == ("refused", "VD303")
    assert report.refusal.message == "gateway.bind: not allowed"
    assert mac.file(".openclaw/openclaw.json") == FIRST["openclaw.json"]


def test_openclaw_is_asked_about_a_copy_of_its_own(mac: Rehearsal, desk: Desk) -> None:
    script = f'cp "$OPENCLAW_CONFIG_PATH" {mac.root}/asked\nls -ld "$OPENCLAW_CONFIG_PATH" > {mac.root}/mode'
    program(mac.root, "openclaw", f"{script}\necho '{{\"valid\":true}}'")
    desk.publish(FIRST)
    assert mac.run().sync == "in-sync"
    assert (mac.root / "asked").read_bytes() == FIRST["openclaw.json"]
    mode, where = (mac.root / "mode").read_text().split()[0], (mac.root / "mode").read_text().split()[-1]
    assert mode == "-rw-------"
    assert not Path(where).exists(), "and the copy is gone"


# ---- suspend, resume, rollback, plan


def test_suspended_it_looks_and_changes_nothing(mac: Rehearsal, desk: Desk) -> None:
    old = desk.publish(FIRST)
    mac.run()
    mac.agent.suspend("trying something")
    file = mac.home / ".openclaw/openclaw.json"
    file.write_bytes(b"{}")
    desk.publish(SECOND)
    report = mac.run()
    assert (report.sync, report.state.current, report.drift) == ("suspended", old, (str(file),))
    assert file.read_bytes() == b"{}"
    mac.agent.resume()
    assert mac.run().state.current != old
    assert file.read_bytes() == SECOND["openclaw.json"]


def test_one_step_back_by_hand(mac: Rehearsal, desk: Desk) -> None:
    old = desk.publish(FIRST)
    mac.run()
    with pytest.raises(Refusal, match="VD404"):
        mac.agent.roll_back()
    new = desk.publish(SECOND)
    mac.run()
    report = mac.agent.roll_back()
    assert (report.sync, report.state.current) == ("in-sync", old)
    assert mac.file(".openclaw/openclaw.json") == FIRST["openclaw.json"]
    report = mac.run()
    assert (report.sync, report.state.current) == ("rolled-back", old), "the next pass does not undo it"
    assert new in report.state.given_up
    mac.agent.resume()
    assert mac.run().state.current == new, "and then it may be taken again"


def test_a_plan_changes_nothing(mac: Rehearsal, desk: Desk) -> None:
    old = desk.publish(FIRST)
    mac.run()
    desk.publish(SECOND)
    release, plan, refusal = mac.agent.plan()
    assert release is not None
    assert refusal is None
    assert [(change.verb, change.place.name) for change in plan.files.changes] == [
        ("change", "openclaw.json"),
        ("remove", "policy.jsonc"),
    ]
    assert mac.state.current == old
    assert mac.file(".openclaw/openclaw.json") == FIRST["openclaw.json"]


def test_old_releases_go(mac: Rehearsal, desk: Desk) -> None:
    at = mac.having(keep=2)
    digests = []
    for number in range(4):
        digests.append(desk.publish({"openclaw.json": openclaw(agents={"a": number})}))
        at.run()
    assert {folder.name for folder in (mac.state_folder / "releases").iterdir()} == set(digests[-2:])
    assert at.state.history == (digests[3], digests[2])


def test_the_log_is_plain_and_cut(mac: Rehearsal, desk: Desk) -> None:
    desk.publish(FIRST)
    mac.run()
    log = mac.state_folder / "agent.log"
    assert "confirmed" in log.read_text()
    log.write_bytes(b"x" * (2 << 20))
    mac.mac.log("one\nline \x1b[31m sk-or-v1-0123456789abcdef0123456789abcdef")
    assert log.read_text().count("\n") == 1
    assert "\x1b" not in log.read_text()
    assert "0123456789abcdef" not in log.read_text()
    assert log.with_suffix(".log.1").exists()
