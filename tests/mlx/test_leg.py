"""`vane bench run --leg mlx` on the real server: one that the harness starts and ends, and one that runs."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from harness.bench.store import unit_of
from tests.mlx.conftest import REPOSITORY, Server
from tests.runs.conftest import Desk

MODEL = f"mlx/{REPOSITORY}"
CASES = ("one", "two", "three")


def run(desk: Desk, *more: str) -> str:
    done = desk("run", "--leg", "mlx", "--out", str(desk.file), "--repeats", "2", *more)
    assert done.code == 0, done.err
    return done.out


def check_rows(desk: Desk, warm_ups: int) -> None:
    rows = desk.kept.attempts
    assert Counter(unit_of(row) for row in rows if row.repeat) == {
        ("mlx", case, repeat, ""): 1 for case in CASES for repeat in (1, 2)
    }
    assert sum(row.repeat == 0 for row in rows) == warm_ups
    for row in rows:
        assert (row.error, row.model, row.answered_by, row.http_status) == (None, MODEL, "default_model", 200)
        assert (row.cost_usd, row.cost_basis) == (Decimal(0), "free")
        assert row.first_token_ms is not None and row.first_token_ms <= row.total_ms
        # random weights know no answer; a warm-up is not graded
        assert row.grade is None if row.repeat == 0 else row.grade and not row.grade.success
        assert row.usage.completion_tokens and row.usage.prompt_tokens


def test_a_server_is_started_for_the_run_and_ended(desk: Desk, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(home))
    out = run(desk, "--warm-up", "2")
    check_rows(desk, warm_ups=2)
    assert "6 calls, 0 without an answer, $0.000000 at most" in out
    log = desk.file.with_suffix(".mlx.log").read_text("utf-8")
    found = re.search(r"Starting httpd at 127\.0\.0\.1 on port (\d+)", log)
    assert found
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{found[1]}/health", trust_env=False)


def test_one_that_runs_is_used_and_left_alone(desk: Desk, server: Server) -> None:
    run(desk, "--mlx-url", server.url, "--warm-up", "0")
    check_rows(desk, warm_ups=0)
    assert not desk.file.with_suffix(".mlx.log").exists()
    assert server.post().status_code == 200
    again = [row for row in desk.kept.attempts if row.repeat == 2]
    assert all((row.usage.cached_tokens or 0) > (row.usage.prompt_tokens or 0) / 2 for row in again)


def test_without_weights_nothing_is_run_and_the_way_to_get_them_is_said(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "empty"))
    done = desk("run", "--leg", "mlx", "--out", str(desk.file))
    assert done.code == 1
    assert "VB317" in done.err and "VB318" in done.err
    assert f"hf download {REPOSITORY}" in done.err
    assert not desk.file.exists()
