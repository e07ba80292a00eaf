"""`kill -9` of `vane week --commit --push`: the next run gets past it, and in the end nothing tells that one was.

Each try is a forked process in a group of its own, all of them one after the other on the same clone: each has to clear
away what the one before left, or it would not get as far as the moment at which it dies itself. That is before a step,
before a command of git, or in it: in the hook that git calls when its locks lie on the disk.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import traceback
import types
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest

from harness.market import archive
from harness.weekly import command, steps
from harness.weekly import git as git_module
from harness.weekly.arguments import STEPS
from harness.weekly.steps import Outcome
from tests.propose.known import M27
from tests.weekly.conftest import Team, git

BRANCH = "weathervane/2026-W24"
REF = f"refs/heads/{BRANCH}"
HOOK = '#!/bin/sh\n[ "$1" = prepared ] || exit 0\nkill -9 0\n'


def die() -> NoReturn:
    """With every process of the group, git among them."""
    os.killpg(0, signal.SIGKILL)
    raise AssertionError


def is_killed(prepare: Callable[[], None], child: Callable[[], object]) -> bool:
    """Whether a child in a group of its own ended by the kill that was prepared for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the server's threads do not matter to the child
        pid = os.fork()
    if not pid:
        try:
            os.setpgid(0, 0)
            prepare()
            done = child()
            os.write(2, f"not killed: {done}\n".encode())
        except BaseException:
            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def verb(words: list[str]) -> str:
    """Which command of git it is."""
    return words[words.index("gc.auto=0") + 1]


def at_command(name: str, nth: int = 1, hooks: Path | None = None) -> None:
    """The n-th such command is the last: dead before it, or in it where hooks are given."""
    left = nth

    def run(words: list[str], **options: Any) -> Any:
        nonlocal left
        left -= verb(words) == name
        if left or verb(words) != name:
            return subprocess.run(words, **options)  # noqa: PLW1510 its caller has said
        if hooks is None:
            die()
        at = words.index("gc.auto=0") + 1
        return subprocess.run([*words[:at], "-c", f"core.hooksPath={hooks}", *words[at:]], **options)  # noqa: PLW1510

    vars(git_module)["subprocess"] = types.SimpleNamespace(run=run, DEVNULL=subprocess.DEVNULL)


def at_step(name: str) -> None:
    """Dead before a step; or, under the name `commit`, when all of them are done."""
    step = steps.run
    vars(command)["run_step"] = lambda each, monday: die() if each == name else step(each, monday)
    if name == "commit":
        vars(command)["_commit"] = lambda *_, **__: die()


@pytest.fixture
def hooks(tmp_path: Path) -> Path:
    folder = tmp_path / "hooks"
    folder.mkdir()
    file = folder / "reference-transaction"
    file.write_text(HOOK, "utf-8")
    file.chmod(0o755)
    return folder


def as_the_person_left_it(project: Path) -> tuple[str, str, str]:
    """What is checked out, and what git has to say of policies/; the lock is the tool's."""
    policies = git(project, "status", "--porcelain", "--", "policies")
    return git(project, "symbolic-ref", "HEAD"), git(project, "rev-parse", "HEAD"), policies


def aged(project: Path) -> list[str]:
    """The locks of git that lie there, as old as they are when the next one comes."""
    found = sorted((project / ".git/refs").rglob("*.lock"))
    for lock in found:
        os.utime(lock, (0, 0))
    return [lock.name for lock in found]


def test_killed_before_each_step(team: Team) -> None:
    team.withdraw(M27)
    before = as_the_person_left_it(team.project)
    for name in [*(step for step in STEPS if step not in ("bench", "spend")), "commit"]:
        assert is_killed(partial(at_step, name), team.pushed), name
        assert as_the_person_left_it(team.project)[:2] == before[:2]
        assert git(team.project, "for-each-ref", REF) == "", "no branch before there is a whole one"
    done = team.pushed()
    assert (done.code, f"branch   {BRANCH}: new" in done.out) == (0, True), done.out + done.err
    assert [line.split(": ")[0] for line in team.subjects("2026-W24")] == [f"{M27} is gone", "2026-W24"]


def test_killed_before_and_in_each_command_of_git(
    team: Team, hooks: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    team.withdraw(M27)
    git(team.project, "push", "--quiet", "origin", "HEAD:refs/heads/weathervane/notes")  # something to fetch
    git(team.project, "update-ref", "-d", "refs/remotes/origin/weathervane/notes")
    kept: list[Any] = []
    step = steps.run

    def decided_once(name: str, monday: Any) -> Outcome:
        """All that the steps come to is the same in each try: only the first one goes through them."""
        if not kept:
            outcome = step(name, monday)
            kept.extend([monday.decided] if monday.decided else [])
            return outcome
        monday.decided = kept[0]
        return Outcome("done")

    monkeypatch.setattr(command, "run_step", decided_once)
    words = ("--skip", "report", "--commit")
    assert team.monday("--skip", "report").code == 0
    whole = tmp_path / "whole"
    shutil.copytree(team.project, whole)
    here, team.project = team.project, whole
    assert team.monday(*words).code == 0, "what it comes to if nobody kills it"
    team.project, commit, person = here, git(whole, "rev-parse", BRANCH), as_the_person_left_it(here)

    def tried(*moment: Any) -> list[str]:
        assert is_killed(partial(at_command, *moment), partial(team.monday, *words, "--push")), moment
        assert as_the_person_left_it(here) == person, moment
        assert git(here, "for-each-ref", "--format=%(objectname)", REF) in ("", commit), "none, or the whole one"
        assert team.tip("2026-W24") in ("", commit)
        return aged(here)

    assert tried("fetch", 1, hooks) == ["notes.lock"]
    for moment in (("fetch",), ("worktree", 2), ("add", 1), ("commit", 1), ("commit", 2), ("update-ref",), ("push",)):
        assert tried(*moment) == []
        if moment[0] in ("worktree", "commit"):
            assert tried(*moment[:2], hooks) == []
        elif moment[0] == "update-ref":
            assert tried("update-ref", 1, hooks) == ["2026-W24.lock"]
    assert tried("push", 1, hooks) == ["2026-W24.lock"] and team.tip("2026-W24") == commit
    done = team.monday(*words, "--push")
    assert (done.code, f"branch   {BRANCH}: unchanged" in done.out) == (0, True), done.out + done.err
    assert git(here, "rev-parse", BRANCH) == commit == git(here, "rev-parse", f"origin/{BRANCH}")
    assert len(git(here, "worktree", "list").splitlines()) == 1
    assert not (here / ".git/vane-week").exists() and not [*(here / ".git").rglob("*.lock")]
    assert (archive.folder(here, kept[0].week) / "proposals.json").is_file()
