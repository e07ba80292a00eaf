"""Stubs of the two services that OpenClaw asks for answers: OpenRouter and mlx_lm.server.

Modelled on OpenRouter's published chat completions API (server-sent events, `: OPENROUTER PROCESSING` comments, errors
as `{"error": {"code", "message", "metadata"}}`), and on the OpenAI-style answers of mlx_lm.server.
OpenRouter is reached as itself: a client gets here through an HTTPS proxy (CONNECT), and finds a certificate for
openrouter.ai behind it. So the client's configuration can stay what it is in earnest.
"""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

OPENROUTER = "openrouter.ai"
#: What the stub says where nothing else is asked for.
REPLY = "Understood."


@dataclass(frozen=True, slots=True)
class Call:
    """A request for an answer, as it came in."""

    at: float
    host: str
    path: str
    bearer: str | None
    body: Mapping[str, Any]
    size: int
    #: all that the model would read
    text: str

    @property
    def model(self) -> str:
        return str(self.body.get("model"))

    @property
    def preferences(self) -> Any:
        """OpenRouter's `provider` object; None where the request has none."""
        return self.body.get("provider")


@dataclass(frozen=True, slots=True)
class Answer:
    """What to answer: a reply, or a refusal with a status; `broken` is a stream whose text ends in an error."""

    status: int = 200
    text: str = REPLY
    tool: tuple[str, Mapping[str, Any]] | None = None
    broken: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    #: OpenRouter's `usage` of the call; its `cost` in USD may be in it
    usage: Mapping[str, Any] = field(default_factory=lambda: tokens(10, 2))


def tokens(prompt: int, completion: int, **more: Any) -> dict[str, Any]:
    """What a call took, in OpenRouter's words."""
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion, **more}


def refusal(status: int, message: str, **metadata: str) -> Answer:
    """An error in OpenRouter's words."""
    error = {"code": status, "message": message, **({"metadata": metadata} if metadata else {})}
    return Answer(status, json.dumps({"error": error}))


#: What OpenRouter says when it does not answer, by what is wrong.
BUSY = refusal(429, "Provider returned error", raw="temporarily rate-limited upstream", provider_name="Stub")
FAILED = refusal(500, "Internal Server Error")
NO_CREDITS = refusal(402, "Insufficient credits. Add more using https://openrouter.ai/settings/credits")
KEY_LIMIT = refusal(403, "Key limit exceeded (monthly limit). Manage it using https://openrouter.ai/settings/keys")

#: Decides on the answer to a call.
Rule = Callable[[Call], Answer]


class Upstream:
    """Both stubs: what they were asked, who else was called for, and what they answer."""

    def __init__(self, certificate: tuple[Path, Path]) -> None:
        self._lock = threading.Lock()
        self._calls: list[Call] = []
        self.rule: Rule = lambda _: Answer()
        #: what OpenRouter says is left of a key's limit in USD; None for a key without a limit
        self.limit_remaining: float | None = None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        self.proxy = _Server(self, context)
        #: a way out of its own for programs that are not the client under test
        self.side_proxy = _Server(self, context)
        self.mlx = _Server(self, None)

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call for an answer so far, in order of arrival."""
        with self._lock:
            return tuple(self._calls)

    def wait_for(self, wanted: Callable[[Call], bool], patience: float) -> Call:
        """The first such call, as soon as it comes in."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if found := next(filter(wanted, self.calls), None):
                return found
            time.sleep(0.1)
        raise AssertionError(f"no such call in {patience} s; there were {len(self.calls)} others")

    def take(self, call: Call) -> Answer:
        """Note a call, and decide."""
        with self._lock:
            self._calls.append(call)
        return self.rule(call)

    @contextmanager
    def running(self) -> Iterator[Upstream]:
        """Both servers, each in a thread of its own."""
        servers = (self.proxy, self.side_proxy, self.mlx)
        for server in servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield self
        finally:
            for server in servers:
                server.shutdown()
                server.server_close()


class _Server(ThreadingHTTPServer):
    """A server on a free port of the loopback; with a certificate it is the proxy and OpenRouter behind it."""

    daemon_threads = True

    def __init__(self, upstream: Upstream, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = upstream
        self.context = context
        #: hosts that a client wanted to reach through this proxy, and that are not OpenRouter
        self.strangers: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no fault of ours; anything else is."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the calls are noted."""

    def finish(self) -> None:
        super().finish()
        self.connection.close()  # after CONNECT it is the TLS socket, which the server does not know

    def do_CONNECT(self) -> None:
        host = self.path.rpartition(":")[0]
        context = self.server.context
        if context is None or host != OPENROUTER:
            self.server.strangers.append(host)
            self._send(403, b"only openrouter.ai is behind this proxy", "text/plain")
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.wfile.flush()
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb", -1)
        self.wfile = self.connection.makefile("wb", 0)
        self.close_connection = False

    def do_GET(self) -> None:
        data: Any = {"object": "list", "data": []}
        if self.path.endswith("/key"):
            left = self.server.upstream.limit_remaining
            data = {"data": {"label": "sk-or-v1-stub", "limit": None, "limit_remaining": left, "usage": 0}}
        self._send(200, json.dumps(data).encode(), "application/json")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.path.endswith("/chat/completions"):
            self._send(404, b'{"error": {"code": 404, "message": "Not Found"}}', "application/json")
            return
        bearer = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        host = OPENROUTER if self.server.context else "mlx"
        body = json.loads(raw)
        text = json.dumps(body.get("messages"), ensure_ascii=False)
        call = Call(time.monotonic(), host, self.path, bearer, body, len(raw), text)
        answer = self.server.upstream.take(call)
        if answer.status != 200:
            self._send(answer.status, answer.text.encode(), "application/json", answer.headers)
        elif call.body.get("stream"):
            self._stream(call, answer)
        else:
            whole = _completion(call, answer, "chat.completion", {"message": _message(answer)}, _reason(answer))
            self._send(200, json.dumps(whole).encode(), "application/json")

    def _send(self, status: int, content: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, call: Call, answer: Answer) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for event in _events(call, answer):
            self.wfile.write(event)
            self.wfile.flush()


def _message(answer: Answer) -> dict[str, Any]:
    if not answer.tool:
        return {"role": "assistant", "content": answer.text}
    name, arguments = answer.tool
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}],
    }


def _reason(answer: Answer) -> str:
    return "tool_calls" if answer.tool else "stop"


def _completion(call: Call, answer: Answer, kind: str, part: Mapping[str, Any], reason: str | None) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": reason, **part}
    fixed = {"id": "gen-1", "object": kind, "created": 0, "model": call.model}
    return {**fixed, "choices": [choice], "usage": dict(answer.usage)}


def _events(call: Call, answer: Answer) -> Iterator[bytes]:
    """The events of a streamed answer."""
    if call.host == OPENROUTER:
        yield b": OPENROUTER PROCESSING\n\n"
    yield _event(_completion(call, answer, "chat.completion.chunk", {"delta": _message(answer)}, None))
    if answer.broken:
        failed = _completion(call, answer, "chat.completion.chunk", {"delta": {"content": ""}}, "error")
        yield _event({**failed, "error": {"code": 502, "message": "Provider disconnected"}})
        return
    yield _event(_completion(call, answer, "chat.completion.chunk", {"delta": {}}, _reason(answer)))
    yield b"data: [DONE]\n\n"


def _event(data: Mapping[str, Any]) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()


def self_signed(folder: Path, host: str = OPENROUTER) -> tuple[Path, Path]:
    """A certificate for a host, and its key, made by openssl for this run alone."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={host}"]
    names = ["-addext", f"subjectAltName=DNS:{host}", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *names], check=True, capture_output=True, timeout=60)
    return certificate, key
