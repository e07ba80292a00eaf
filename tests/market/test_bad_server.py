"""A market that misbehaves: no partial week on disk, a clear message, exit 1; a clean week when it recovers."""

from __future__ import annotations

from typing import Any

import pytest

from harness import openrouter
from tests.fakes.openrouter_market import KEY, RANKINGS
from tests.market.desk import Desk

pytestmark = pytest.mark.usefixtures("bare")

#: Where in the refresh it may also happen: at a section, at the last questions.
PLACES = ["category=programming", "/app-rankings", "/endpoints/zdr", "owl-alpha/endpoints"]
#: name → the fault and what the message says
FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "429 storm": ({"status": 429, "message": "Rate limit exceeded"}, "HTTP 429: Rate limit exceeded"),
    "500": ({"status": 500}, "HTTP 500: Internal Server Error"),
    "503": ({"status": 503, "message": "down"}, "HTTP 503: down"),
    "truncated JSON": ({"missing": 1000}, "RemoteProtocolError"),
    "half a JSON": ({"body": b'{"data": [{"date": "2026-06-'}, "JSONDecodeError"),
    "a page": ({"body": b"<!doctype html><title>Sign in</title>"}, "JSONDecodeError"),
    "NaN": ({"body": b'{"data": [NaN]}'}, "not JSON"),
    "redirect": ({"status": 302, "headers": {"Location": "https://evil.example/"}}, "no redirect is followed"),
    "40 MB": ({"padding": 40 * 1024 * 1024}, "too large"),
}


@pytest.mark.parametrize(("fault", "said"), FAULTS.values(), ids=FAULTS.keys())
def test_no_partial_week(desk: Desk, fault: dict[str, Any], said: str) -> None:
    refused_and_recovered(desk, "period=day", fault, said)


@pytest.mark.parametrize("place", PLACES)
def test_no_partial_week_at_any_question(desk: Desk, place: str) -> None:
    refused_and_recovered(desk, place, {"status": 500}, "HTTP 500")


def refused_and_recovered(desk: Desk, place: str, fault: dict[str, Any], said: str) -> None:
    desk.fault(place, **fault)
    done = desk()
    assert done.code == 1
    assert "VM102" in done.err
    assert said in done.err
    assert KEY not in done.err
    assert desk.files == {}
    desk.market.faults.clear()
    assert desk().code == 0
    assert len(desk.files) == 3


def test_what_passes_is_waited_for(desk: Desk) -> None:
    desk.fault(RANKINGS, times=2, status=429, headers={"Retry-After": "7"})
    desk.fault("/models", times=1, status=500)
    assert desk().code == 0
    assert [round(seconds) for seconds in desk.waited[:2]] == [7, 7]
    assert 1 <= desk.waited[2] <= 1.5
    assert len(desk.waited) == 3


def test_a_long_wait_is_not_waited_for(desk: Desk) -> None:
    desk.fault(RANKINGS, status=429, headers={"Retry-After": "3600"})
    done = desk()
    assert done.code == 1
    assert "it says to wait 3600 s" in done.err
    assert desk.waited == []


def test_a_redirect_is_not_followed_with_the_key(desk: Desk) -> None:
    desk.fault(RANKINGS, status=307, headers={"Location": f"{desk.api}/models"})
    assert desk().code == 1
    assert [asked.partition("?")[0] for asked in desk.market.asked] == [RANKINGS]


def test_a_slow_answer_ends(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that drips seven bytes at a time, never too late for the single piece."""
    monkeypatch.setattr(openrouter, "WHOLE_SECONDS", 0.3)
    desk.fault("/models", drip=0.02)
    done = desk()
    assert done.code == 1
    assert "too slow" in done.err
    assert desk.files == {}


def test_an_error_that_shows_the_key_is_masked(desk: Desk) -> None:
    desk.fault(RANKINGS, status=403, message=f"key {KEY} may not\x1b[2J\n::error::x" + "y" * 5000)
    done = desk()
    assert done.code == 1
    assert "key *** may not" in done.err
    assert KEY not in done.err
    assert "\x1b" not in done.err
    assert "\n::error" not in done.err
    assert len(done.err) < 1500


def test_the_servers_own_limit_is_met_by_waiting(desk: Desk) -> None:
    desk.market.is_limited = True
    assert desk().code == 0
    assert len(desk.market.recent) == 4
