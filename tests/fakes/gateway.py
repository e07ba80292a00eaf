"""A stand-in for OpenClaw's gateway: /healthz and one chat completion, answered by a script.

Modelled on OpenClaw 2026.9.6: `GET /healthz` needs no token; `POST /v1/chat/completions` without the right bearer token
is 401, with a model that is no `openclaw/<agent>` of its configuration 400.
"""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, repeat
from typing import Any, Literal

Answer = Literal["good", "bad", "hang"]


class Gateway:
    """What /healthz says next: the script, its last word for ever."""

    def __init__(self, script: Iterable[Answer], token: str, agents: Iterable[str]) -> None:
        words = list(script)
        self._script = chain(words, repeat(words[-1]))
        self.token, self.agents = token, frozenset(agents)
        self.port, self.asked, self.turns = 0, 0, 0
        self.over = threading.Event()

    def health(self) -> Answer:
        self.asked += 1
        return next(self._script)

    def status_of_turn(self, authorization: str | None, body: dict[str, Any]) -> int:
        if authorization != f"Bearer {self.token}":
            return 401
        if str(body.get("model")).removeprefix("openclaw/") not in self.agents:
            return 400
        self.turns += 1
        return 200


@contextmanager
def gateway(script: Iterable[Answer], token: str = "", agents: Iterable[str] = ()) -> Iterator[Gateway]:
    """A gateway on the loopback, while the block lasts."""
    made = Gateway(script, token, agents)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = made.health() if self.path == "/healthz" else "bad"
            if said == "hang":
                made.over.wait(30)
                return
            self._answer(200 if said == "good" else 503)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(made.status_of_turn(self.headers.get("Authorization"), body))

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            return

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = False  # closed, it has no thread left

        def handle_error(self, *_: object) -> None:
            """Whoever asked may have lost patience."""

    server = Server(("127.0.0.1", 0), Handler)
    made.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        made.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
