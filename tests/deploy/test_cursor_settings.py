"""Cursor's own database, real SQLite: by opt-in, never under a running Cursor, and only what is ours."""

from __future__ import annotations

import json
import os
import plistlib
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as some

from deploy.agent import cursor_settings
from deploy.agent.cursor_blob import merged, without
from deploy.agent.cursor_settings import DATABASE, KEY
from tests.deploy.desk import Desk
from tests.deploy.rehearsal import Rehearsal, program
from tests.test_write_killed import fork

THEIRS: dict[str, Any] = {
    "openAIBaseUrl": None,
    "useClaudeKey": False,
    "aiSettings": {
        "userAddedModels": ["mine"],
        "modelConfig": {"composer": {"modelName": "default", "maxMode": True, "other": 1}, "cmd-k": {"modelName": "x"}},
        "teamIds": [7],
    },
    "composerState": {"yolo": False},
}


def wanted(alias: str = "@preset/acme-ide") -> dict[str, Any]:
    return {
        "format": "weathervane/cursor-settings/1",
        "openAIBaseUrl": "https://openrouter.ai/api/v1",
        "useOpenAIKey": True,
        "userAddedModels": [alias],
        "modelConfig": {
            "composer": {"modelName": alias, "maxMode": False},
            "quick-agent": {"modelName": alias, "maxMode": False},
        },
        "aliases": [],
    }


def release(alias: str = "@preset/acme-ide") -> dict[str, bytes]:
    return {"cursor/settings.json": json.dumps(wanted(alias)).encode()}


def connected(mac: Rehearsal) -> sqlite3.Connection:
    return sqlite3.connect(mac.home / DATABASE, isolation_level=None, check_same_thread=False, timeout=30)


def settings(mac: Rehearsal) -> dict[str, Any]:
    database = connected(mac)
    try:
        row = database.execute("SELECT value FROM ItemTable WHERE key = ?", (KEY,)).fetchone()[0]
        return dict(json.loads(row))
    finally:
        database.close()


@pytest.fixture
def cursor(mac: Rehearsal) -> Rehearsal:
    """A Mac with Cursor 3, started before, and closed now."""
    app = mac.root / "Applications/Cursor.app/Contents"
    app.mkdir(parents=True)
    (app / "Info.plist").write_bytes(plistlib.dumps({"CFBundleShortVersionString": "3.4.1"}))
    (mac.home / DATABASE).parent.mkdir(parents=True)
    database = connected(mac)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA user_version = 1")
    database.execute("CREATE TABLE ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)")
    database.execute("INSERT INTO ItemTable VALUES (?, ?)", (KEY, json.dumps(THEIRS)))
    database.execute("INSERT INTO ItemTable VALUES ('other', 'precious')")
    database.close()
    return mac.having(cursor_settings=True)


@contextmanager
def writer(mac: Rehearsal) -> Iterator[Callable[[], int]]:
    """Somebody with an open connection and a live WAL, who writes other rows all the time."""
    database, over, written = connected(mac), threading.Event(), 0

    def write() -> None:
        nonlocal written
        while not over.is_set():
            database.execute("INSERT INTO ItemTable VALUES ('heartbeat', ?)", (str(written),))
            written += 1
            over.wait(0.002)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield lambda: written
    finally:
        over.set()
        thread.join()
        database.close()


def test_only_by_opt_in(cursor: Rehearsal, desk: Desk) -> None:
    desk.publish(release())
    assert cursor.having(cursor_settings=False).run().sync == "in-sync"
    assert settings(cursor) == THEIRS


def test_ours_goes_in_and_theirs_stays(cursor: Rehearsal, desk: Desk) -> None:
    desk.publish(release())
    report = cursor.run()
    assert (report.sync, report.pending) == ("in-sync", ())
    now = settings(cursor)
    assert now["openAIBaseUrl"] == "https://openrouter.ai/api/v1"
    assert now["aiSettings"]["userAddedModels"] == ["mine", "@preset/acme-ide"]
    mode = now["aiSettings"]["modelConfig"]["composer"]
    assert mode["modelName"] == "@preset/acme-ide"
    assert mode["other"] == 1
    assert "quick-agent" not in now["aiSettings"]["modelConfig"], "this version has no such mode"
    assert now["aiSettings"]["modelConfig"]["cmd-k"] == {"modelName": "x"}
    assert now["composerState"] == THEIRS["composerState"]


def test_a_live_wal_loses_nothing(cursor: Rehearsal, desk: Desk) -> None:
    desk.publish(release())
    with writer(cursor) as written:
        assert cursor.run().pending == ()
        before = written()
    now = settings(cursor)
    assert now["useOpenAIKey"] is True
    database = connected(cursor)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    rows = dict(database.execute("SELECT key, value FROM ItemTable WHERE key != ?", (KEY,)))
    database.close()
    assert rows["other"] == "precious"
    assert int(rows["heartbeat"]) >= before - 1


def test_under_a_running_cursor_it_waits_for_the_next_quit(cursor: Rehearsal, desk: Desk) -> None:
    program(cursor.root, "pgrep", "echo 4242")
    digest = desk.publish(release())
    report = cursor.run()
    assert (report.sync, report.state.current) == ("in-sync", digest), "the rest of the release is there"
    assert len(report.pending) == 1
    assert "Cursor is running" in report.pending[0]
    assert settings(cursor) == THEIRS
    assert cursor.run().pending == report.pending
    program(cursor.root, "pgrep", "exit 1")
    assert cursor.run().pending == ()
    assert settings(cursor)["useOpenAIKey"] is True


def test_cursor_starts_in_the_middle(cursor: Rehearsal, desk: Desk) -> None:
    """It may write over ours when it ends: so it is told, and looked at again."""
    count = cursor.root / "asked"
    program(cursor.root, "pgrep", f'if [ -e "{count}" ]; then echo 1; else touch "{count}"; exit 1; fi')
    desk.publish(release())
    assert "Cursor is running" in cursor.run().pending[0]
    database = connected(cursor)
    database.execute("UPDATE ItemTable SET value = ? WHERE key = ?", (json.dumps(THEIRS), KEY))
    database.close()
    program(cursor.root, "pgrep", "exit 1")
    assert cursor.run().pending == ()
    assert settings(cursor)["aiSettings"]["userAddedModels"] == ["mine", "@preset/acme-ide"]


def test_a_row_that_changes_under_us_is_not_overwritten(
    cursor: Rehearsal, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {**THEIRS, "composerState": {"yolo": True}}

    def somebody_writes(**_: object) -> None:
        database = connected(cursor)
        database.execute("UPDATE ItemTable SET value = ? WHERE key = ?", (json.dumps(other), KEY))
        database.close()

    desk.publish(release())
    with monkeypatch.context() as patch:
        patch.setattr(cursor_settings, "wait_unless_closed", somebody_writes)
        assert "changed meanwhile" in cursor.run().pending[0]
    assert settings(cursor) == other
    assert cursor.run().pending == ()
    assert settings(cursor)["composerState"] == {"yolo": True}
    assert settings(cursor)["useOpenAIKey"] is True


def locked(cursor: Rehearsal) -> sqlite3.Connection:
    database = connected(cursor)
    database.execute("BEGIN IMMEDIATE")
    return database


def test_a_locked_database_waits(cursor: Rehearsal, desk: Desk) -> None:
    desk.publish(release())
    other = locked(cursor)
    assert "locked" in cursor.run().pending[0]
    other.close()
    assert cursor.run().pending == ()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("PRAGMA user_version = 2", "unknown schema"),
        ("ALTER TABLE ItemTable ADD COLUMN more TEXT", "unknown schema"),
        ("DROP TABLE ItemTable", "unknown schema"),
        ("DELETE FROM ItemTable", "no row yet"),
        ("UPDATE ItemTable SET value = 'no json'", "not JSON"),
        ("UPDATE ItemTable SET value = '[]'", "not as this agent knows it"),
        ("UPDATE ItemTable SET value = '{\"aiSettings\": 7}'", "not as this agent knows it"),
        ('UPDATE ItemTable SET value = \'{"aiSettings": {"userAddedModels": {}}}\'', "not as this agent knows it"),
    ],
)
def test_a_database_of_another_kind_is_left_alone(cursor: Rehearsal, desk: Desk, statement: str, words: str) -> None:
    database = connected(cursor)
    database.execute(statement)
    database.close()
    before = (cursor.home / DATABASE).read_bytes()
    desk.publish(release())
    assert words in cursor.run().pending[0]
    assert (cursor.home / DATABASE).read_bytes() == before


def test_a_version_that_nobody_tried_is_left_alone(cursor: Rehearsal, desk: Desk) -> None:
    info = cursor.root / "Applications/Cursor.app/Contents/Info.plist"
    info.write_bytes(plistlib.dumps({"CFBundleShortVersionString": "4.0.0"}))
    desk.publish(release())
    assert "version 4.0.0" in cursor.run().pending[0]
    info.unlink()
    assert "not installed" in cursor.run().pending[0]
    assert settings(cursor) == THEIRS


@pytest.mark.parametrize("content", [b"no json", b"[]", b"{}", b'{"openAIBaseUrl": 7}'])
def test_a_release_that_wants_nonsense(cursor: Rehearsal, desk: Desk, content: bytes) -> None:
    desk.publish({"cursor/settings.json": content})
    report = cursor.run()
    assert report.refusal is not None
    assert (report.sync, report.refusal.code) == ("refused", "VD308")
    assert settings(cursor) == THEIRS


def test_no_file_is_no_database(cursor: Rehearsal, desk: Desk) -> None:
    file = cursor.home / DATABASE
    file.rename(file.with_name("elsewhere"))
    file.symlink_to(file.with_name("elsewhere"))
    desk.publish(release())
    assert "no database yet" in cursor.run().pending[0]


def test_the_next_alias_takes_the_place_of_the_last(cursor: Rehearsal, desk: Desk) -> None:
    desk.publish(release())
    cursor.run()
    desk.publish(release("@preset/other"))
    cursor.run()
    now = settings(cursor)["aiSettings"]
    assert now["userAddedModels"] == ["mine", "@preset/other"]
    assert now["modelConfig"]["composer"]["modelName"] == "@preset/other"


def test_what_is_ours_goes_and_what_people_changed_stays(cursor: Rehearsal, desk: Desk) -> None:
    desk.publish(release())
    cursor.run()
    now = settings(cursor)
    now["aiSettings"]["userAddedModels"].append("mine too")
    now["aiSettings"]["modelConfig"]["composer"]["modelName"] = "a choice of mine"
    database = connected(cursor)
    database.execute("UPDATE ItemTable SET value = ? WHERE key = ?", (json.dumps(now), KEY))
    database.close()
    desk.publish({"policy.jsonc": b"{}\n"})
    assert cursor.run().pending == ()
    left = settings(cursor)
    assert left["openAIBaseUrl"] is None
    assert "useOpenAIKey" not in left
    assert left["aiSettings"]["userAddedModels"] == ["mine", "mine too"]
    assert left["aiSettings"]["modelConfig"]["composer"]["modelName"] == "a choice of mine"


def test_opting_out_takes_ours_out(cursor: Rehearsal, desk: Desk) -> None:
    desk.publish(release())
    cursor.run()
    assert cursor.having(cursor_settings=False).run().sync == "in-sync"
    assert settings(cursor) == THEIRS


def test_the_row_as_it_was_is_kept_for_its_owner(cursor: Rehearsal, desk: Desk) -> None:
    desk.publish(release())
    cursor.run()
    kept = list((cursor.state_folder / "kept").iterdir())
    assert [json.loads(file.read_bytes()) for file in kept] == [THEIRS]
    assert kept[0].stat().st_mode & 0o077 == 0


blobs = some.fixed_dictionaries(
    {"other": some.integers()},
    optional={
        "openAIBaseUrl": some.sampled_from([None, "https://a", "https://openrouter.ai/api/v1"]),
        "useOpenAIKey": some.booleans(),
        "aiSettings": some.fixed_dictionaries(
            {},
            optional={
                "userAddedModels": some.lists(some.sampled_from(["a", "@preset/acme-ide"]), unique=True),
                "modelConfig": some.dictionaries(
                    some.sampled_from(["composer", "cmd-k"]), some.fixed_dictionaries({"modelName": some.just("z")})
                ),
            },
        ),
    },
)


@given(blobs)
def test_in_and_out_again_is_as_before(blob: dict[str, Any]) -> None:
    once, mine = merged(blob, wanted(), {})
    assert merged(once, wanted(), mine) == (once, mine), "done again, it does nothing"
    left, nothing = without(once, mine)
    assert nothing == {}
    section = {"userAddedModels": [], "modelConfig": {}, **blob.get("aiSettings", {})}
    assert left == {**blob, "aiSettings": section}


def killed_before(statement: int) -> type[sqlite3.Connection]:
    """A database whose process ends before its n-th statement."""

    class Killed(sqlite3.Connection):
        left = statement

        def execute(self, *asked: Any) -> sqlite3.Cursor:
            if not Killed.left:
                os.kill(os.getpid(), signal.SIGKILL)
            Killed.left -= 1
            return super().execute(*asked)

    return Killed


def test_killed_at_each_statement_the_row_is_whole_and_the_next_pass_ends_it(cursor: Rehearsal, desk: Desk) -> None:
    desk.publish(release())
    untouched, theirs, connect = cursor.keep(), settings(cursor), sqlite3.connect
    rows = []
    for statement in count():

        def child(statement: int = statement) -> None:
            def connecting(*address: Any, **options: Any) -> sqlite3.Connection:
                return connect(*address, **options, factory=killed_before(statement))

            with patch.object(sqlite3, "connect", connecting):
                cursor.run()

        if not (ended := fork(child)):
            break
        assert os.WIFSIGNALED(ended), "the child failed instead of being killed"
        rows.append(settings(cursor))
        assert cursor.run().refusal is None
        done = settings(cursor)
        assert done["openAIBaseUrl"] == wanted()["openAIBaseUrl"]
        assert done["composerState"] == theirs["composerState"]
        assert rows[-1] in (theirs, done), "half of a change is neither"
        cursor.put_back(untouched)
    assert theirs in rows and rows[-1] != theirs, "killed on both sides of the commit"
