"""httpx's API over aiohttp's connections, for calls that are timed: docs/benchmarks.md says why."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

CONNECT_SECONDS = 20.0
#: Servers close idle connections (Node's after 5 s). Ours go first: a call on a dying one would count as an error.
_KEEP_ALIVE_SECONDS = 4.0


def open_client(base_url: str, concurrency: int) -> httpx.AsyncClient:
    """A client for one server, to be made inside a running event loop. Only connecting has a limit of time here."""
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    context = httpx.create_ssl_context()

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=concurrency, keepalive_timeout=_KEEP_ALIVE_SECONDS, ssl=context)
        # a proxy from the environment, but never on the way to ourselves
        return aiohttp.ClientSession(connector=connector, trust_env=not is_loopback(base_url))

    return httpx.AsyncClient(
        transport=AiohttpTransport(limits=limits, client=session),
        timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
        follow_redirects=False,
        trust_env=False,  # else httpx puts its own pool under the call where a proxy is set
        # whole pieces as they are: a decoder would hold them back
        headers={"accept-encoding": "identity", "user-agent": "weathervane-bench"},
    )


def is_loopback(url: str) -> bool:
    """Whether an address stays on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
