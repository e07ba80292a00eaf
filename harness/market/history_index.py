"""The archive's weeks as one Parquet file in `.vane/`: what `vane market history` asks instead of every week's JSON.

The weeks' JSON files are the truth. The index is derived, ignored by Git, and not trusted: its name is the digest of
its bytes, and each row says which state of which file it was read from. Weeks whose file is in another state are read
again, strictly; all others are taken over. Several processes may do this at once: each writes a file of its own and
renames it, and whoever finds a file gone under its hands starts again.
"""

from __future__ import annotations

import glob
import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import duckdb

from harness.market.history_rows import COLUMNS, Row, rows
from harness.market.rankings import Kind
from harness.weeks import Week

ARCHIVE, RANKINGS = "generated/weeks", "rankings.json"
INDEX = ".vane/history"
#: A file that changed this shortly before it was read may change again without its times telling.
_RACY_NS = 100_000_000
#: Tries against other processes that replace the index.
_TRIES = 5
_BATCH_WEEKS = 16
_OLD_SECONDS = 3600
#: Files of another shape have another name.
_SHAPE = hashlib.sha256(repr(COLUMNS).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a week's rows have in common."""

    state: str
    source: Kind
    exact: bool
    complete: bool
    #: None: the source does not know it
    total: int | None


@dataclass(frozen=True, slots=True)
class Index:
    """An open database with the view `rows`, and the archived weeks, all of which it holds."""

    database: duckdb.DuckDBPyConnection
    weeks: Mapping[Week, Facts]
    #: how many weeks had to be read from their JSON
    read: int


def opened(project: Path) -> Index:
    """The index as the archive is now. Raises PolicyError where a week's file is not what was archived."""
    for _ in range(_TRIES):
        try:
            return _opened(project)
        except (FileNotFoundError, duckdb.IOException):  # another process has replaced the index, or a week
            continue
    return _opened(project)


def _opened(project: Path) -> Index:
    states = _states(project)
    database = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    found = _sound(project / INDEX)
    known = _facts(database, found) if found else {}
    kept = {week for week, facts in known.items() if states.get(week) == facts.state}
    stale = states.keys() - kept
    if not stale and len(kept) == len(known):
        return Index(database, known, 0)
    file = _rebuilt(project, database, sorted(kept), sorted(stale))
    return Index(database, _facts(database, file), len(stale))


def _states(project: Path) -> Mapping[Week, str]:
    """What the file system says of each archived week's file."""
    states = {}
    for file in (project / ARCHIVE).glob(f"*/{RANKINGS}"):
        try:
            states[Week.parse(file.parent.name)] = _state(file)
        except ValueError:
            continue
    return states


def _state(file: Path) -> str:
    found = file.stat()
    return f"{found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


def _sound(folder: Path) -> Path | None:
    """An index whose bytes are those that its name tells. One that is broken, or of another shape, is removed."""
    for file in sorted(folder.glob("*.parquet")):
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            continue
        if file.name == _name(content):
            return file
        file.unlink(missing_ok=True)
    return None


def _name(content: bytes) -> str:
    return f"{_SHAPE}-{hashlib.sha256(content).hexdigest()}.parquet"


def _facts(database: duckdb.DuckDBPyConnection, file: Path) -> Mapping[Week, Facts]:
    database.read_parquet(glob.escape(str(file))).create_view("rows", replace=True)
    columns = ", ".join(f"any_value({field.name})" for field in fields(Facts))
    asked = f"SELECT week, {columns} FROM rows GROUP BY week ORDER BY week"
    return {Week.parse(week): Facts(*facts) for week, *facts in database.execute(asked).fetchall()}


def _rebuilt(project: Path, database: duckdb.DuckDBPyConnection, kept: Sequence[Week], stale: Sequence[Week]) -> Path:
    """Write the index anew: kept weeks from the old one, stale ones from their JSON. The file that it is in."""
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    database.execute(f"CREATE TABLE fresh ({columns})")
    if kept:
        database.execute("INSERT INTO fresh SELECT * FROM rows WHERE list_contains(?, week)", [[str(w) for w in kept]])
    for at in range(0, len(stale), _BATCH_WEEKS):
        _insert(database, (row for week in stale[at : at + _BATCH_WEEKS] for row in _read(project, week)))
    folder = project / INDEX
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{os.getpid()}-{time.monotonic_ns()}"
    try:
        database.sql("FROM fresh ORDER BY family, week, rank").write_parquet(str(temporary), compression="zstd")
        file = folder / _name(temporary.read_bytes())
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    _tidy(folder, file)
    return file


def _tidy(folder: Path, ours: Path) -> None:
    """Remove older indexes and what killed processes left; what another one is writing just now is young."""
    for file in folder.iterdir():
        try:
            if file != ours and (file.suffix or time.time() - file.stat().st_mtime > _OLD_SECONDS):
                file.unlink()
        except FileNotFoundError:
            continue


def _insert(database: duckdb.DuckDBPyConnection, rows: Iterable[Row]) -> None:
    """Whole columns at once: a statement for each row would take a hundred times as long."""
    import numpy as np

    columns = dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
    arrays = {}
    for name, kind in COLUMNS.items():
        values = columns[name]
        if kind == "VARCHAR":
            arrays[name] = np.array(values, dtype=object)
        else:
            missing = [value is None for value in values]
            filled = np.array([value or 0 for value in values], dtype=bool if kind == "BOOLEAN" else np.int64)
            arrays[name] = np.ma.masked_array(filled, mask=missing) if any(missing) else filled
    database.register("batch", arrays)
    database.execute("INSERT INTO fresh SELECT * FROM batch")
    database.unregister("batch")


def _read(project: Path, week: Week) -> Iterator[Row]:
    from harness.market import archive

    file = project / ARCHIVE / str(week) / RANKINGS
    state, young = _state(file), time.time_ns() - file.stat().st_ctime_ns < _RACY_NS
    return rows(archive.read(project, week), "" if young else state)  # young: it is read again next time
