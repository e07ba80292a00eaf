"""OpenRouter on 127.0.0.1, as much of it as a week asks: the account's questions, and chat completions from a book.

Modelled on OpenRouter's description of August 2026: errors are `{"error": {"code", "message"}}`, streams end with the
usage and `data: [DONE]`. It knows only the demo's keys. The model answers from the suite's own answer book, and every
so often says that it does not know: there is something to count then.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import simplejson

from harness.bench.attempt import Answer
from harness.bench.case import Case
from harness.demo.account import MANAGEMENT, Account
from harness.demo.answers import right_answer

_PATH = "/api/v1"
_CHAT = "/chat/completions"
_JSON, _EVENTS = "application/json", "text/event-stream"
_UNSURE = Answer("I do not know.", (), "stop")
#: One answer in so many is unsure.
_EVERY = 40
_LETTERS_A_TOKEN = 4
#: Status, kind of content, content.
Reply = tuple[int, str, bytes]


class Stub:
    """What is asked, and what comes back."""

    def __init__(self, account: Account, cases: Sequence[Case]) -> None:
        self._account = account
        self._book = {_key(case.messages): right_answer(case) or _UNSURE for case in cases}
        self._secrets = {key.secret for key in account.keys}
        self._lock, self._calls = threading.Lock(), 0

    def get(self, path: str, query: Mapping[str, str], secret: str) -> Reply:
        """The account's answer."""
        try:
            return 200, _JSON, _encoded(self._account.answer(path, query, secret))
        except LookupError as error:
            return _refused(404 if secret in {*self._secrets, MANAGEMENT} else 401, str(error.args[0]))

    def post(self, path: str, body: Mapping[str, Any], secret: str) -> Reply:
        """The model's answer, streamed or whole as it was asked for."""
        if path != _CHAT:
            return _refused(404, "Not Found")
        if secret not in self._secrets:
            return _refused(401, "User not found.")
        with self._lock:
            self._calls += 1
            is_unsure = self._calls % _EVERY == 0
        answer = _UNSURE if is_unsure else self._book.get(_key(body["messages"]), _UNSURE)
        usage = self._usage(body, answer)
        if body.get("stream"):
            return 200, _EVENTS, b"".join(_streamed(body["model"], answer, usage))
        return 200, _JSON, _encoded(_completion(body["model"], answer, "message", usage=usage))

    def _usage(self, body: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
        prompt = len(json.dumps(body["messages"])) // _LETTERS_A_TOKEN
        said = len(answer.text) + sum(len(call.arguments) for call in answer.calls)
        completion = 1 + said // _LETTERS_A_TOKEN
        model = self._account.models.get(body["model"])
        cost = prompt * model.pricing.prompt + completion * model.pricing.completion if model else Decimal(0)
        tokens = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
        return {**tokens, "cost": cost, "is_byok": False}

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """The server's class."""
        return _handler(self, format_datetime(self._account.now, usegmt=True))


def _key(messages: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps(list(messages), sort_keys=True)


def _encoded(data: Any) -> bytes:
    """Money with all its digits."""
    return simplejson.dumps(data, use_decimal=True).encode()


def _refused(status: int, message: str) -> Reply:
    return status, _JSON, _encoded({"error": {"code": status, "message": message}})


def _completion(model: str, answer: Answer, part: str, **more: Any) -> dict[str, Any]:
    calls = [
        {"index": at, "id": f"call_{at}", "type": "function",
         "function": {"name": call.name, "arguments": call.arguments}}
        for at, call in enumerate(answer.calls)
    ]  # fmt: skip
    said = {"role": "assistant", "content": answer.text or None, **({"tool_calls": calls} if calls else {})}
    choice = {"index": 0, part: said, "finish_reason": answer.finish_reason}
    return {"id": "gen-demo", "provider": "Demo", "model": model, "choices": [choice], **more}


def _streamed(model: str, answer: Answer, usage: Mapping[str, Any]) -> Iterator[bytes]:
    yield b": OPENROUTER PROCESSING\n\n"
    for chunk in (_completion(model, answer, "delta"), {"model": model, "choices": [], "usage": usage}):
        yield b"data: " + _encoded(chunk) + b"\n\n"
    yield b"data: [DONE]\n\n"


def _handler(stub: Stub, date: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            self._answer(lambda secret: stub.get(self._below(parts.path), dict(parse_qsl(parts.query)), secret))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            self._answer(lambda secret: stub.post(self._below(self.path), body, secret))

        def _below(self, path: str) -> str:
            return path.removeprefix(_PATH)

        def _answer(self, made: Callable[[str], Reply]) -> None:
            status, kind, content = made((self.headers.get("Authorization") or "").removeprefix("Bearer "))
            self.send_response_only(status)
            for name, value in (("Date", date), ("Content-Type", kind), ("Content-Length", str(len(content)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the tour speaks."""

    return Handler


@contextmanager
def serving(stub: Stub) -> Iterator[str]:
    """The address of the API, for as long as it is asked."""
    with ThreadingHTTPServer(("127.0.0.1", 0), stub.handler()) as server:
        server.daemon_threads = True  # a connection that is kept alive must not keep the demo alive
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}{_PATH}"
        finally:
            server.shutdown()
            thread.join()
