"""httpx's transports, requests and answers over aiohttp's connections, for calls that are timed.

docs/benchmarks.md has the figures behind both choices: httpx's own pool falls apart under concurrency, and httpx's
client does per call (cookies, redirects, URLs parsed anew) what no chat completion needs.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

#: Only connecting has a limit of its own; the whole call has one where it is made.
TIMEOUTS = {"connect": 20.0, "read": None, "write": None, "pool": None}
#: Servers close idle connections (Node's after 5 s). Ours go first: a call on a dying one would count as an error.
_KEEP_ALIVE_SECONDS = 4.0


def open_transport(base_url: str, concurrency: int) -> httpx.AsyncBaseTransport:
    """Connections to one server, kept alive; to be made inside a running event loop and closed there."""
    context = httpx.create_ssl_context()

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=concurrency, keepalive_timeout=_KEEP_ALIVE_SECONDS, ssl=context)
        # a proxy from the environment, but never on the way to ourselves
        return aiohttp.ClientSession(
            connector=connector, trust_env=not is_loopback(base_url), cookie_jar=aiohttp.DummyCookieJar()
        )

    return AiohttpTransport(verify=context, client=session)


def is_loopback(url: str) -> bool:
    """Whether an address stays on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
