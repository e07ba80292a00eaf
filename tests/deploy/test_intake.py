"""What a Mac takes in, and what it refuses before it looks into it. Refused, nothing on the Mac is touched."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from deploy.account.refusal import Refusal
from deploy.agent.order import furthest, refuse_unless_next
from deploy.release.manifest import LINEAGE, Manifest, Origin
from deploy.release.signature import sign
from tests.deploy.desk import Desk, allow, git, make_key, openclaw
from tests.deploy.rehearsal import Rehearsal

FIRST = {"openclaw.json": openclaw(agents={"a": 1})}
SECOND = {"openclaw.json": openclaw(agents={"a": 2})}
THIRD = {"openclaw.json": openclaw(agents={"a": 3})}


def refused(mac: Rehearsal, code: str) -> None:
    """The pass refuses with that code; the Mac is as it was, and nothing new was staged."""
    before = (mac.state.current, mac.state.highest, mac.file(".openclaw/openclaw.json"))
    report = mac.run()
    assert report.refusal is not None
    assert report.refusal.code == code, report.refusal.text
    assert report.sync == ("unreachable" if code == "VD201" else "refused")
    assert (report.state.current, report.state.highest, mac.file(".openclaw/openclaw.json")) == before
    assert report.state.journal is None
    assert {folder.name for folder in (mac.state_folder / "releases").iterdir()} <= set(report.state.history)
    assert mac.run().sync == report.sync, "it stays refused"


def test_a_tampered_bundle(mac: Rehearsal, desk: Desk) -> None:
    desk.publish(FIRST)
    mac.run()
    file = desk.out / f"{desk.publish(SECOND)}.tar"
    file.write_bytes(file.read_bytes().replace(b'"a": 2', b'"a": 9'))
    refused(mac, "VD202")


def test_a_bundle_of_somebody_else(mac: Rehearsal, desk: Desk, tmp_path: Path) -> None:
    desk.publish(FIRST)
    mac.run()
    desk.commit(SECOND)
    desk.bundle(key=make_key(tmp_path, "foreign"))
    refused(mac, "VD203")


def test_a_signature_of_another_bundle(mac: Rehearsal, desk: Desk) -> None:
    first = desk.publish(FIRST)
    mac.run()
    second = desk.publish(SECOND)
    shutil.copy(desk.out / f"{first}.tar.sig", desk.out / f"{second}.tar.sig")
    refused(mac, "VD203")


def test_signed_and_broken(mac: Rehearsal, desk: Desk) -> None:
    """Whoever holds the key can still make no bundle that leaves its form."""
    import hashlib

    desk.publish(FIRST)
    mac.run()
    bundle = b"not a tar"
    digest = hashlib.sha256(bundle).hexdigest()
    (desk.out / f"{digest}.tar").write_bytes(bundle)
    (desk.out / f"{digest}.tar.sig").write_bytes(sign(bundle, desk.key))
    (desk.out / "air-ana.latest").write_text(f"{digest}\n")
    refused(mac, "VD202")


def test_a_bundle_for_another_mac(mac: Rehearsal, desk: Desk) -> None:
    desk.publish(FIRST)
    mac.run()
    desk.publish(SECOND, "air-ben")
    shutil.copy(desk.out / "air-ben.latest", desk.out / "air-ana.latest")
    refused(mac, "VD204")


def test_an_older_release(mac: Rehearsal, desk: Desk) -> None:
    first = desk.publish(FIRST)
    desk.publish(SECOND)
    mac.run()
    (desk.out / "air-ana.latest").write_text(f"{first}\n")
    refused(mac, "VD205")


def test_a_release_of_another_branch(mac: Rehearsal, desk: Desk) -> None:
    base = desk.commit(FIRST)
    desk.publish(SECOND)
    mac.run()
    git(desk.project, "reset", "--quiet", "--hard", base)
    desk.commit({"openclaw.json": openclaw(agents={"b": 1})})
    desk.publish(THIRD)
    refused(mac, "VD206")


def test_the_same_place_in_history_with_other_bytes(mac: Rehearsal, desk: Desk) -> None:
    base = desk.commit(FIRST)
    desk.publish(SECOND)
    mac.run()
    git(desk.project, "reset", "--quiet", "--hard", base)
    desk.publish(THIRD)
    refused(mac, "VD206")


def test_a_signed_rollback_and_what_comes_after(mac: Rehearsal, desk: Desk) -> None:
    desk.publish(FIRST)
    later = desk.publish(SECOND)
    mac.run()
    bad = git(desk.project, "rev-parse", "HEAD")
    git(desk.project, "checkout", "--quiet", f"{bad}~1")
    assert desk.bundle(rolls_back=bad) == 0
    back = desk.newest()
    report = mac.run()
    assert (report.sync, report.state.current) == ("in-sync", back)
    assert mac.file(".openclaw/openclaw.json") == FIRST["openclaw.json"]
    (desk.out / "air-ana.latest").write_text(f"{later}\n")
    refused(mac, "VD206")  # what was taken back does not return by itself
    git(desk.project, "checkout", "--quiet", bad)
    third = desk.publish(THIRD)
    assert mac.run().state.current == third
    (desk.out / "air-ana.latest").write_text(f"{back}\n")
    refused(mac, "VD205")  # and an old permission to go back is worth nothing now


@pytest.mark.parametrize("pointer", [b"", b"../../etc/passwd\n", b"x" * 64])
def test_a_pointer_that_names_no_bundle(mac: Rehearsal, desk: Desk, pointer: bytes) -> None:
    desk.publish(FIRST)
    mac.run()
    (desk.out / "air-ana.latest").write_bytes(pointer)
    refused(mac, "VD202")


def test_a_pointer_that_is_a_link(mac: Rehearsal, desk: Desk) -> None:
    desk.publish(FIRST)
    mac.run()
    (desk.out / "air-ana.latest").rename(desk.out / "elsewhere")
    (desk.out / "air-ana.latest").symlink_to(desk.out / "elsewhere")
    refused(mac, "VD201")


def test_signers_that_others_may_change(mac: Rehearsal, desk: Desk) -> None:
    desk.publish(FIRST)
    mac.run()
    desk.publish(SECOND)
    mac.settings.allowed_signers.chmod(0o666)
    refused(mac, "VD401")


def test_a_key_that_was_taken_back(mac: Rehearsal, desk: Desk, tmp_path: Path) -> None:
    desk.publish(FIRST)
    mac.run()
    allow(mac.settings.allowed_signers, make_key(tmp_path, "next"))
    desk.publish(SECOND)
    refused(mac, "VD203")
    allow(mac.settings.allowed_signers, desk.key)
    assert mac.run().sync == "in-sync"


def test_a_damaged_copy_on_the_mac_is_fetched_anew(mac: Rehearsal, desk: Desk) -> None:
    digest = desk.publish(FIRST)
    mac.agent.plan()  # staged, not applied
    staged = mac.state_folder / "releases" / digest / "bundle.tar"
    staged.write_bytes(staged.read_bytes()[:-1])
    assert mac.run().state.current == digest


def test_a_damaged_copy_of_the_present_release_is_fetched_anew(mac: Rehearsal, desk: Desk) -> None:
    digest = desk.publish(FIRST)
    mac.run()
    staged = mac.state_folder / "releases" / digest / "bundle.tar"
    staged.write_bytes(b"")
    (desk.out / "air-ana.latest").rename(desk.out / "away")
    report = mac.run()
    assert report.refusal is not None
    assert (report.sync, report.refusal.code) == ("drifted", "VD403")
    (desk.out / "away").rename(desk.out / "air-ana.latest")
    assert (mac.run().sync, mac.state.current) == ("in-sync", digest)


def test_a_damaged_memory_stops_the_agent(mac: Rehearsal, desk: Desk) -> None:
    """An agent that forgot what it had could be led back to any old release."""
    desk.publish(FIRST)
    mac.run()
    (mac.state_folder / "state.json").write_text("{}")
    with pytest.raises(Refusal, match="VD403"):
        mac.run()
    assert mac.file(".openclaw/openclaw.json") == FIRST["openclaw.json"]


# ---- order alone


def manifest(number: int, lineage: tuple[str, ...] = (), rolls_back: Origin | None = None) -> Manifest:
    return Manifest("air", Origin(number, commit(number)), lineage, rolls_back, ())


def commit(number: int) -> str:
    return f"{number:040x}"


def before(number: int) -> tuple[str, ...]:
    return tuple(commit(earlier) for earlier in range(number - 1, max(0, number - 1 - LINEAGE), -1))


def test_any_later_release_of_the_branch_follows() -> None:
    for number in (2, 3, 100):
        refuse_unless_next(manifest(number, before(number)), Origin(1, commit(1)))
    refuse_unless_next(manifest(5, before(5)), None)


def test_a_mac_that_was_away_for_long_is_judged_by_the_number() -> None:
    far = LINEAGE + 10
    refuse_unless_next(manifest(far, before(far)), Origin(1, "f" * 40))
    with pytest.raises(Refusal, match="VD206"):
        refuse_unless_next(manifest(far, before(far)), Origin(11, "f" * 40))


def test_a_rollback_is_for_macs_that_are_not_further() -> None:
    back = manifest(2, before(2), Origin(5, commit(5)))
    for number in (3, 4, 5):
        refuse_unless_next(back, Origin(number, commit(number)))
    with pytest.raises(Refusal, match="VD205"):
        refuse_unless_next(back, Origin(6, commit(6)))
    with pytest.raises(Refusal, match="VD206"):
        refuse_unless_next(back, Origin(5, "f" * 40))
    assert furthest(Origin(3, commit(3)), back) == Origin(5, commit(5))


def test_a_fifo_in_the_folder_stops_nobody(mac: Rehearsal, desk: Desk) -> None:
    desk.publish(FIRST)
    mac.run()
    (desk.out / "air-ana.latest").unlink()
    os.mkfifo(desk.out / "air-ana.latest")
    refused(mac, "VD201")
