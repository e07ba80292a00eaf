"""The demo's scratch repository: the shipped policies, compiled, with real archived weeks and an origin to push to."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from compiler import VERSION
from compiler.compile import Compiled, compile_policies
from compiler.shipped import shipped
from compiler.write import Changes, write
from harness.market import archive
from harness.weekly.git import git
from harness.weeks import Week

#: A week that had something to say. It and those before it are in every wheel: pyproject.toml.
WEEK = Week(2026, 23)
KNOWN = (Week(2026, 16), Week(2026, 17), Week(2026, 18), Week(2026, 19), Week(2026, 21), Week(2026, 22))


@dataclass(frozen=True, slots=True)
class Team:
    """The repository, what it compiles to, and what the compile wrote."""

    project: Path
    compiled: Compiled
    changes: Changes


def found_team(folder: Path) -> Team:
    """Make it: all that was known before the week, committed and pushed."""
    origin, project = folder / "origin.git", folder / "team"
    for path, kind in ((origin, ("--bare",)), (project, ())):
        git(folder, "init", "--quiet", *kind, "--initial-branch=main", str(path))
    git(project, "remote", "add", "origin", str(origin))
    for file in _policies():
        _copy(file, project)
    compiled = compile_policies(project / "policies")
    changes = write(project / "generated", compiled, VERSION)
    for week in KNOWN:
        _copy(_rankings(week), project)
    (project / ".gitignore").write_text(".vane/\n", "utf-8")  # runs and the ledger
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "-m", "A team's policies, and what the market did so far")
    git(project, "push", "--quiet", "--set-upstream", "origin", "main")
    return Team(project, compiled, changes)


def archive_week(project: Path) -> None:
    """The week's rankings, as a refresh on its Monday would have brought them."""
    _copy(_rankings(WEEK), project)


def _policies() -> list[str]:
    root = shipped("policies")
    files = [root / "models.lock.json", *root.glob("*.yaml"), *root.glob("scenarios/*.yaml")]
    return [f"policies/{file.relative_to(root).as_posix()}" for file in files]


def _rankings(week: Week) -> str:
    return f"{archive.FOLDER}/{week}/{archive.RANKINGS}"


def _copy(path: str, project: Path) -> None:
    (project / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(shipped(path), project / path)
