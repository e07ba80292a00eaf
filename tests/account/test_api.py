"""The calls: what is asked again, what is refused, and that the key goes nowhere it should not."""

from __future__ import annotations

import socket

import httpx
import pytest

from deploy.account.api import MOST_SECONDS, PAUSES, VARIABLE, Api
from deploy.account.refusal import Refusal
from tests.account.conftest import Desk
from tests.account.test_apply import refused
from tests.fakes.openrouter_management import MANAGEMENT_KEY, Fault


@pytest.mark.parametrize("status", [429, 500, 503, None])
def test_a_question_is_asked_again(desk: Desk, status: int | None) -> None:
    desk.account.faults.append(Fault("GET", "/keys", status, times=2))
    assert desk("plan").code == 0
    assert desk.waited == list(PAUSES[:2])


@pytest.mark.parametrize(
    ("said", "waited"),
    [("7", 7), ("86400", MOST_SECONDS), ("Wed, 21 Oct 2026 07:28:00 GMT", PAUSES[0]), ("-1", PAUSES[0])],
)
def test_it_waits_as_long_as_the_api_says_and_not_for_ever(desk: Desk, said: str, waited: float) -> None:
    desk.account.faults.append(Fault("GET", "/guardrails", 429, headers={"Retry-After": said}))
    assert desk("plan").code == 0
    assert desk.waited == [waited]


def test_it_gives_up(desk: Desk) -> None:
    desk.account.faults.append(Fault("GET", "/keys", 503, "busy", times=9))
    assert refused(desk("plan"), "VA202").startswith("GET /keys VA202 HTTP 503: busy\n")
    assert desk.waited == list(PAUSES)


@pytest.mark.parametrize("status", [429, 500, None])
def test_a_change_is_never_sent_twice(desk: Desk, status: int | None) -> None:
    desk.account.faults.append(Fault("POST", "/keys", status, times=9))
    assert desk.apply().code == 1
    assert desk.account.changes == [("POST", "/keys")]
    assert desk.waited == []


@pytest.mark.parametrize(
    ("status", "code"), [(400, "VA202"), (401, "VA201"), (403, "VA201"), (404, "VA202"), (302, "VA202")]
)
def test_what_stays_wrong_is_asked_once(desk: Desk, status: int, code: str) -> None:
    desk.account.faults.append(Fault("GET", "/keys", status, f"no \x1b[2J {MANAGEMENT_KEY}"))
    err = refused(desk("plan"), code)
    assert f"HTTP {status}: no \\x1b[2J ***" in err
    assert MANAGEMENT_KEY not in err
    assert len(desk.account.asked) == 1


def test_nobody_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        monkeypatch.setattr(desk.account, "address", f"http://127.0.0.1:{listener.getsockname()[1]}")
    assert "ConnectError" in refused(desk("plan"), "VA204")


@pytest.mark.parametrize(
    "body",
    [
        b"<html>", b"[]", b"{}", b'{"data": 1}', b'{"data": [1]}', b'{"data": [{"hash": 1}]}', b'{"data": NaN}',
        b'{"data": [{"hash": "a", "name": "b", "limit": "1"}]}', b"[" * 100_000, b"\xff",
    ],
)  # fmt: skip
def test_odd_answers(desk: Desk, body: bytes) -> None:
    desk.account.faults.append(Fault("GET", "/keys", 200, body=body))
    refused(desk("plan"), "VA203")


def test_an_odd_preset(desk: Desk) -> None:
    desk.account.faults.append(Fault("GET", "/presets/vane-ide-assist", 200, body=b'{"data": {"slug": "x"}}'))
    refused(desk("plan"), "VA203")


def test_pages_that_never_end_and_lists_that_end_too_soon(desk: Desk) -> None:
    desk.account.add_guardrail("x")
    one = b'{"data": [{"id": "a", "name": "b"}], "total_count": 9}'
    desk.account.faults.append(Fault("GET", "/guardrails", 200, times=9, body=one))
    assert "never end" in refused(desk("plan"), "VA203")
    desk.account.faults[:] = [Fault("GET", "/guardrails", 200, body=b'{"data": [], "total_count": 9}')]
    assert "says 9 entries and holds 0" in refused(desk("plan"), "VA203")


@pytest.mark.parametrize("key", [None, "", "a b", "abc\n", "schlüssel"])
def test_a_key_that_cannot_be_sent_is_not_shown(desk: Desk, monkeypatch: pytest.MonkeyPatch, key: str | None) -> None:
    monkeypatch.delenv(VARIABLE)
    if key is not None:
        monkeypatch.setenv(VARIABLE, key)
    done = desk("plan")
    assert done.code == 2
    assert not key or key not in refused(done, "VA101")
    assert desk.account.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "http://openrouter.ai/api/v1", "https://me:secret@openrouter.ai", "ftp://openrouter.ai", "openrouter.ai", "https://",
        "https://x/?a=b", "https://x/#a", "http://127.0.0.1.example.net", "https://x:port", "http://[::1", "",
    ],
)  # fmt: skip
def test_addresses_that_must_not_get_the_key(address: str) -> None:
    with pytest.raises(Refusal) as refusal:
        Api(address, MANAGEMENT_KEY)
    assert refusal.value.code == "VA102"
    assert refusal.value.exit_code == 2
    assert "secret" not in refusal.value.text


@pytest.mark.parametrize("address", ["https://openrouter.ai/api/v1/", "http://localhost:8080", "http://[::1]:80/api"])
def test_addresses_that_may(address: str) -> None:
    with Api(address, MANAGEMENT_KEY) as api:
        assert api.address == address.rstrip("/")


def test_a_dripping_server_is_left(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.account.api.TIMEOUT_SECONDS", -1)
    api = Api(desk.account.address, MANAGEMENT_KEY)
    monkeypatch.setattr(api, "_client", httpx.Client(base_url=desk.account.address, headers=api._client.headers))
    with api, pytest.raises(Refusal, match="too large or too slow"):
        api.ask("/keys")
