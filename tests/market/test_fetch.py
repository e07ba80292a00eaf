"""`vane lock` and the network: it takes what is good, names what is not, and never turns an odd answer into a lock."""

from __future__ import annotations

import datetime
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from compiler.cli import main
from compiler.diagnostics import PolicyError
from compiler.lock import Answers
from harness import openrouter as fetching
from harness.clock import Clock
from harness.market.lock_answers import fetch
from tests.fakes.openrouter import GATEWAY_ERROR, MODELS, ZDR, OpenRouter, Reply, error, good, saved
from tests.market.desk import Desk
from tests.samples import write_policies

#: Waits for nothing.
HASTY = Clock(pause=lambda seconds: None)
KEY = "sk-or-v1-0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def openrouter() -> Iterator[OpenRouter]:
    with OpenRouter() as server:
        yield server


@pytest.fixture
def ask(openrouter: OpenRouter) -> Callable[[], Answers]:
    return lambda: fetch((), openrouter.api, timeout=5, clock=HASTY)


def refusal(ask: Callable[[], Answers]) -> str:
    with pytest.raises(PolicyError) as caught:
        ask()
    (finding,) = caught.value.findings
    assert finding.code == "VN701"
    assert finding.fix
    return finding.message


def test_good_answers(openrouter: OpenRouter) -> None:
    answers = fetch((), openrouter.api, key=KEY)
    assert {model["id"] for model in answers.models} == {m["id"] for m in saved("models-2026-05-22.json")["data"]}
    assert answers.zdr == frozenset(endpoint["model_id"] for endpoint in saved("zdr-2026-05-22.json")["data"])
    assert openrouter.asked == [(MODELS, f"Bearer {KEY}"), (ZDR, f"Bearer {KEY}")]


def test_day_is_the_servers(ask: Callable[[], Answers]) -> None:
    assert ask().as_of == datetime.date(2026, 5, 22)


@pytest.mark.parametrize("date", [None, "yesterday", "Fri, 31 Dec 9999 23:59:59 -2300", ""])
def test_day_is_ours_where_the_server_does_not_say(
    ask: Callable[[], Answers], openrouter: OpenRouter, date: str | None
) -> None:
    plain = good(saved("models-2026-05-22.json"))
    headers = {name: value for name, value in plain.headers.items() if name != "Date"}
    openrouter.script(MODELS, [replace(plain, headers=headers if date is None else headers | {"Date": date})])
    before = datetime.datetime.now(datetime.UTC).date()
    assert before <= ask().as_of <= datetime.datetime.now(datetime.UTC).date()


def test_no_key_is_no_header(ask: Callable[[], Answers], openrouter: OpenRouter) -> None:
    ask()
    assert {key for _, key in openrouter.asked} == {None}


@pytest.mark.parametrize(
    "bad",
    [error(429, "Rate limit exceeded"), error(500, "Internal Server Error"), GATEWAY_ERROR, Reply(body=b"<html>")],
    ids=["429", "500", "502 HTML", "200 HTML"],
)
def test_what_may_pass_is_asked_again(openrouter: OpenRouter, bad: Reply) -> None:
    pauses: list[float] = []
    openrouter.script(MODELS, [bad, bad, good(saved("models-2026-05-22.json"))])
    assert fetch((), openrouter.api, clock=Clock(pause=pauses.append)).models
    assert openrouter.paths == [MODELS] * 3 + [ZDR]
    assert len(pauses) == 2
    assert pauses[0] < pauses[1]


@pytest.mark.parametrize(
    ("path", "reply", "times", "said"),
    [
        (MODELS, error(401, "Missing Authentication header"), 1, "HTTP 401: Missing Authentication header"),
        (ZDR, error(403, "Only management keys can perform this operation"), 1, "HTTP 403: Only management keys"),
        (MODELS, error(404, "Not Found"), 1, "HTTP 404: Not Found"),
        (MODELS, error(429, "Rate limit exceeded"), 3, "HTTP 429: Rate limit exceeded"),
        (ZDR, error(500, "Internal Server Error"), 3, "HTTP 500: Internal Server Error"),
        (MODELS, GATEWAY_ERROR, 3, "HTTP 502"),
        (MODELS, Reply(503, b'{"error": "down"}'), 3, "HTTP 503"),
        (MODELS, Reply(301, b"", {"Location": "http://127.0.0.1:9/"}), 1, "HTTP 301"),
        (MODELS, Reply(204), 1, "HTTP 204"),
        (MODELS, Reply(), 3, "JSONDecodeError"),
        (MODELS, Reply(body=b"<!doctype html><title>Sign in to the hotel's WLAN</title>"), 3, "JSONDecodeError"),
        (MODELS, Reply(body=b"\xff\xfe\x00garbage"), 3, "Error"),
        (MODELS, Reply(body=b'{"data": [', missing=0), 3, "JSONDecodeError"),
        (MODELS, Reply(body=b'{"data": [', missing=1000), 3, "RemoteProtocolError"),
        (ZDR, Reply(body=b"[" * 200_000), 3, "RecursionError"),
    ],
)
def test_bad_answers_are_refused(
    ask: Callable[[], Answers], openrouter: OpenRouter, path: str, reply: Reply, times: int, said: str
) -> None:
    openrouter.script(path, [reply])
    message = refusal(ask)
    assert message.startswith(f"GET {path}: ")
    assert said in message
    assert openrouter.paths.count(path) == times


@pytest.mark.parametrize(
    "answer", [[], {}, None, {"data": []}, {"data": {}}, {"data": None}, {"error": {"code": 500, "message": "late"}}]
)
@pytest.mark.parametrize("path", [MODELS, ZDR])
def test_odd_json_is_refused(ask: Callable[[], Answers], openrouter: OpenRouter, path: str, answer: object) -> None:
    openrouter.script(path, [good(answer)])
    if path == ZDR and answer == {"data": []}:  # that nobody offers it is an answer
        assert ask().zdr == frozenset()
    else:
        assert refusal(ask).startswith(f"GET {path}: no list of")


def test_a_silent_server_ends_in_a_finding(openrouter: OpenRouter) -> None:
    openrouter.script(MODELS, [Reply(silent=True)])
    assert "ReadTimeout" in refusal(lambda: fetch((), openrouter.api, timeout=0.05, clock=HASTY))


def test_a_dripping_server_ends_in_a_finding(openrouter: OpenRouter) -> None:
    hours = iter(range(0, 100 * 3600, 3600))
    slow = Clock(monotonic=lambda: next(hours), pause=lambda seconds: None)
    assert "too slow" in refusal(lambda: fetch((), openrouter.api, clock=slow))


def test_an_endless_answer_ends_in_a_finding(
    ask: Callable[[], Answers], openrouter: OpenRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MOST_BYTES", 1000)
    assert "too large" in refusal(ask)


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: the port refuses
        api = f"http://127.0.0.1:{taken.getsockname()[1]}/api/v1"
        assert "ConnectError" in refusal(lambda: fetch((), api, clock=HASTY))


@pytest.mark.parametrize("key", [f"{KEY}\n", f"{KEY}\r\nX-Evil: 1", "sk-or-v1-…", "two words", "\x00"])
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(openrouter: OpenRouter, key: str) -> None:
    message = refusal(lambda: fetch((), openrouter.api, key=key))
    assert key.strip() not in message
    assert openrouter.asked == []


def test_the_error_message_is_data(
    openrouter: OpenRouter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    openrouter.script(MODELS, [error(401, f"bad\x1b[2J key {KEY}\n::error::fake " + "x" * 5000)])
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    monkeypatch.setattr(fetching, "API", openrouter.api)
    write_policies(tmp_path)
    assert main(["lock", "-C", str(tmp_path)]) == 1
    printed = "".join(capsys.readouterr())
    assert KEY not in printed
    assert "\x1b" not in printed
    assert "\n::error" not in printed
    assert len(printed) < 1000


def test_lock_command_asks_and_writes(
    openrouter: OpenRouter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fetching, "API", openrouter.api)
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    lock_file = write_policies(tmp_path) / "models.lock.json"
    assert main(["lock", "-C", str(tmp_path)]) == 0
    lock = json.loads(lock_file.read_text("utf-8"))
    assert lock["as_of"] == "2026-05-22"
    assert lock["source"] == "GET /models and GET /endpoints/zdr"
    assert lock["models"]["anthropic/claude-opus-4.7"]["zdr"] is True
    route = "GET /models: no endpoint has this price"  # the server knows no endpoints at all
    assert {model["priced"]["route"] for model in lock["models"].values()} == {route}
    assert KEY not in lock_file.read_text("utf-8")
    assert {key for _, key in openrouter.asked} == {f"Bearer {KEY}"}
    assert "written" in capsys.readouterr().err
    before = lock_file.stat().st_mtime_ns
    assert main(["lock", "-C", str(tmp_path)]) == 0
    assert lock_file.stat().st_mtime_ns == before
    assert main(["compile", "-C", str(tmp_path)]) == 0


def test_a_failed_lock_leaves_the_old_one(
    openrouter: OpenRouter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "API", openrouter.api)
    monkeypatch.setattr(fetching, "PAUSES", (0, 0))
    lock_file = write_policies(tmp_path) / "models.lock.json"
    before = lock_file.read_bytes()
    for reply in (good({"data": []}), GATEWAY_ERROR, Reply(body=b"{", missing=7)):
        openrouter.script(MODELS, [reply])
        assert main(["lock", "-C", str(tmp_path)]) == 1
        assert lock_file.read_bytes() == before
    assert {file.name for file in lock_file.parent.iterdir() if file.name.startswith(".")} == set()


def test_the_lock_says_whose_its_prices_are(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The market's server knows endpoints too."""
    monkeypatch.setattr(fetching, "API", desk.api)
    assert main(["lock", "-C", str(desk.project)]) == 0
    models = json.loads((desk.project / "policies/models.lock.json").read_text("utf-8"))["models"]
    assert {model["priced"]["route"] for model in models.values()} == {"deepinfra/fp8"}
    assert {model["priced"]["as_of"] for model in models.values()} == {"2026-06-15"}
    assert main(["compile", "-C", str(desk.project)]) == 0
    desk.fault("/endpoints", body=b"{}")
    assert main(["lock", "-C", str(desk.project)]) == 1
    assert "no list of endpoints" in capsys.readouterr().err
