"""A small OpenRouter on 127.0.0.1: `GET /models` and `GET /endpoints/zdr`, well or badly, as a test asks.

Modelled on OpenRouter's OpenAPI description 3.1.0 (August 2026): `GET /models` answers `data`, `links` and
`total_count`, `GET /endpoints/zdr` answers `data`, and every error is `{"error": {"code": …, "message": …}}` with the
same code as status. Like the real one it stands behind a proxy, whose own errors are HTML, and sends a `Date` header.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "data"
MODELS = "/models"
ZDR = "/endpoints/zdr"
#: The day that the server's clock shows: the day on which the saved answers were made.
DATE = "Fri, 22 May 2026 23:59:59 GMT"


@dataclass(frozen=True)
class Reply:
    """One answer; `missing` bytes of what was promised are held back, and a silent server says nothing at all."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json", "Date": DATE})
    missing: int = 0
    silent: bool = False


def saved(name: str) -> Any:
    """A saved answer from tests/data."""
    return json.loads((DATA / name).read_text("utf-8"))


def good(data: Any) -> Reply:
    """An answer with that JSON."""
    return Reply(body=json.dumps(data).encode())


def error(status: int, message: str, **headers: str) -> Reply:
    """An error as the description has it."""
    body = json.dumps({"error": {"code": status, "message": message}}).encode()
    return Reply(status, body, {"Content-Type": "application/json", "Date": DATE, **headers})


#: What the proxy in front of the API says when it has nobody to ask.
GATEWAY_ERROR = Reply(
    502, b"<html><head><title>502 Bad Gateway</title></head></html>", {"Content-Type": "text/html", "Date": DATE}
)


class OpenRouter:
    """The server; a context manager. `script` says what a path answers: each reply once, the last one ever after."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []
        self._replies: dict[str, list[Reply]] = {
            MODELS: [good(saved("models-2026-05-22.json"))],
            ZDR: [good(saved("zdr-2026-05-22.json"))],
        }
        self._over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False  # closing waits for them, so that no test leaves one behind
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def api(self) -> str:
        """Base URL, in the place of https://openrouter.ai/api/v1."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/api/v1"

    @property
    def paths(self) -> list[str]:
        """The paths asked for, in order."""
        return [path for path, _ in self.asked]

    def script(self, path: str, replies: Sequence[Reply]) -> None:
        """Answer a path with these."""
        self._replies[path] = list(replies)

    def __enter__(self) -> OpenRouter:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _reply(self, path: str) -> Reply:
        left = self._replies.get(path) or [error(404, "Not Found")]
        return left.pop(0) if len(left) > 1 else left[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.removeprefix("/api/v1")
                fake.asked.append((path, self.headers.get("Authorization")))
                reply = fake._reply(path)
                if reply.silent:
                    fake._over.wait()
                    return
                self.send_response_only(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body) + reply.missing))
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: test output is for failures."""

        return Handler
