"""A working tree beside the person's, inside of git's own folder: one run at a time has it.

It has one place, so that what a killed run left there is found by the next one, and is nobody else's.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from compiler.write import alone
from harness.weekly.git import ask, git

NAME = "vane-week"
#: Git holds a branch's lock for the time of a rename. One that is so old is a killed run's.
_STALE_SECONDS = 10


@contextmanager
def beside(project: Path, commit: str) -> Iterator[Path]:
    """The tree of a commit, on no branch. Raises PolicyError where git refuses."""
    repository = _repository(project)
    tree = repository / NAME
    with alone(repository):
        _clear(repository)
        try:
            git(project, "worktree", "add", "--quiet", "--detach", str(tree), commit)
            yield tree
        finally:
            _clear(repository)


def clear(project: Path, prefix: str) -> None:
    """Take away what a killed run left: half a tree, at which even a fetch fails, and locks on the bot's branches."""
    repository = _repository(project)
    with alone(repository):
        _clear(repository)
    for refs in ("heads", "remotes/origin"):
        for lock in (repository / "refs" / refs).glob(f"{prefix}*.lock"):
            with suppress(FileNotFoundError):  # it was somebody's after all
                if time.time() - lock.stat().st_mtime > _STALE_SECONDS:
                    lock.unlink()


def _repository(project: Path) -> Path:
    """Git's own folder, which all working trees share."""
    return Path(git(project, "rev-parse", "--path-format=absolute", "--git-common-dir").strip())


def _clear(repository: Path) -> None:
    """Both halves by hand: git keeps those of an `add` that was killed, because it locks them until it is done."""
    for half in (repository / NAME, repository / "worktrees" / NAME):
        shutil.rmtree(half, ignore_errors=True)


def take_back(tree: Path, commit: str) -> bool:
    """The tree without a commit's lines; False, and as it was, where people changed these or took them back already."""
    is_clean = ask(tree, "revert", "--no-commit", commit).returncode == 0
    if is_clean and ask(tree, "diff", "--cached", "--quiet").returncode:
        return True
    git(tree, "reset", "--quiet", "--hard")
    return False
