"""What people do with the agent itself: start it twice, suspend it, go a step back; what OpenClaw's check refuses."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path

import pytest

from deploy.account.refusal import Refusal
from deploy.agent import transition
from deploy.agent.lock import alone
from deploy.agent.work import Busy
from tests.deploy.desk import Desk, git, openclaw
from tests.deploy.rehearsal import Rehearsal, program

FIRST = {"openclaw.json": openclaw(agents={"a": 1}), "policy.jsonc": b"{}\n"}
SECOND = {"openclaw.json": openclaw(agents={"a": 2})}


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


def test_a_step_back_that_is_cut_off_is_still_one(mac: Rehearsal, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody grew impatient; the passes after it go on with going back, and do not undo it."""
    old = desk.publish(FIRST)
    mac.run()
    new = desk.publish(SECOND)
    mac.run()

    def impatient(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(transition, "wait_until_well", impatient)
        with pytest.raises(KeyboardInterrupt):
            mac.agent.roll_back()
    for sync in ("in-sync", "rolled-back"):
        report = mac.run()
        assert (report.sync, report.state.history) == (sync, (old,))
    assert new in report.state.given_up


def test_a_step_back_that_does_not_work_leaves_the_mac_where_it_was(
    mac: Rehearsal, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = desk.publish(FIRST)
    mac.run()
    new = desk.publish(SECOND)
    mac.run()

    def not_well(*_: object) -> None:
        raise Refusal("VD307", "health", "not well", "see")

    with monkeypatch.context() as patch:
        patch.setattr(transition, "wait_until_well", not_well)
        assert mac.agent.roll_back().sync == "rolled-back"
    report = mac.run()
    assert (report.sync, report.state.current) == ("in-sync", new)
    assert list(report.state.given_up) == [old]


def test_a_step_back_from_a_release_to_a_signed_rollback(mac: Rehearsal, desk: Desk) -> None:
    """The permission to go back was for what came before; it neither returns nor lets the last one be forgotten."""
    desk.publish(FIRST)
    mac.run()
    desk.publish(SECOND)
    mac.run()
    bad = git(desk.project, "rev-parse", "HEAD")
    git(desk.project, "checkout", "--quiet", f"{bad}~1")
    assert desk.bundle(rolls_back=bad) == 0
    back = desk.newest()
    mac.run()
    git(desk.project, "checkout", "--quiet", bad)
    third = desk.publish({"openclaw.json": openclaw(agents={"a": 3})})
    mac.run()
    assert mac.agent.roll_back().state.current == back
    report = mac.run()
    assert (report.sync, report.state.current) == ("rolled-back", back)
    mac.agent.resume()
    assert mac.run().state.current == third


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
