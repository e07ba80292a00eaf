"""The client itself: what it asks again, how long it waits, what it never does."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from harness.clock import Clock
from harness.openrouter import Answer, OpenRouter, UnansweredError
from harness.request_limit import RequestLimit
from tests.fakes.openrouter import OpenRouter as Fake
from tests.fakes.openrouter import Reply, error

NOW = datetime.datetime(2026, 5, 22, 12, tzinfo=datetime.UTC)


@pytest.fixture
def fake() -> Iterator[Fake]:
    with Fake() as server:
        yield server


def ask(fake: Fake, waited: list[float], path: str = "/x") -> Answer:
    with OpenRouter(fake.api, clock=Clock(now=lambda: NOW, pause=waited.append)) as client:
        return client.get(path)


def test_an_answer_and_its_digest(fake: Fake) -> None:
    body = b'{"discount": 0.10, "count": 12345678901234567890}'
    fake.script("/x", [Reply(body=body)])
    answer = ask(fake, [])
    assert answer.data == {"discount": Decimal("0.10"), "count": 12345678901234567890}
    assert str(answer.data["discount"]) == "0.10"
    assert answer.sha256 == hashlib.sha256(body).hexdigest()
    assert (answer.question, answer.day) == ("GET /x", datetime.date(2026, 5, 22))


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        ("7", 7, 7.5),
        ("0", 0, 0.5),
        ("Fri, 22 May 2026 12:00:30 GMT", 30, 30.5),
        ("Fri, 22 May 2026 11:00:00 GMT", 0, 0.5),
        ("soon", 1, 1.5),
        ("-5", 1, 1.5),
        ("1e9", 1, 1.5),
        ("٣", 1, 1.5),
        ("", 1, 1.5),
    ],
)
def test_retry_after(fake: Fake, said: str, least: float, most: float) -> None:
    refusal = error(429, "Rate limit exceeded", **{"Retry-After": said} if said.isascii() else {})
    fake.script("/x", [refusal, Reply(body=b"{}")])
    waited: list[float] = []
    ask(fake, waited)
    assert len(waited) == 1
    assert least <= waited[0] <= most


@pytest.mark.parametrize("said", ["91", "999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_wait_beyond_patience_ends_it(fake: Fake, said: str) -> None:
    fake.script("/x", [error(503, "down", **{"Retry-After": said})])
    waited: list[float] = []
    with pytest.raises(UnansweredError, match=r"HTTP 503: down; it says to wait \d+ s"):
        ask(fake, waited)
    assert waited == []


def test_pauses_grow_and_differ(fake: Fake) -> None:
    fake.script("/x", [error(500, "no")])
    seen = set()
    for _ in range(5):
        waited: list[float] = []
        with pytest.raises(UnansweredError):
            ask(fake, waited)
        assert 1 <= waited[0] <= 1.5
        assert 4 <= waited[1] <= 6
        seen.add(waited[0])
    assert len(seen) > 1


def test_too_large_is_not_asked_again(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.openrouter.MOST_BYTES", 1000)
    fake.script("/x", [Reply(body=b"[" + b" " * 2000 + b"]")])
    with pytest.raises(UnansweredError, match="too large"):
        ask(fake, [])
    assert fake.paths == ["/x"]


def test_only_the_data_sets_are_counted(fake: Fake, tmp_path: Path) -> None:
    file = tmp_path / "count.json"
    fake.script("/datasets/x", [error(500, "no"), Reply(body=b"{}")])
    fake.script("/x", [Reply(body=b"{}")])
    clock = Clock(pause=lambda seconds: None)
    with OpenRouter(fake.api, clock=clock, limit=RequestLimit(file, clock)) as client:
        client.get("/x")
        assert not file.exists()
        client.get("/datasets/x")
    assert '"count": 2' in file.read_text()  # a second attempt is a request too


def test_a_day_that_is_used_up_is_said(fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.request_limit.PER_DAY", 0)
    limit = RequestLimit(tmp_path / "count.json")
    with (
        OpenRouter(fake.api, limit=limit) as client,
        pytest.raises(UnansweredError, match="0 requests to the data sets"),
    ):
        client.get("/datasets/x")
    assert fake.paths == []
