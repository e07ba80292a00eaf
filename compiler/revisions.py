"""Policies as they were at a git revision."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

#: Where the main branch may be, the remote's own answer first.
MAIN_BRANCHES = ("origin/HEAD", "origin/main", "main", "origin/master", "master")


class NoRevision(Exception):
    """Git does not know what was asked for; the message says what to do."""


def default_base(project: Path) -> str:
    """The commit at which the working tree left the main branch."""
    for branch in MAIN_BRANCHES:
        found = _git(project, ["merge-base", "HEAD", branch])
        if found.returncode == 0:
            return found.stdout.decode().strip()
    _refuse_outside_of_git(project)
    raise NoRevision("no main branch here; name a revision: vane diff BASE")


def name_of(project: Path, revision: str) -> str:
    """A short name of a commit. Raises NoRevision where there is none."""
    found = _git(project, ["rev-parse", "--verify", "--short", "--end-of-options", f"{revision}^{{commit}}"])
    if found.returncode:
        _refuse_outside_of_git(project)
        raise NoRevision(f"no revision {revision!r} here; in a shallow clone, fetch it first")
    return found.stdout.decode().strip()


def _refuse_outside_of_git(project: Path) -> None:
    if _git(project, ["rev-parse", "--git-dir"]).returncode:
        raise NoRevision("this is no git repository; vane diff compares revisions")


def extract(project: Path, revision: str, into: Path) -> Path | None:
    """Write policies/ of a revision below `into`; None where that revision has none."""
    prefix = _git(project, ["rev-parse", "--show-prefix"]).stdout.decode().strip()
    commit = name_of(project, revision)
    tree = f"{commit}:{prefix}policies"
    if _git(project, ["cat-file", "-e", tree]).returncode:
        return None
    folder = into / "policies"
    folder.mkdir(parents=True)
    for entry in filter(None, _git(project, ["ls-tree", "-r", "-z", "--full-tree", tree]).stdout.split(b"\0")):
        about, _, path = entry.partition(b"\t")
        mode, kind, blob = about.decode().split()
        if kind == "blob":
            _place(
                folder, path.decode(errors="surrogateescape"), mode, _git(project, ["cat-file", "blob", blob]).stdout
            )
    return folder


def _place(folder: Path, path: str, mode: str, content: bytes) -> None:
    """Put one file of a tree below `folder`. Links stay links: the loader judges them, as in the working tree."""
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise NoRevision(f"the revision holds a path that leads elsewhere: {path!r}")
    target = folder.joinpath(*parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    if mode == "120000":
        target.symlink_to(content.decode(errors="surrogateescape"))
    else:
        target.write_bytes(content)


def _git(project: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", "-C", str(project), *arguments], capture_output=True, check=False)
    except FileNotFoundError as error:
        raise NoRevision("git is not installed") from error
