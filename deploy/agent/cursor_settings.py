"""Cursor's own settings database, by opt-in: never while Cursor runs, only rows and values that are ours, read back.

What Cursor keeps in memory it writes over whatever it finds when it ends; so a change made under a running Cursor is
lost at best. The change then waits for a later pass.
"""

from __future__ import annotations

import contextlib
import json
import plistlib
import sqlite3
import subprocess
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deploy.account.refusal import Refusal
from deploy.agent.cursor_blob import is_known, is_wanted, merged, without
from deploy.agent.site import Site, acting_for
from deploy.release.archive import Release

DATABASE = "Library/Application Support/Cursor/User/globalStorage/state.vscdb"
KEY = "src.vs.platform.reactivestorage.browser.reactiveStorageServiceImpl.persistentStorage.applicationUser"
#: Versions whose database looks as this module knows it.
MAJORS = frozenset({"3"})
#: Cursor deletes a database that it finds locked when it starts, so no lock may last.
_LOCK_SECONDS = 1.0
_COLUMNS = [("key", "TEXT"), ("value", "BLOB")]


class Waiting(Exception):
    """It cannot be done now, or may not last, and a later pass looks again: why."""

    def __init__(self, why: str, *, is_written: bool = False) -> None:
        self.is_written = is_written
        super().__init__(why)


def wanted_settings(release: Release | None) -> Mapping[str, Any] | None:
    """What the release wants, None where it says nothing. Raises Refusal."""
    content = release.of("cursor").get("cursor/settings.json") if release else None
    if content is None:
        return None
    try:
        wanted = json.loads(content)
        if not is_wanted(wanted):
            raise ValueError("it is not of this agent's form")
    except (ValueError, RecursionError) as error:
        raise Refusal("VD308", "cursor/settings.json", str(error), "compile it anew with `vane compile`") from error
    return dict(wanted)


def converge(
    wanted: Mapping[str, Any] | None,
    owned: Mapping[str, Any],
    site: Site,
    note: Callable[[Mapping[str, Any], str], None],
) -> None:
    """Bring the row to what is wanted, or take ours out of it. `note` is told what will be ours, and the row as it was,
    before the row changes. Raises Waiting.
    """
    if wanted is None and not owned:
        return
    _wait_unless_known(site)
    try:
        with _opened(site) as database:
            before = _row(database)
        blob = _parsed(before)
        after, mine = without(blob, owned) if wanted is None else merged(blob, wanted, owned)
        if after == blob:
            return
        wait_unless_closed()
        note(mine, before)
        with _opened(site) as database:
            _change(database, before, _written(after))
    except (sqlite3.Error, PermissionError) as error:
        raise Waiting(f"Cursor's settings: {error}") from error
    wait_unless_closed(is_written=True)  # started meanwhile, it may write over this


def _change(database: sqlite3.Connection, before: str, content: str) -> None:
    _swap(database, before, content)
    if _row(database) != content or database.execute("PRAGMA quick_check").fetchone() != ("ok",):
        _swap(database, _row(database), before)
        raise Waiting("Cursor's settings did not read back; they are as before")
    with contextlib.suppress(sqlite3.Error):  # another reader only delays it
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def _opened(site: Site) -> Iterator[sqlite3.Connection]:
    """With its person's rights: SQLite follows links, obeys a journal that it finds, and leaves files there."""
    with acting_for(site.person), _connected(site.home / DATABASE) as database:
        yield database


@contextmanager
def _connected(file: Path) -> Iterator[sqlite3.Connection]:
    if file.is_symlink() or not file.is_file():
        raise Waiting("Cursor's settings: no database yet; start Cursor once")
    address = f"file:{urllib.parse.quote(str(file))}?mode=rw"
    database = sqlite3.connect(address, uri=True, timeout=_LOCK_SECONDS, isolation_level=None)
    try:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        columns = [(row[1], row[2]) for row in database.execute("PRAGMA table_info(ItemTable)")]
        if version != 1 or columns != _COLUMNS:
            raise Waiting(f"Cursor's settings: an unknown schema (version {version}, {columns!r:.80})")
        yield database
    finally:
        database.close()


def _swap(database: sqlite3.Connection, before: str, after: str) -> None:
    """Only if the row is still what was read."""
    database.execute("BEGIN IMMEDIATE")
    try:
        statement = "UPDATE ItemTable SET value = ? WHERE key = ? AND CAST(value AS TEXT) = ?"
        changed = database.execute(statement, (after, KEY, before)).rowcount
        if changed != 1:
            raise Waiting("Cursor's settings changed meanwhile")
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def _row(database: sqlite3.Connection) -> str:
    row = database.execute("SELECT CAST(value AS TEXT) FROM ItemTable WHERE key = ?", (KEY,)).fetchone()
    if row is None:
        raise Waiting("Cursor's settings: no row yet; start Cursor once")
    return str(row[0])


def _written(blob: Mapping[str, Any]) -> str:
    """As Cursor writes it: half of a surrogate pair, which SQLite cannot hold, stays the escape that it was."""
    return json.dumps(blob, separators=(",", ":"), ensure_ascii=False).encode(errors="backslashreplace").decode()


def _parsed(row: str) -> dict[str, Any]:
    try:
        blob = json.loads(row)
    except (ValueError, RecursionError) as error:
        raise Waiting(f"Cursor's settings: the row is not JSON: {error}") from error
    if not is_known(blob):
        raise Waiting("Cursor's settings: the row is not as this agent knows it")
    return dict(blob)


def _wait_unless_known(site: Site) -> None:
    plist = site.applications / "Cursor.app/Contents/Info.plist"
    try:
        version = str(plistlib.loads(plist.read_bytes())["CFBundleShortVersionString"])
    except Exception as error:  # plistlib lets out whatever it trips over
        raise Waiting("Cursor's settings: Cursor is not installed") from error
    if version.partition(".")[0] not in MAJORS:
        raise Waiting(f"Cursor's settings: version {version:.20} is not one that was tried")


def wait_unless_closed(*, is_written: bool = False) -> None:
    """Raises Waiting while Cursor runs. Nobody's editor is ever ended."""
    command = ["pgrep", "-f", "Cursor.app/Contents/MacOS/Cursor"]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refusal("VD308", "pgrep", str(error), "run the agent on the Mac itself") from error
    if done.returncode != 1:
        why = "Cursor's settings: Cursor is running; quit it, and the next pass writes them"
        raise Waiting(why, is_written=is_written)
