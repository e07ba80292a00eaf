"""The archive: one folder a week in generated/weeks. A week is there when its rankings.json is there.

A new week appears whole: its folder is filled beside its place and renamed. Into a folder that is there already each
file is renamed by itself, rankings.json last. Files that other commands keep in the folder stay.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from compiler.diagnostics import Place, PolicyError
from compiler.write import alone
from harness.market.findings import LINKED_ARCHIVE, NO_SUCH_WEEK
from harness.market.form import broken, from_json, to_json
from harness.market.rankings import Ranking
from harness.weeks import Week

__all__ = [
    "FOLDER",
    "RANKINGS",
    "before",
    "folder",
    "from_json",
    "newest",
    "place",
    "read",
    "refuse_unless_folder",
    "to_json",
    "weeks",
    "write",
]

FOLDER = "generated/weeks"
RANKINGS = "rankings.json"
_TEMPORARY = ".vane-"


def folder(project: Path, week: Week) -> Path:
    """Where a week's files lie."""
    return project / FOLDER / str(week)


def place(week: Week, name: str = RANKINGS) -> Place:
    """A file of a week, as findings name it."""
    return Place(f"{FOLDER}/{week}/{name}")


def weeks(project: Path) -> tuple[Week, ...]:
    """All archived weeks in order. Folders without rankings hold other evidence, and are no weeks of the market."""
    found = (_week_of(path) for path in (project / FOLDER).glob(f"*/{RANKINGS}"))
    return tuple(sorted(week for week in found if week is not None))


def _week_of(rankings: Path) -> Week | None:
    try:
        return Week.parse(rankings.parent.name)
    except ValueError:
        return None


def newest(project: Path) -> Week | None:
    """The newest archived week."""
    return max(weeks(project), default=None)


def before(project: Path, week: Week) -> Week | None:
    """The newest archived week that is older than this one."""
    return max((other for other in weeks(project) if other < week), default=None)


def read(project: Path, week: Week) -> Ranking:
    """An archived week. Raises PolicyError where it is missing, or is not what was archived."""
    file = folder(project, week) / RANKINGS
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        said, fix = f"{week} is not in the archive", f"fetch it: vane market refresh --week {week}"
        raise PolicyError([NO_SUCH_WEEK.at(place(week), said, fix)]) from None
    ranking = from_json(content, place(week))
    if ranking.week != week:
        raise broken(place(week), f"it holds {ranking.week}")
    return ranking


def write(project: Path, ranking: Ranking, extra_files: Mapping[str, bytes] | None = None) -> bool:
    """Archive a week with its other files; whether anything changed. A kill leaves the old files or the new ones."""
    files = {**(extra_files or {}), RANKINGS: to_json(ranking)}
    target = folder(project, ranking.week)
    for above in (target.parent.parent, target.parent):
        refuse_unless_folder(above)
        above.mkdir(parents=True, exist_ok=True)
    with alone(target.parent):
        refuse_unless_folder(target)
        if target.is_dir():
            changed = {name: content for name, content in files.items() if not _holds(target / name, content)}
            for name, content in changed.items():
                _write(target / f"{_TEMPORARY}{name}", content)
            for name in changed:  # rankings.json is the last
                (target / f"{_TEMPORARY}{name}").replace(target / name)
            return bool(changed)
        staged = target.with_name(f"{_TEMPORARY}{target.name}")
        shutil.rmtree(staged, ignore_errors=True)  # of a killed run
        staged.mkdir()
        for name, content in files.items():
            _write(staged / name, content)
        staged.rename(target)
    return True


def refuse_unless_folder(path: Path) -> None:
    """Raise PolicyError where a link or a file stands in a folder's place."""
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise PolicyError([LINKED_ARCHIVE.at(Place(f"generated/{path.name}"), f"{path.name!r} is not a folder")])


def _holds(file: Path, content: bytes) -> bool:
    return not file.is_symlink() and file.is_file() and file.read_bytes() == content


def _write(file: Path, content: bytes) -> None:
    file.unlink(missing_ok=True)  # of a killed run, or a planted link
    with file.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
