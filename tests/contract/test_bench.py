"""`vane bench run` and our fake of chat completions, with OpenRouter's own description between them.

Prism answers a call that the description does not allow with 422 and an answer that it does not allow with 500, so a
row without an error is right on both sides. Prism cannot stream: the chunks are held against the description here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from harness.bench.events import EventStream
from harness.bench.store import read_run
from tests.contract.gateway import free_port
from tests.contract.prism import prism
from tests.fakes.chat import Call, Chat, Reply, broken, refused, said
from tests.runs.conftest import Desk, chat, desk

__all__ = ["chat", "desk"]
WORDS = {
    "unauthorized": 401, "payment_required": 402, "key_limit": 403, "not_found": 404, "rate_limited": 429,
    "server_error": 502, "unavailable": 503,
}  # fmt: skip


@pytest.fixture(scope="module")
def proxied(specification: Path) -> Iterator[tuple[Chat, str]]:
    """The fake, and the address of the Prism in front of it."""
    with Chat() as server:
        upstream = server.address.removesuffix("/api/v1")
        with prism(specification, upstream, free_port(), specification.parent / "prism-bench.log") as address:
            yield server, address


def answered(call: Call) -> Reply:
    """A call of the first tool where there is one."""
    tools = call.body.get("tools")
    return said(call, calls=[(tools[0]["function"]["name"], "{}")]) if tools else said(call)


def test_the_shipped_suite_breaks_the_contract_nowhere(
    desk: Desk, proxied: tuple[Chat, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.bench.prepare import chosen_suite

    monkeypatch.setattr("harness.bench.run_command.chosen_suite", chosen_suite)
    server, address = proxied
    server.rule = answered
    where = ("--api", address, "--leg", "openrouter", "--out", str(desk.file))
    done = desk("run", *where, "--no-stream", "--repeats", "1", "--concurrency", "4")
    assert done.code == 0, done.err
    rows = [row for row in read_run(desk.file).attempts if row.final]
    assert len(rows) == 50
    assert Counter((row.error, row.error_detail) for row in rows) == {(None, ""): 50}
    assert {row.cost_basis for row in rows} == {"billed"}


@pytest.mark.parametrize(("name", "status"), WORDS.items())
def test_refusals_are_those_of_the_contract(desk: Desk, proxied: tuple[Chat, str], name: str, status: int) -> None:
    server, address = proxied
    message = "Key limit exceeded (monthly limit)" if status == 403 else "no"
    server.rule = lambda _: refused(status, message, {"retry-after": "86400"})
    where = ("--api", address, "--leg", "openrouter", "--out", str(desk.file))
    desk("run", *where, "--no-stream", "--repeats", "1", "--warm-up", "0")
    assert [row.error for row in read_run(desk.file).attempts] == [name] * 3


def test_a_wrong_call_does_not_pass(desk: Desk, proxied: tuple[Chat, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate can close: else the first test would prove nothing."""
    server, address = proxied
    server.rule = answered
    monkeypatch.setattr("harness.bench.tasks.prompt_of", lambda case: {"messages": "none", "temperature": "hot"})
    where = ("--api", address, "--leg", "openrouter", "--out", str(desk.file))
    desk("run", *where, "--no-stream", "--repeats", "1", "--warm-up", "0")
    assert [row.http_status for row in read_run(desk.file).attempts] == [422] * 3


def test_chunks_are_those_of_the_contract(specification: Path) -> None:
    whole = json.loads(specification.read_text("utf-8"))
    schema = {"$ref": "#/components/schemas/ChatStreamChunk", "components": whole["components"]}
    call = Call(0.0, "", None, {"model": "a/b", "stream": True, "messages": [{"content": ""}]})
    for reply in (said(call), said(call, calls=[("f", "{}"), ("g", "{}")]), broken(call)):
        events = EventStream().feed(b"".join(piece for _, piece in reply.pieces))
        chunks: list[Any] = [json.loads(event) for event in events if event != b"[DONE]"]
        assert len(chunks) >= 2
        for chunk in chunks:
            jsonschema.Draft202012Validator(schema).validate(chunk)
