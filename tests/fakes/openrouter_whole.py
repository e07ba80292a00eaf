"""One OpenRouter at one address: each request goes to the fake that knows its path, and its answer comes back whole."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.fakes import openrouter_market, openrouter_spend
from tests.fakes.chat import PATH, Chat
from tests.fakes.openrouter_market import Market

_MONEY = ("/key", "/keys", "/activity", "/credits")
_HEADERS = ("Authorization", "Content-Type")


class Whole:
    """The three fakes, and the address that they share."""

    def __init__(self, market: Market, account: openrouter_spend.Account, chat: Chat, api: str) -> None:
        self.market, self.account, self.chat, self.api = market, account, chat, api


@contextmanager
def serving() -> Iterator[Whole]:
    """All of it, for as long as it is asked."""
    with openrouter_market.Server() as market, openrouter_spend.Server() as account, Chat() as chat:
        origins = {"market": market.origin, "money": account.api, "chat": chat.address}
        ports = {name: urlsplit(url).port for name, url in origins.items()}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._pass_on(b"")

            def do_POST(self) -> None:
                self._pass_on(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

            def _pass_on(self, body: bytes) -> None:
                path = urlsplit(self.path).path.removeprefix("/api/v1")
                port = ports["chat" if path == PATH else "money" if path in _MONEY else "market"]
                headers = {name: self.headers[name] for name in _HEADERS if self.headers[name]}
                there = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                there.request(self.command, self.path, body, headers)
                answer = there.getresponse()
                content = answer.read()
                there.close()
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: test output is for failures."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            try:
                yield Whole(market.market, account, chat, f"http://127.0.0.1:{server.server_address[1]}/api/v1")
            finally:
                server.shutdown()
                thread.join()
