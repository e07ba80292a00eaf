"""A fake of OpenRouter's chat completions, fast enough to be nobody's bottleneck: one event loop, bytes made ahead.

Modelled on OpenRouter's API reference as of November 2026: streams begin with the comment `: OPENROUTER PROCESSING`,
chunks name model and provider, `usage` with `cost` comes in the last chunk, `data: [DONE]` ends it; errors are
`{"error": {"code", "message", "metadata"}}`; an error in mid-stream comes at HTTP 200, as a chunk with a top-level
`error` and the finish reason `error`; Retry-After comes with 429 and 503. A key that the fake does not know gets 401.

`python -m tests.fakes.chat --delay-ms 50` serves in a process of its own and prints its address.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KEY = "sk-or-v1-" + "7" * 40
PATH = "/chat/completions"
#: Digits that no float holds: a cost that went through one would show.
COST = "0.000012345678901234567"
COMMENT = b": OPENROUTER PROCESSING\n\n"
_REASONS = {200: "OK", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 429: "Too Many Requests"}


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came in."""

    at: float
    path: str
    bearer: str | None
    body: Mapping[str, Any]

    @property
    def model(self) -> str:
        return str(self.body.get("model"))

    @property
    def prompt(self) -> str:
        """The last message's text."""
        return str(self.body["messages"][-1]["content"])


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent: a head at once, then pieces, each after a wait in seconds. `end`: how the answer ends."""

    pieces: Sequence[tuple[float, bytes]]
    status: int = 200
    kind: str = "text/event-stream"
    headers: Mapping[str, str] = field(default_factory=dict)
    #: whole: as HTTP ends a body; cut: the connection is closed without that; hang: nothing more comes
    end: str = "whole"


Rule = Callable[[Call], Reply]


def chunk(model: str, delta: Mapping[str, Any], reason: str | None = None, **more: Any) -> bytes:
    """One event of a stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": reason, "native_finish_reason": reason, "logprobs": None}
    data = {"id": "gen-1-abc", "provider": "Stub", "model": model, "object": "chat.completion.chunk", "created": 1,
            "choices": [choice], **more}  # fmt: skip
    return event(data)


def event(data: Mapping[str, Any]) -> bytes:
    return f"data: {with_cost(data)}\n\n".encode()


def with_cost(data: Mapping[str, Any]) -> str:
    """JSON in which the cost has all its digits."""
    return json.dumps(data).replace('"COST"', COST)


def usage(prompt: int = 20, completion: int = 5, cached: int = 0) -> dict[str, Any]:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "cost": "COST",
        "is_byok": False,
        "prompt_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def tool_call(name: str, arguments: str, index: int = 0) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"index": index, "id": f"call_{index}", "type": "function", "function": function}


def said(
    call: Call, text: str = "Understood.", calls: Sequence[tuple[str, str]] = (), delay: float = 0.0, gap: float = 0.0
) -> Reply:
    """A good answer, streamed or whole as it was asked for."""
    reason = "tool_calls" if calls else "stop"
    called = [tool_call(name, arguments, index) for index, (name, arguments) in enumerate(calls)]
    if not call.body.get("stream"):
        message = {"role": "assistant", "content": None if calls else text, "refusal": None, "reasoning": None}
        choice = {"index": 0, "message": {**message, **({"tool_calls": called} if calls else {})},
                  "finish_reason": reason, "native_finish_reason": reason, "logprobs": None}  # fmt: skip
        whole = {"id": "gen-1-abc", "provider": "Stub", "model": call.model, "object": "chat.completion", "created": 1,
                 "choices": [choice], "usage": usage(), "system_fingerprint": None}  # fmt: skip
        return Reply([(delay, with_cost(whole).encode())], kind="application/json")
    deltas: Iterable[Mapping[str, Any]]
    deltas = [{"tool_calls": [one]} for one in called] if calls else [{"content": word} for word in _words(text)]
    head = COMMENT + chunk(call.model, {"role": "assistant", "content": ""})
    tail = chunk(call.model, {"content": ""}, reason) + chunk(call.model, {}, usage=usage()) + b"data: [DONE]\n\n"
    tokens = [chunk(call.model, {"role": "assistant", **delta}) for delta in deltas]
    if not gap:
        return Reply([(0.0, head), (delay, b"".join(tokens) + tail)])
    spaced = [(delay if index == 0 else gap, token) for index, token in enumerate(tokens)]
    return Reply([(0.0, head), *spaced, (0.0, tail)])


def _words(text: str) -> list[str]:
    words = text.split(" ")
    return [*(f"{word} " for word in words[:-1]), words[-1]]


def refused(status: int, message: str, headers: Mapping[str, str] | None = None, **metadata: Any) -> Reply:
    """An error in OpenRouter's shape."""
    error = {"code": status, "message": message, **({"metadata": metadata} if metadata else {})}
    body = json.dumps({"error": error, "user_id": "user_1"}).encode()
    return Reply([(0.0, body)], status=status, kind="application/json", headers=headers or {})


def broken(call: Call) -> Reply:
    """An error in mid-stream, at HTTP 200."""
    error = {"code": 502, "message": "Provider disconnected", "metadata": {"error_type": "provider_unavailable"}}
    last = chunk(call.model, {"content": ""}, "error", error=error)
    return Reply([(0.0, COMMENT + chunk(call.model, {"content": "Half an"})), (0.0, last)])


def stalled(call: Call) -> Reply:
    """Begins and falls silent, with the connection open."""
    return Reply([(0.0, COMMENT + chunk(call.model, {"content": "Half an"}))], end="hang")


def silent(call: Call) -> Reply:
    """Keep-alive comments and no token, for ever."""
    return Reply([(0.0, COMMENT)], end="hang")


def half_chunk(call: Call) -> Reply:
    """Ends, as HTTP has it, in the middle of a JSON object."""
    return Reply([(0.0, chunk(call.model, {"content": "Half an"}) + chunk(call.model, {"content": "x"})[:40])])


def cut(call: Call) -> Reply:
    """The connection is closed in the middle of the stream."""
    return Reply([(0.0, chunk(call.model, {"content": "Half an"}))], end="cut")


def endless(call: Call, size: int) -> Reply:
    """A good stream of that many bytes."""
    piece = chunk(call.model, {"content": "x" * 60_000})
    return Reply([(0.0, piece)] * (size // len(piece) + 1))


class Chat:
    """The server. A context manager that serves in a thread; `address` is what a client takes for OpenRouter's API."""

    def __init__(self, rule: Rule | None = None, *, record: bool = True, context: ssl.SSLContext | None = None) -> None:
        self.rule = rule or said
        self.calls: list[Call] = []
        self.count = 0
        self.keys = {KEY}
        self.port = 0
        self._record = record
        self._context = context
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def address(self) -> str:
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}/api/v1"

    def take(self, call: Call) -> Reply:
        """Note a call, and decide."""
        self.count += 1
        if self._record:
            self.calls.append(call)
        if not call.path.endswith(PATH):
            return refused(404, "Not Found")
        if call.bearer not in self.keys:
            return refused(401, "No auth credentials found" if call.bearer is None else "User not found.")
        if not isinstance(call.body.get("messages"), list):
            return refused(400, 'Input required: specify "prompt" or "messages"')
        return self.rule(call)

    def __enter__(self) -> Chat:
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        if not self._ready.wait(30):
            raise RuntimeError("the fake did not start")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)

    def _serve(self) -> None:
        self._loop = asyncio.new_event_loop()
        server = self._loop.run_until_complete(self._listen(self._loop))
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for connection in tuple(_Connection.open):
            if connection.chat is self:
                connection.transport.abort()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _listen(self, loop: asyncio.AbstractEventLoop) -> asyncio.Server:
        server = await loop.create_server(lambda: _Connection(self, loop), "127.0.0.1", 0, ssl=self._context)
        self.port = int(server.sockets[0].getsockname()[1])
        return server


class _Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, as much of it as chat completions need."""

    open: set[_Connection] = set()  # noqa: RUF012 - of all servers of the process, so that each can close its own

    def __init__(self, chat: Chat, loop: asyncio.AbstractEventLoop) -> None:
        self.chat = chat
        self._loop = loop
        self._buffer = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.open.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.open.discard(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._buffer[:1] not in (b"P", b"G"):  # no HTTP: a client that speaks TLS
            self.transport.write(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
            self.transport.close()
            return
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        bearer = headers.get("authorization", "").removeprefix("Bearer ") or None
        path = first.split(" ")[1]
        body = json.loads(rest[:length]) if length else {}
        self._answer(self.chat.take(Call(time.monotonic(), path, bearer, body)))

    def _answer(self, reply: Reply) -> None:
        is_stream = reply.kind == "text/event-stream"
        framing = (
            {"transfer-encoding": "chunked"}
            if is_stream
            else {"content-length": str(sum(len(piece) for _, piece in reply.pieces))}
        )
        fields = {"content-type": reply.kind, "x-generation-id": "gen-1-abc", **framing, **reply.headers}
        head = f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Status')}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n"
        self._send(head.encode("latin-1"), list(reply.pieces), reply.end, is_stream=is_stream)

    def _send(self, before: bytes, pieces: list[tuple[float, bytes]], end: str, *, is_stream: bool) -> None:
        """Write all that is due now in one go, and come back for the rest."""
        due = [before]
        while pieces and not pieces[0][0]:
            piece = pieces.pop(0)[1]
            due.append(b"%x\r\n%b\r\n" % (len(piece), piece) if is_stream else piece)
        if not pieces:
            due.append(b"0\r\n\r\n" if is_stream and end == "whole" else b"")
        if self.transport.is_closing():
            return
        self.transport.write(b"".join(due))
        if pieces:
            wait, piece = pieces[0]
            pieces[0] = (0.0, piece)
            self._loop.call_later(wait, lambda: self._send(b"", pieces, end, is_stream=is_stream))
        elif end == "cut":
            self.transport.close()


@contextmanager
def served(delay_ms: float) -> Iterator[str]:
    """A fake in a process of its own, so that its work is not that of whoever measures. Gives its address."""
    command = [sys.executable, "-m", "tests.fakes.chat", "--delay-ms", str(delay_ms)]
    project = Path(__file__).parents[2]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=project) as process:
        assert process.stdout and process.stdin
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay-ms", type=float, default=0.0)
    asked = parser.parse_args()
    delay = asked.delay_ms / 1000
    with Chat(lambda call: said(call, delay=delay), record=False) as chat:
        print(chat.address, flush=True)  # noqa: T201
        sys.stdin.read()


if __name__ == "__main__":
    main()
