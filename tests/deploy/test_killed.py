"""`kill -9` and a full disk at each step of a release: the Mac ends in the old or the new release, and says which.

A forked child runs a pass and ends itself before the n-th step that changes anything. Then the next pass, as launchd
would start it, has to bring the Mac to a release, with its jobs, whole.
"""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from deploy.account.refusal import Refusal
from deploy.agent import place, transition
from deploy.release import whole
from deploy.release.whole import flush
from tests.deploy.desk import Desk, openclaw, plist
from tests.deploy.rehearsal import Rehearsal
from tests.test_write_killed import fork

SERVER, STALE = "ai.weathervane.mlx2", "ai.weathervane.stale"
#: Steps are many, and each call of launchctl is a process: files and jobs are cut off apart from each other.
OLD = {"openclaw.json": openclaw(agents={"a": 1}), "policy.jsonc": b"{}\n"}
NEW = {"openclaw.json": openclaw(agents={"a": 2}), "cursor/permissions.json": b"{}\n"}
OLD_JOBS = {
    **OLD,
    f"launchd/{SERVER}.plist": plist(SERVER, KeepAlive=True),
    f"launchd/{STALE}.plist": plist(STALE, RunAtLoad=True),
}
NEW_JOBS = {**NEW, f"launchd/{SERVER}.plist": plist(SERVER, KeepAlive=True, Nice=5)}


def has(mac: Rehearsal, files: dict[str, bytes]) -> bool:
    """Whether the Mac has these files and jobs, and none of the other release."""
    places = {
        ".openclaw/openclaw.json": files["openclaw.json"],
        ".openclaw/policy.jsonc": files.get("policy.jsonc"),
        ".cursor/permissions.json": files.get("cursor/permissions.json"),
    }
    lists = {label: files.get(f"launchd/{label}.plist") for label in (SERVER, STALE)}
    places |= {f"Library/LaunchAgents/{label}.plist": content for label, content in lists.items()}
    on_disk = {path: (mac.home / path).read_bytes() if (mac.home / path).exists() else None for path in places}
    return on_disk == places and all(mac.loaded(label) == content for label, content in lists.items())


def litter(mac: Rehearsal) -> list[str]:
    return [str(path) for path in mac.root.rglob("*vane-new*")]


def before_each(tick: Callable[[], None], names: tuple[str, ...]) -> None:
    """Call `tick` before what changes the Mac: calls of the os module, and launchctl where it is no question."""

    def before(call: Callable[..., Any]) -> Callable[..., Any]:
        def ticking(*arguments: Any, **options: Any) -> Any:
            tick()
            return call(*arguments, **options)

        return ticking

    for name in names:
        setattr(os, name, before(getattr(os, name)))
    run = subprocess.run

    def running(command: list[str], **options: Any) -> Any:
        if command[0] == "launchctl" and command[1] != "print":
            tick()
        return run(command, **options)

    subprocess.run = running  # type: ignore[assignment]


def killed_passes(mac: Rehearsal, names: tuple[str, ...]) -> Iterator[int]:
    """Let a pass be killed, each time at a later step, on the Mac as it was before."""
    before = mac.keep()
    for moment in count():
        left = moment

        def tick() -> None:
            nonlocal left
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

        def child() -> None:
            before_each(tick, names)
            mac.run()

        ended = fork(child)
        if not ended:
            assert moment >= (10 if names else 4), "so few steps cannot have been all"
            return
        assert os.WIFSIGNALED(ended), "the child failed instead of being killed"
        yield moment
        mac.put_back(before)


@pytest.mark.parametrize(
    ("old_files", "new_files", "names"),
    [(OLD, NEW, ("rename", "replace", "unlink", "rmdir")), (OLD_JOBS, NEW_JOBS, ())],
    ids=["files", "jobs"],
)
def test_killed_at_each_step(
    mac: Rehearsal, desk: Desk, old_files: dict[str, bytes], new_files: dict[str, bytes], names: tuple[str, ...]
) -> None:
    desk.publish(old_files)
    assert mac.run().sync == "in-sync"
    new = desk.publish(new_files)
    for moment in killed_passes(mac, names):
        said = mac.state
        if said.journal is None:
            assert has(mac, new_files if said.current == new else old_files), f"{moment}: half-way, and says nothing"
        report = mac.run()
        assert (report.sync, report.state.current, report.state.journal) == ("in-sync", new, None), moment
        assert has(mac, new_files), moment
        assert litter(mac) == [], moment


def test_a_persons_file_survives_a_first_release_that_is_killed_and_then_not_well(
    mac: Rehearsal, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it was cut off, what was there before the agent came is known, and comes back."""
    theirs = mac.home / ".openclaw/openclaw.json"
    theirs.parent.mkdir()
    theirs.write_bytes(b'{"mine": true}')
    desk.publish(OLD)

    def not_well(*_: object) -> None:
        raise Refusal("VD307", "health", "not well", "see")

    for moment in killed_passes(mac, ("rename", "replace", "unlink")):
        if mac.state.current is not None:  # it was confirmed already
            continue
        with monkeypatch.context() as patch:
            patch.setattr(transition, "wait_until_well", not_well)
            report = mac.run()
        assert (report.sync, report.state.current, report.state.journal) == ("rolled-back", None, None), moment
        assert theirs.read_bytes() == b'{"mine": true}', moment
        assert not (mac.home / ".openclaw/policy.jsonc").exists(), moment


def test_killed_twice_goes_back(mac: Rehearsal, desk: Desk) -> None:
    """A release under which the Mac goes down is not tried for ever."""
    old = desk.publish(OLD)
    mac.run()
    new = desk.publish(NEW)

    def child() -> None:
        vars(transition)["wait_until_well"] = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        mac.run()

    for _ in range(2):
        assert os.WIFSIGNALED(fork(child))
        assert mac.state.journal is not None
    report = mac.run()
    assert (report.sync, report.state.current) == ("rolled-back", old)
    assert has(mac, OLD)
    assert new in report.state.given_up
    assert mac.run().sync == "rolled-back", "given up, it is not tried again"
    mac.agent.resume()
    assert mac.run().state.current == new


def test_disk_full_at_each_write(mac: Rehearsal, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.publish(OLD)
    mac.run()
    new = desk.publish(NEW)
    before = mac.keep()
    for moment in count():
        left = moment

        def full(handle: int) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            flush(handle)

        with monkeypatch.context() as patch:
            for module in (place, whole):
                patch.setattr(module, "flush", full)
            try:
                mac.run()
            except OSError as error:
                assert error.errno == errno.ENOSPC
        if left >= 0:
            break
        now = mac.state
        if now.journal is None:
            assert has(mac, NEW if now.current == new else OLD), f"{moment}: half-way, and says nothing"
        report = mac.run()  # there is room again
        assert (report.sync, report.state.current) == ("in-sync", new), moment
        assert has(mac, NEW), moment
        mac.put_back(before)
    assert moment > 10


def test_nothing_is_renamed_before_it_is_on_the_disk(
    mac: Rehearsal, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut loses what was not flushed: each file before its rename, each rename before the next step."""
    desk.publish(OLD)
    flushed: set[tuple[int, int]] = set()
    folders: set[tuple[int, int]] = set()
    renames = 0

    def noting(handle: int) -> None:
        found = os.fstat(handle)
        flushed.add((found.st_dev, found.st_ino))
        folders.discard((found.st_dev, found.st_ino))
        flush(handle)

    def checked(call: Callable[..., Any]) -> Callable[..., Any]:
        def renaming(source: Any, target: Any, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None) -> None:
            nonlocal renames
            found = os.stat(source, dir_fd=src_dir_fd)
            if stat.S_ISREG(found.st_mode):
                renames += 1
                assert (found.st_dev, found.st_ino) in flushed, f"{target} was renamed before it was flushed"
            assert not folders, "a rename was not flushed before the next"
            folder = os.fstat(dst_dir_fd) if dst_dir_fd else Path(target).parent.stat()
            folders.add((folder.st_dev, folder.st_ino))
            call(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

        return renaming

    for module in (place, whole):
        monkeypatch.setattr(module, "flush", noting)
    monkeypatch.setattr(os, "replace", checked(os.replace))
    monkeypatch.setattr(os, "rename", checked(os.rename))
    assert mac.run().sync == "in-sync"
    assert renames > 8


def test_a_change_that_stays_cut_off_keeps_both_its_releases(
    mac: Rehearsal, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Going back fails as well; nothing that is needed to go on may be cleared away."""
    old = desk.publish(OLD)
    mac.run()
    new = desk.publish(NEW)

    def broken(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(transition, "bring", broken)
        report = mac.run()
    assert (report.sync, report.state.current) == ("interrupted", old)
    assert report.state.journal is not None
    assert (report.state.journal.phase, report.state.journal.target) == ("restoring", new)
    assert {folder.name for folder in (mac.state_folder / "releases").iterdir()} == {old, new}
    assert mac.run().state.current == old
    assert mac.run().state.current == new
