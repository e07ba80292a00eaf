"""Cursor's database on a Mac whose agent is root: it lies where a person may put anything, and root must not follow."""

from __future__ import annotations

import os
import plistlib
import pwd
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from deploy.agent import cursor_settings
from deploy.agent.cursor_settings import DATABASE, KEY, Waiting, converge
from deploy.agent.site import Person, Site
from tests.deploy.accounts import NOBODY
from tests.deploy.test_cursor_settings import wanted

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has other people's rights to give up")


def _database(file: Path) -> None:
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA user_version = 1")
    database.execute("CREATE TABLE ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)")
    database.execute("INSERT INTO ItemTable VALUES (?, '{}')", (KEY,))
    database.close()


def _row(file: Path) -> str:
    database = sqlite3.connect(file)
    try:
        return str(database.execute("SELECT value FROM ItemTable").fetchone()[0])
    finally:
        database.close()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Below the system's own temporary folder: pytest's is closed to others."""
    root = Path(tempfile.mkdtemp(prefix="vane-"))
    root.chmod(0o755)
    app, folder = root / "Applications/Cursor.app/Contents", (root / "home" / DATABASE).parent
    for each in (app, folder):
        each.mkdir(parents=True)
    (app / "Info.plist").write_bytes(plistlib.dumps({"CFBundleShortVersionString": "3.4.1"}))
    _database(folder / "state.vscdb")
    for path in (root / "home", *(root / "home").rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    monkeypatch.setattr(cursor_settings, "wait_unless_closed", lambda **_: None)
    person = Person(pwd.getpwuid(NOBODY).pw_name, NOBODY, NOBODY)
    yield Site(root / "home", root, root / "state", root / "launch", root / "Applications", ("system",), person)
    shutil.rmtree(root)


def _converge(site: Site) -> list[int]:
    """Who the agent was when it noted."""
    noted: list[int] = []

    def note(mine: Mapping[str, Any], before: str) -> None:
        noted.append(os.geteuid())

    converge(wanted(), {}, site, note)
    return noted


def test_it_is_written_with_its_persons_rights_and_noted_with_roots(site: Site) -> None:
    file = site.home / DATABASE
    assert _converge(site) == [0]
    assert wanted()["openAIBaseUrl"] in _row(file)
    assert {path.stat().st_uid for path in file.parent.iterdir()} == {NOBODY}, "Cursor could not open root's"
    assert os.geteuid() == 0


def test_a_link_to_roots_own_database_leads_nowhere(site: Site) -> None:
    storage, closed = (site.home / DATABASE).parent, site.prefix / "closed"
    closed.mkdir(mode=0o700)
    _database(closed / "state.vscdb")
    shutil.rmtree(storage)
    storage.symlink_to(closed)
    with pytest.raises(Waiting):
        _converge(site)
    assert _row(closed / "state.vscdb") == "{}"
