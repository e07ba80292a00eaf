"""The limiter: thirty a minute and five hundred a UTC day, shared by all commands of a project."""

from __future__ import annotations

import datetime
import json
import threading
from pathlib import Path

import pytest

from harness.clock import Clock
from harness.request_limit import RequestLimit, UsedUpError

START = datetime.datetime(2026, 6, 15, 23, 0, tzinfo=datetime.UTC)


class Time:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now = START
        self.waits: list[float] = []

    def pause(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += datetime.timedelta(seconds=seconds)

    def limit(self, folder: Path) -> RequestLimit:
        return RequestLimit(folder / ".vane" / "count.json", Clock(now=lambda: self.now, pause=self.pause))


def test_thirty_a_minute(tmp_path: Path) -> None:
    time = Time()
    moments = []
    for _ in range(95):
        time.limit(tmp_path).take()  # a command each
        moments.append(time.now)
    for earlier, later in zip(moments, moments[30:], strict=False):
        assert later - earlier >= datetime.timedelta(minutes=1)
    assert len(time.waits) == 3
    assert moments[-1] - START < datetime.timedelta(seconds=181)


def test_five_hundred_a_day(tmp_path: Path) -> None:
    time = Time()
    for _ in range(500):
        time.limit(tmp_path).take()
        time.now += datetime.timedelta(seconds=4)
    with pytest.raises(UsedUpError, match="500 requests"):
        time.limit(tmp_path).take()
    time.now = START.replace(day=16, hour=0)  # UTC midnight
    time.limit(tmp_path).take()
    assert json.loads((tmp_path / ".vane/count.json").read_text())["count"] == 1


@pytest.mark.parametrize("content", ["", "{", "[]", '{"day": "2026-06-15", "count": "x", "recent": []}', "\x00" * 99])
def test_a_broken_count_starts_anew(tmp_path: Path, content: str) -> None:
    file = tmp_path / ".vane" / "count.json"
    file.parent.mkdir()
    file.write_text(content)
    Time().limit(tmp_path).take()
    assert json.loads(file.read_text())["count"] == 1


def test_a_clock_that_was_ahead_blocks_nobody(tmp_path: Path) -> None:
    time = Time()
    time.now += datetime.timedelta(hours=9)
    for _ in range(30):
        time.limit(tmp_path).take()
    time.now = START
    time.limit(tmp_path).take()
    assert time.waits == []


def test_many_at_once_count_each(tmp_path: Path) -> None:
    time = Time()
    threads = [threading.Thread(target=time.limit(tmp_path).take) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert json.loads((tmp_path / ".vane/count.json").read_text())["count"] == 20
