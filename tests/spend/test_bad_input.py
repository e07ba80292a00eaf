"""What must not be booked: each is a finding with its place, and the ledger is row for row as it was."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.market.spend.sync_command import VARIABLE
from tests.fakes.openrouter_spend import Fault
from tests.spend.desk import Desk, spend_a_day

DAY = datetime.timedelta(days=1)
HEADER = (
    "generation_id,created_at,cost_total,byok_usage_inference,tokens_prompt,tokens_completion,tokens_reasoning,"
    "tokens_cached,model_permaslug,provider_name,variant,api_key_name,app_name\n"
)
GOOD = "gen-1778500000-aaaa,2026-05-11 11:46:40.713,0.0123,0,10389,137,0,9000,openai/gpt-oss-120b,Groq,free,x,Cursor\n"


def row(**changes: str) -> str:
    """A good row with other values."""
    values = dict(zip(HEADER.strip().split(","), GOOD.strip().split(","), strict=True))
    return ",".join((values | changes).values()) + "\n"


@pytest.fixture
def synced(desk: Desk) -> Desk:
    for number in range(1, 4):
        spend_a_day(desk, desk.account.now.date() - number * DAY)
    assert desk("sync").code == 0
    return desk


def _changed(field: str, value: Any) -> Callable[[Any], Any]:
    def change(answer: Any) -> Any:
        answer["data"][0][field] = value
        return answer

    return change


ODD_ROWS = (
    ("usage", -0.01, "VM205"),
    ("usage", 2e9, "VM205"),
    ("usage", "many", "VM205"),
    ("usage", "€ 3.20", "VM232"),
    ("usage", None, "VM205"),
    ("usage", True, "VM205"),
    ("byok_usage_inference", -1, "VM205"),
    ("prompt_tokens", -1, "VM205"),
    ("prompt_tokens", 1.5, "VM205"),
    ("completion_tokens", 2**63, "VM205"),
    ("date", "2026-05-18", "VM206"),  # today
    ("date", "2027-01-01", "VM206"),
    ("date", "2026-04-01", "VM206"),  # older than what is told
    ("date", "yesterday", "VM206"),
    ("model", "", "VM231"),
    ("model", {"not": "text"}, "VM231"),
)  # fmt: skip


def test_odd_rows_of_activity(synced: Desk) -> None:
    before = synced.all_rows()
    for field, value, code in ODD_ROWS:
        synced.account.faults = [Fault("/activity", change=_changed(field, value))]
        done = synced("sync")
        assert (done.code, code in done.err, "GET /activity" in done.err) == (1, True, True), (field, value, done.err)
        assert synced.all_rows() == before


ODD_ANSWERS = (
    ("/activity", b"{}", "VM204"),
    ("/activity", b"[]", "VM204"),
    ("/activity", b'{"data": [1]}', "VM204"),
    ("/activity", b'{"data": [', "VM203"),
    ("/activity", b'{"data": [{"usage": NaN}]}', "VM203"),
    ("/activity", b"<html>", "VM203"),
    ("/activity", b'{"data": []}', "VM209"),
    ("/keys", b'{"data": {}}', "VM204"),
    ("/keys", b'{"data": [{"name": "no hash"}]}', "VM231"),
    ("/credits", b'{"data": []}', "VM204"),
    ("/credits", b'{"data": {"total_credits": -5, "total_usage": 1}}', "VM205"),
)  # fmt: skip


def test_odd_answers(synced: Desk) -> None:
    before = synced.all_rows()
    for path, body, code in ODD_ANSWERS:
        synced.account.faults = [Fault(path, body=body)]
        done = synced("sync")
        assert (done.code, code in done.err) == (1, True), (path, body, done.err)
        assert synced.all_rows() == before


def test_a_row_that_comes_twice(synced: Desk) -> None:
    before = synced.all_rows()
    twice = lambda answer: {"data": [*answer["data"], answer["data"][0]]}  # noqa: E731
    synced.account.faults.append(Fault("/activity", change=twice))
    done = synced("sync")
    assert (done.code, "VM207" in done.err) == (1, True)
    assert synced.all_rows() == before


def test_keys_that_come_to_more_than_the_total(synced: Desk) -> None:
    before = synced.all_rows()
    count = len(synced.account.keys)
    more = lambda answer: {"data": [row | {"usage": row["usage"] + 1} for row in answer["data"]]}  # noqa: E731
    synced.account.faults.append(Fault("/activity", change=more, times=count))
    done = synced("sync")
    assert (done.code, "VM208" in done.err) == (1, True)
    assert synced.all_rows() == before


def test_an_answer_from_before_the_last_sync(synced: Desk) -> None:
    before = synced.all_rows()
    synced.account.pass_days(-2)
    done = synced("sync")
    assert (done.code, "VM210" in done.err) == (1, True)
    assert synced.all_rows() == before


def test_midnight_between_two_answers(synced: Desk) -> None:
    before = synced.all_rows()

    def midnight(answer: Any) -> Any:
        synced.account.pass_days(1)
        return answer

    synced.account.faults.append(Fault("/keys", change=midnight, times=1))
    done = synced("sync")
    assert (done.code, "VM210" in done.err) == (1, True)
    assert synced.all_rows() == before


@pytest.mark.parametrize("path", ["/credits", "/keys", "/activity"])
def test_an_inference_key(synced: Desk, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """The account itself refuses it at the first question; a key that may ask some but not all is refused as well."""
    before = synced.all_rows()
    if path == "/credits":
        monkeypatch.setenv(VARIABLE, synced.key("token").secret)
    else:
        synced.account.faults.append(Fault(path, 403, "Only management keys can perform this operation"))
    done = synced("sync")
    assert (done.code, "VM202" in done.err, f"GET {path}" in done.err) == (1, True, True)
    assert os.environ[VARIABLE] not in done.err
    assert synced.all_rows() == before


def test_no_management_key(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE)
    done = desk("sync")
    assert (done.code, "VM201" in done.err, desk.account.asked) == (1, True, [])


@pytest.mark.parametrize("content", ["", "{}", '{"format": "weathervane/openrouter-keys/1", "keys": [{"name": "x"}]}'])
def test_no_usable_keys_file(desk: Desk, content: str) -> None:
    (desk.project / "generated/openrouter/keys.json").write_text(content, "utf-8")
    done = desk("sync")
    assert (done.code, "VM224" in done.err) == (1, True)


def imported(desk: Desk, text: str, name: str = "export.csv") -> tuple[int, str]:
    """Import a file that stands in the project."""
    file = desk.project / name
    file.write_bytes(text.encode())
    done = desk("import", file)
    return done.code, done.err


ODD_EXPORTS = (
    (HEADER + GOOD + row(generation_id="gen-b", cost_total="-0.01"), "VM205", 3),
    (HEADER + row(cost_total="1e12"), "VM205", 2),
    (HEADER + row(cost_total="0.0.1"), "VM205", 2),
    (HEADER + row(cost_total=""), "VM205", 2),
    (HEADER + row(cost_total="0.01 EUR"), "VM232", 2),
    (HEADER + row(cost_total="¥3"), "VM232", 2),
    (HEADER.replace("app_name", "currency") + row(app_name="EUR"), "VM232", 2),
    (HEADER + row(created_at="2026-05-11T13:46:40+02:00"), "VM233", 2),
    (HEADER + row(created_at="2026-05-11 13:46:40"), "VM233", 2),  # two hours off what its id says
    (HEADER + GOOD + row(generation_id="gen-b", created_at="2026-05-11T11:46:40Z"), "VM233", 3),
    (HEADER + row(generation_id="gen-b", created_at="2026-05-19 00:00:00"), "VM206", 2),
    (HEADER + row(created_at="Monday"), "VM231", 2),
    (HEADER + row(tokens_prompt="-3"), "VM205", 2),
    (HEADER + row(tokens_prompt="3.5"), "VM205", 2),
    (HEADER + GOOD + GOOD, "VM207", 3),
    (HEADER + GOOD + GOOD[:40], "VM231", 3),
    (HEADER + GOOD + '"gen-c,2026', "VM231", 3),
    (HEADER + row(generation_id="; drop table"), "VM231", 2),
    (HEADER.replace("cost_total", "cost"), "VM230", 1),
    (HEADER, "VM230", 1),
    ("", "VM230", 1),
    ("PK\x03\x04", "VM230", 1),
)  # fmt: skip


def test_odd_exports(synced: Desk) -> None:
    before = synced.all_rows()
    for text, code, line in ODD_EXPORTS:
        outcome, said = imported(synced, text)
        assert (outcome, code in said, f"export.csv:{line}:" in said) == (1, True, True), (text, said)
        assert synced.all_rows() == before


ODD_LOGS = (
    ('{"data": {"id": "gen-a"', "VM231", 1),
    ('{"data": 3}', "VM231", 1),
    ('{"id": "gen-abcd", "created_at": "2026-05-11T11:46:40Z", "model": "m/a", "total_cost": -1}', "VM205", 1),
    ('{"id": "gen-abcd", "created_at": "2026-05-11T11:46:40Z", "model": "m/a", "total_cost": NaN}', "VM231", 1),
    ('{"id": "gen-abcd", "created_at": "2026-05-11T11:46:40-07:00", "model": "m/a", "total_cost": 1}', "VM233", 1),
    ('{"id": "gen-abcd", "created_at": "2026-06-11T11:46:40Z", "model": "m/a", "total_cost": 1}', "VM206", 1),
)  # fmt: skip


def test_odd_logs(synced: Desk) -> None:
    before = synced.all_rows()
    for text, code, line in ODD_LOGS:
        outcome, said = imported(synced, text, "log.jsonl")
        assert (outcome, code in said, f"log.jsonl:{line}:" in said) == (1, True, True), (text, said)
        assert synced.all_rows() == before


def test_a_file_that_is_not_there(desk: Desk) -> None:
    done = desk("import", desk.project / "absent.csv")
    assert done.code == 1
    assert "absent.csv:1:1 VM230 it cannot be read: No such file or directory\n  fix: " in done.err
    assert not desk.file.exists()


def test_a_bad_import_makes_no_ledger(desk: Desk) -> None:
    assert imported(desk, HEADER + row(cost_total="-1"))[0] == 1
    assert not desk.file.exists()


@pytest.mark.parametrize("step", ["sync", "show", "tickets"])
def test_a_file_that_is_no_ledger(desk: Desk, step: str) -> None:
    desk.file.parent.mkdir(parents=True)
    desk.file.write_bytes(b"SQLite format 3\0" * 100)
    done = desk(step)
    assert (done.code, "VM221" in done.err) == (1, True), done.err
    assert desk.file.read_bytes() == b"SQLite format 3\0" * 100


def test_a_database_of_somebody_else(desk: Desk, tmp_path: Path) -> None:
    import duckdb

    file = tmp_path / "other.duckdb"
    with duckdb.connect(file) as database:
        database.execute("CREATE TABLE activity (day DATE)")
    done = desk("show", "--ledger", file)
    assert (done.code, "VM221" in done.err) == (1, True)


@pytest.mark.parametrize(("arguments", "code"), [
    (("show",), "VM220"),
    (("tickets",), "VM220"),
    (("export", "--out", "x"), "VM220"),
    (("sync", "--ledger", "clickhouse://host/ledger"), "VM223"),
    (("show", "--ledger", "nothing://user:secret@host"), "VM223"),
    (("show", "--ledger", "pyspark://local[2]?folder=/nowhere"), "VM220"),
])  # fmt: skip
def test_no_ledger_to_ask_or_to_write(desk: Desk, arguments: tuple[str, ...], code: str) -> None:
    done = desk(*arguments)
    assert (done.code, code in done.err, "secret" in done.err) == (1, True, False), done.err


@pytest.mark.parametrize("month", ["2026-13", "may", "2026-06"])
def test_no_month(desk: Desk, month: str) -> None:
    assert desk("show", month).code == 2


def test_a_month_before_the_ledger(synced: Desk) -> None:
    done = synced("show", "2026-01")
    assert (done.code, "VM234" in done.err) == (1, True)


def test_a_ledger_that_another_process_writes(synced: Desk) -> None:
    """It holds the file as a sync does, until its input ends."""
    hold = "import duckdb, sys; d = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read(); d.close()"
    command = [sys.executable, "-c", hold, str(synced.file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout and other.stdout.readline() == "held\n"
        said = [synced(step) for step in ("sync", "show")]
        other.communicate()
    assert [(done.code, "VM222" in done.err) for done in said] == [(1, True), (1, True)]
    assert synced("show").code == 0
