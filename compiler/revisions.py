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
        raise NoRevision("this is no git repository, and has no revisions to compare with")


def extract(project: Path, revision: str, into: Path) -> Path | None:
    """Write policies/ of a revision below `into`; None where that revision has none."""
    entries = _entries(project, revision, "policies")
    if entries is None:
        return None
    folder = into / "policies"
    folder.mkdir(parents=True)
    for path, mode, content in entries:
        _place(folder, path, mode, content)
    return folder


def committed(project: Path, revision: str, folders: Sequence[str]) -> dict[str, bytes] | None:
    """The files below some folders of a revision's generated/, by path; None where it has no generated/."""
    if _entries(project, revision, "generated", names_only=True) is None:
        return None
    found: dict[str, bytes] = {}
    for folder in folders:
        for path, _, content in _entries(project, revision, f"generated/{folder}") or ():
            found[f"{folder}/{path}"] = content
    return found


def _entries(
    project: Path, revision: str, folder: str, *, names_only: bool = False
) -> list[tuple[str, str, bytes]] | None:
    """(path, mode, content) of every file below a folder of a revision; None where the folder is not there."""
    prefix = _git(project, ["rev-parse", "--show-prefix"]).stdout.decode().strip()
    tree = f"{name_of(project, revision)}:{prefix}{folder}"
    if _git(project, ["cat-file", "-e", tree]).returncode:
        return None
    if names_only:
        return []
    listed = []
    for entry in filter(None, _git(project, ["ls-tree", "-r", "-z", "--full-tree", tree]).stdout.split(b"\0")):
        about, _, path = entry.partition(b"\t")
        mode, kind, blob = about.decode().split()
        if kind == "blob":
            listed.append((path.decode(errors="surrogateescape"), mode, blob))
    contents = _blobs(project, [blob for _, _, blob in listed])
    return [(path, mode, content) for (path, mode, _), content in zip(listed, contents, strict=True)]


def _blobs(project: Path, names: Sequence[str]) -> list[bytes]:
    """Contents of blobs, in one question (`git cat-file --batch`: a line with the size, the content, a line end)."""
    answer = _git(project, ["cat-file", "--batch"], "".join(f"{name}\n" for name in names).encode()).stdout
    found, at = [], 0
    for _ in names:
        end = answer.index(b"\n", at)
        size = int(answer[at:end].rpartition(b" ")[2])
        found.append(answer[end + 1 : end + 1 + size])
        at = end + size + 2
    return found


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


def _git(project: Path, arguments: Sequence[str], said: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", "-C", str(project), *arguments], input=said, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise NoRevision("git is not installed") from error
