"""A working tree beside the person's, inside of the repository's own folder: one run at a time has it.

It has one place, so that what a killed run left there is found by the next one, and is nobody else's.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compiler.write import alone
from harness.weekly.git import ask, git

NAME = "vane-week"


@contextmanager
def beside(project: Path, commit: str) -> Iterator[Path]:
    """The tree of a commit, on no branch. Raises PolicyError where git refuses."""
    repository = repository_of(project)
    tree = repository / NAME
    with alone(repository):
        _clear(repository, tree)
        try:
            git(project, "worktree", "add", "--quiet", "--detach", str(tree), commit)
            yield tree
        finally:
            _clear(repository, tree)


def repository_of(project: Path) -> Path:
    """Git's own folder, which all working trees share."""
    return Path(git(project, "rev-parse", "--path-format=absolute", "--git-common-dir").strip())


def _clear(repository: Path, tree: Path) -> None:
    """Both halves by hand: git keeps those of an `add` that was killed, because it locks them until it is done."""
    for half in (tree, repository / "worktrees" / NAME):
        shutil.rmtree(half, ignore_errors=True)


def take_back(tree: Path, commit: str) -> bool:
    """The tree without a commit's lines; False, and as it was, where people changed these or took them back already."""
    is_clean = ask(tree, "revert", "--no-commit", commit).returncode == 0
    if is_clean and ask(tree, "diff", "--cached", "--quiet").returncode:
        return True
    git(tree, "reset", "--quiet", "--hard")
    return False
