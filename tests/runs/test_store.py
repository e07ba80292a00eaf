"""The run's file: rows that survive a kill, a lock, and what is refused."""

from __future__ import annotations

import datetime
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from compiler.diagnostics import PolicyError
from harness.bench.attempt import Answer, Attempt, Grade, ToolCall, Usage
from harness.bench.store import RunHeader, RunLeg, Store, Unit, find_run, read_run, unit_of
from tests.fakes.chat import KEY, Chat, said
from tests.runs.conftest import VARIABLES
from tests.shipped import copied

NOW = datetime.datetime(2026, 11, 23, 6, 17, tzinfo=datetime.UTC)
HEADER = RunHeader(
    tool="0.1.0", week="2026-W48", suite="small", suite_version="1", suite_sha256="c" * 64, suite_folder=None, seed=1,
    repeats=1, legs=(RunLeg("mlx", "batch", "local-drafts", "mlx/a/b"),), shard=(1, 1), stream=True, keep_text=False,
    concurrency=1, rate=None, timeout_seconds=120.0, started=NOW,
)  # fmt: skip
VANE = str(Path(sys.executable).parent / "vane")


def attempt(case: str = "one", *, final: bool = True, cost: str | None = "0.1", repeat: int = 1) -> Attempt:
    return Attempt(
        case=case, scenario="batch", leg="mlx", model="mlx/a/b", answered_by="b", provider=None, repeat=repeat,
        attempt=1, final=final, started=NOW, queued_ms=0.0, first_token_ms=1.5, total_ms=2.25, censored=False,
        http_status=200, error=None, error_detail="", usage=Usage(1, 2, 3, 4, Decimal("0.1000")),
        cost_usd=None if cost is None else Decimal(cost), cost_basis="billed",
        grade=Grade(True, None, False, "wrong_value", "x"), prompt_sha256="a" * 64, answer_sha256="b" * 64,
        answer=Answer("ä\ud800", (ToolCall("f", "{}"),), "stop"), last_token_ms=2.0, token_chunks=3,
    )  # fmt: skip


def test_what_is_kept_is_what_is_read(tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    with Store(file, HEADER) as store:
        store.sent(Unit("mlx", "one", 1), Decimal("0.5"))
        store.add(attempt())
    run = read_run(file)
    assert run.header == HEADER
    (kept,) = run.attempts
    assert kept.answer and kept.answer.text == "ä?", "what no file can hold becomes a question mark"
    assert [kept] == [attempt_with_text(kept)]
    assert str(kept.usage.cost_usd) == "0.1000"
    assert run.cut_off == ()
    assert run.most_usd == Decimal("0.1")
    assert run.done == {Unit("mlx", "one", 1)}
    assert file.stat().st_mode & 0o777 == 0o600


def attempt_with_text(kept: Attempt) -> Attempt:
    from dataclasses import replace

    assert kept.answer
    return replace(attempt(), answer=replace(kept.answer, text="ä?"))


def test_calls_in_flight_at_a_kill_are_known_and_cost_the_worst(tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    with Store(file, HEADER) as store:
        store.sent(Unit("mlx", "one", 1), Decimal("0.5"))
        store.add(attempt("one", cost=None))
        store.sent(Unit("mlx", "two", 1), Decimal("0.25"))
    with file.open("ab") as stream:
        stream.write(b'{"row":"attempt","case":"tw')
    run = read_run(file)
    assert run.cut_off == ((Unit("mlx", "two", 1), Decimal("0.25")),)
    assert run.most_usd == Decimal("0.75"), "what nobody knows counts as the worst"
    with Store(file) as store:
        store.sent(Unit("mlx", "two", 1), Decimal("0.25"))
        store.add(attempt("two"))
    run = read_run(file)
    assert run.cut_off == ((Unit("mlx", "two", 1), Decimal("0.25")),), "the one that was cut off stays paid"
    assert {unit.case for unit in run.done} == {"one", "two"}
    assert run.most_usd == Decimal("0.85")


def test_two_writers_are_one_too_many(tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    with Store(file, HEADER), pytest.raises(PolicyError, match="is being written"):
        Store(file)
    with Store(file):
        pass


@pytest.mark.parametrize(
    ("text", "said_"),
    [
        ("", "it is empty"),
        ("{}\n", "no header"),
        ("[1]\n", "no row of a run"),
        ("nonsense\n", "no JSON"),
        ("HEADER" + '{"row": "attempt"}\n', "KeyError: 'prompt_tokens'"),
        ("HEADER" + '{"row": "sent", "leg": "mlx", "case": "a", "repeat": 1, "worst_usd": "x"}\n', "InvalidOperation"),
        ("HEADER" + "\x00\n" + '{"row": "sent"}\n', "no JSON"),
        ('{"row": "run", "format": 2}\n', "no header"),
    ],
)
def test_what_is_no_run_is_refused_with_its_line(tmp_path: Path, text: str, said_: str) -> None:
    file = tmp_path / "run.jsonl"
    with Store(file, HEADER):
        pass
    file.write_text(text.replace("HEADER", file.read_text()), "utf-8")
    with pytest.raises(PolicyError) as caught:
        read_run(file)
    (finding,) = caught.value.findings
    assert said_ in finding.message
    assert finding.place.line == (2 if "HEADER" in text else 1)


def test_runs_are_found_by_week_and_by_name(tmp_path: Path) -> None:
    folder = tmp_path / ".vane" / "runs"
    for age, name in ((20, "2026-W47"), (10, "2026-W48"), (30, "2026-W48-2")):
        with Store(folder / f"{name}.jsonl", HEADER):
            pass
        os.utime(folder / f"{name}.jsonl", (NOW.timestamp() - age,) * 2)
    assert find_run(tmp_path, None).stem == "2026-W48"
    assert find_run(tmp_path, "2026-W47").stem == "2026-W47"
    assert find_run(tmp_path, str(folder / "2026-W48-2.jsonl")).stem == "2026-W48-2"
    for name in ("2026-W01", "no/such.jsonl", "../*", "*"):
        with pytest.raises(PolicyError):
            find_run(tmp_path, name)


def rows_of(file: Path) -> int:
    return file.read_bytes().count(b'"row":"attempt"') if file.is_file() else 0


def test_a_run_that_is_killed_goes_on_and_pays_no_call_twice(tmp_path: Path) -> None:
    """`kill -9` in the middle, then --resume: each case counted once, none lost."""
    project, file, log = copied(tmp_path), tmp_path / "run.jsonl", tmp_path / "log"
    environment = {**os.environ, **dict.fromkeys(VARIABLES, KEY), "PYTHONPATH": str(Path(__file__).parents[2])}
    with Chat(lambda call: said(call, delay=0.05)) as chat:
        base = [VANE, "bench", "run", "-C", str(project), "--api", chat.address, "--concurrency", "4"]
        new = [*base, "--leg", "openrouter", "--scenario", "batch", "--repeats", "10", "--out", str(file)]
        with log.open("wb") as stream:
            process = subprocess.Popen(new, stdout=stream, stderr=subprocess.STDOUT, env=environment)
            deadline = time.monotonic() + 120
            while rows_of(file) < 20 and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
            process.wait()
        before = read_run(file)
        assert 0 < len(before.done) < 80, log.read_text()
        calls_before = len(chat.calls)
        resume = [*base, "--resume", str(file)]
        done = subprocess.run(resume, capture_output=True, text=True, env=environment, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    run = read_run(file)
    finals = Counter(unit_of(row) for row in run.attempts if row.final)
    assert (len(finals), set(finals.values())) == (80, {1})
    again = chat.calls[calls_before:]
    warm = sum(row.repeat == 0 for row in run.attempts[len(before.attempts) :])
    assert len(again) == 80 - len(before.done) + warm, "only what was not counted is asked"
    # a call is noted before it is sent: the kill may come between, and four are on their way at most
    assert calls_before - len(before.attempts) <= len(run.cut_off) <= 4, "and what was in flight is known"
    assert KEY not in file.read_text() + log.read_text() + done.stdout + done.stderr
    assert (project / "generated" / "weeks" / run.header.week / "harness.json").is_file()
    parquet = file.with_suffix(".parquet")
    assert str(parquet) in done.stdout and parquet.read_bytes()[:4] == b"PAR1"
    data = json.loads((project / "generated" / "weeks" / run.header.week / "harness.json").read_text())
    assert data["summary"]["cut_off"] == len(run.cut_off)
