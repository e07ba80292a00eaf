"""Servers and networks that misbehave: each becomes a row with a named error, and the run goes on and ends."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from harness.bench.runner import Settings
from harness.bench.store import unit_of
from tests.fakes import chat as fake
from tests.fakes.chat import Call, Chat, Reply, refused, said
from tests.fakes.upstream import self_signed
from tests.runs.conftest import Desk, suite_of, text_case, tool_case

NO_CREDITS = "Insufficient credits. Add more using https://openrouter.ai/settings/credits"
KEY_LIMIT = "Key limit exceeded (monthly limit). Manage it using https://openrouter.ai/settings/keys"
BUDGET = "Workspace monthly budget of $500.00 exceeded"
MODERATED = 'google/gemini requires moderation. Your input was flagged for "violence".'


def html(call: Call) -> Reply:
    return Reply([(0.0, b"<html>Sign in to the network</html>")], kind="text/html")


def no_choices(call: Call) -> Reply:
    return Reply([(0.0, b'{"id": "x"}')], kind="application/json")


def error_at_200(call: Call) -> Reply:
    return Reply([(0.0, b'{"error": {"code": 502, "message": "Provider returned error"}}')], kind="application/json")


BAD: list[tuple[str, Callable[[Call], Reply]]] = [
    ("unauthorized", lambda _: refused(401, "User not found.")),
    ("payment_required", lambda _: refused(402, NO_CREDITS)),
    ("key_limit", lambda _: refused(403, KEY_LIMIT)),
    ("key_limit", lambda _: refused(403, BUDGET)),
    ("forbidden", lambda _: refused(403, MODERATED)),
    ("not_found", lambda _: refused(404, "No endpoints found matching your data policy")),
    ("bad_request", lambda _: refused(400, "max_tokens is too large")),
    ("rate_limited", lambda _: refused(429, "Rate limit exceeded", {"retry-after": "0"})),
    ("rate_limited", lambda _: refused(429, "Rate limit exceeded", {"retry-after": "86400"})),
    ("unavailable", lambda _: refused(503, "No provider is available", {"retry-after": "0"})),
    ("server_error", lambda _: refused(502, "Bad gateway")),
    ("stream_error", fake.broken),
    ("stream_error", error_at_200),
    ("stalled", fake.stalled),
    ("timeout", fake.silent),
    ("bad_stream", fake.half_chunk),
    ("bad_stream", html),
    ("bad_stream", no_choices),
    ("connection_lost", fake.cut),
    ("too_large", partial(fake.endless, size=50_000_000)),
]


@pytest.mark.parametrize(("name", "rule"), BAD)
def test_a_bad_answer_is_a_row_with_a_name_and_the_run_goes_on(
    desk: Desk, name: str, rule: Callable[[Call], Reply]
) -> None:
    desk.chat.rule = lambda call: rule(call) if "Case two" in call.prompt else said(call)
    done = desk.run("--leg", "openrouter", "--repeats", "1", "--timeout", "1.5" if name in SLOW else "60")
    rows = {row.case: row for row in desk.kept.attempts if row.final}
    assert done.code == 0
    assert sorted(rows) == ["one", "three", "two"]
    assert (rows["two"].error, rows["two"].grade, rows["two"].answer_sha256) == (name, None, None)
    assert (rows["one"].error, rows["three"].error) == (None, None)
    assert rows["two"].censored == (name in SLOW)


SLOW = ("stalled", "timeout")


@pytest.mark.parametrize(("error", "name"), [
    ({"message": "402 Insufficient credits", "type": "insufficient_quota"}, "payment_required"),
    ({"message": "429 Slow down", "type": "rate_limit_error"}, "rate_limited"),
    ({"message": "no", "type": "authentication_error"}, "unauthorized"),
    ({"message": KEY_LIMIT, "type": "permission_error"}, "key_limit"),
    ({"message": "no", "type": "invalid_request_error"}, "bad_request"),
    ({"code": 429, "message": "Rate limit exceeded"}, "rate_limited"),
    ({"code": 402, "message": NO_CREDITS}, "payment_required"),
    ({"message": "upstream provider error", "type": "api_error"}, "stream_error"),
    ({"code": 502, "message": "Provider disconnected"}, "stream_error"),
    ({"code": "429", "type": ["rate_limit_error"]}, "stream_error"),
    ("a text", "stream_error"),
])  # fmt: skip
@pytest.mark.parametrize("begun", [False, True])
def test_a_refusal_in_a_stream_is_one_and_a_fault_in_an_answer_is_not(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: object, name: str, begun: bool
) -> None:
    """A gateway says 200 before it asks a model. After the first token, whatever ends the answer broke it off."""
    monkeypatch.setattr("harness.bench.run_command.Settings", partial(Settings, pauses=()))
    desk.use(suite_of(text_case("one")))
    delta = {"role": "assistant", "content": "Under" if begun else ""}
    desk.chat.rule = lambda call: Reply([(0.0, fake.chunk(call.model, delta)), (0.0, fake.event({"error": error})),
                                         (0.0, b"data: [DONE]\n\n")])  # fmt: skip
    desk.run("--leg", "openrouter", "--repeats", "1")
    (row,) = desk.kept.attempts
    assert (row.error, row.http_status, row.token_chunks) == ("stream_error" if begun else name, 200, int(begun))


def test_a_timeout_is_a_bound_and_may_have_cost_the_worst(desk: Desk) -> None:
    desk.use(suite_of(text_case("one")))
    desk.chat.rule = fake.stalled
    desk.run("--leg", "openrouter", "--repeats", "1", "--timeout", "1")
    (row,) = desk.kept.attempts
    assert row.total_ms >= 1000
    assert (row.cost_usd, row.cost_basis, row.token_chunks) == (None, "unknown", 1)
    assert desk.kept.most_usd > 0


def test_what_was_refused_cost_nothing(desk: Desk) -> None:
    desk.use(suite_of(text_case("one")))
    desk.chat.rule = lambda _: refused(402, NO_CREDITS)
    desk.run("--leg", "openrouter", "--repeats", "1")
    (row,) = desk.kept.attempts
    assert (row.cost_usd, row.error_detail) == (Decimal(0), f"HTTP 402: {NO_CREDITS} (code 402)")


def test_nobody_listens(desk: Desk) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused for sure
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        done = desk("run", "--api", url, "--leg", "openrouter", "--repeats", "1", "--out", str(desk.file))
    assert done.code == 0
    assert [row.error for row in desk.kept.attempts if row.final] == ["connection_refused"] * 3


def test_a_server_that_speaks_no_tls(desk: Desk) -> None:
    url = desk.chat.address.replace("http://", "https://")
    desk("run", "--api", url, "--leg", "openrouter", "--repeats", "1", "--out", str(desk.file))
    assert [row.error for row in desk.kept.attempts if row.final] == ["tls_error"] * 3


def test_a_certificate_that_nobody_vouches_for(desk: Desk, tmp_path: Path) -> None:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path, "127.0.0.1"))
    with Chat(context=context) as chat:
        desk("run", "--api", chat.address, "--leg", "openrouter", "--repeats", "1", "--out", str(desk.file))
    assert [row.error for row in desk.kept.attempts if row.final] == ["tls_error"] * 3
    assert chat.calls == []


def test_a_name_that_does_not_exist(desk: Desk) -> None:
    url = "https://no-such-host.invalid/v1"
    desk("run", "--api", url, "--leg", "openrouter", "--repeats", "1", "--out", str(desk.file), "--timeout", "30")
    assert {row.error for row in desk.kept.attempts if row.final} <= {"dns_error", "timeout"}


def test_a_refusal_to_wait_for_is_a_row_and_so_is_the_call_that_is_made_again(desk: Desk) -> None:
    desk.use(suite_of(tool_case("one")))
    answers = iter([
        refused(429, "Slow down", {"retry-after": "1"}),
        refused(503, "Busy", {"retry-after": "0"}),
    ])  # fmt: skip
    desk.chat.rule = lambda call: next(answers, None) or said(call, calls=[("get_weather", '{"city": "Paris"}')])
    done = desk.run("--leg", "openrouter", "--repeats", "1")
    rows = desk.kept.attempts
    assert [(row.attempt, row.error, row.final) for row in rows] == [
        (1, "rate_limited", False), (2, "unavailable", False), (3, None, True),
    ]  # fmt: skip
    first, second, third = desk.chat.calls
    assert second.at - first.at >= 1
    assert rows[1].total_ms < 1000 and rows[2].total_ms < 1000, "no wait is in a latency"
    assert rows[2].grade and rows[2].grade.success
    assert "openrouter: rate_limited, waits 1 s" in done.err
    assert first.body == second.body == third.body


def test_attempts_are_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.bench.run_command.Settings", partial(Settings, pauses=(0.01, 0.02)))
    desk.use(suite_of(text_case("one")))
    desk.chat.rule = lambda _: refused(429, "Slow down")
    assert desk.run("--leg", "openrouter", "--repeats", "1").code == 0
    assert [(row.attempt, row.final) for row in desk.kept.attempts] == [(1, False), (2, False), (3, True)]
    assert desk.kept.done == {unit_of(desk.kept.attempts[0])}


def test_a_pause_holds_the_whole_leg(desk: Desk) -> None:
    desk.use(suite_of(*(text_case(f"case-{number}") for number in range(6))))
    refusals = iter([refused(429, "Slow down", {"retry-after": "1"})] * 2)
    desk.chat.rule = lambda call: next(refusals, None) or said(call)
    desk.run("--leg", "openrouter", "--repeats", "1", "--concurrency", "2")
    moments = [call.at for call in desk.chat.calls]
    assert moments[2] - moments[1] >= 0.9
    assert len(desk.kept.done) == 6


def test_arguments_in_pieces_are_one_call(desk: Desk) -> None:
    desk.use(suite_of(tool_case("one")))

    def in_pieces(call: Call) -> Reply:
        whole = fake.tool_call("get_weather", "")
        bits = [{"tool_calls": [whole]}] + [
            {"tool_calls": [{"index": 0, "function": {"arguments": bit}}]} for bit in ('{"ci', 'ty": ', '"Paris"}')
        ]
        chunks = [fake.chunk(call.model, bit) for bit in bits]
        end = fake.chunk(call.model, {}, "tool_calls", usage=fake.usage()) + b"data: [DONE]\n\n"
        return Reply([(0.01, piece) for piece in (*chunks, end)])

    desk.chat.rule = in_pieces
    desk.run("--leg", "openrouter", "--repeats", "1", "--keep-text")
    (row,) = desk.kept.attempts
    assert row.answer and [(call.name, json.loads(call.arguments)) for call in row.answer.calls] == [
        ("get_weather", {"city": "Paris"})
    ]
    assert row.grade and row.grade.success
    assert row.token_chunks == 4
    assert row.tokens_per_second and row.tokens_per_second > 0


def test_a_comment_is_no_token(desk: Desk) -> None:
    desk.use(suite_of(text_case("one")))
    desk.chat.rule = lambda call: said(call, delay=0.3)  # the comment and the role come at once
    desk.run("--leg", "openrouter", "--repeats", "1")
    (row,) = desk.kept.attempts
    assert row.first_token_ms and row.first_token_ms >= 290
