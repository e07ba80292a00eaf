"""What kept a call from giving an answer, by name: from an exception, from a status, from an error's message."""

from __future__ import annotations

import datetime
import json
import math
import re
import ssl
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import httpx

from harness.bench.attempt import TransportError

#: What opening, sending and reading a call can raise.
RAISED = (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError)
_MOST_DETAIL = 300
_MOST_WAIT = 24 * 3600.0
#: OpenRouter says 403 for a key's, a guardrail's and a workspace's budget, and for moderation: only the words differ.
_LIMIT = re.compile(r"key limit exceeded|\bbudget\b.*\bexceeded\b|\bexceeded\b.*\bbudget\b|spend(ing)? limit", re.I)
_BY_STATUS: Mapping[int, TransportError] = {
    401: "unauthorized", 402: "payment_required", 403: "forbidden", 404: "not_found", 429: "rate_limited",
    503: "unavailable", 529: "unavailable",
}  # fmt: skip
_CLIENT_FAULT, _SERVER_FAULT = 400, 500
#: OpenClaw's gateway says 200 before it asks a model, so a refusal comes in the stream, with a type in OpenAI's words.
_BY_TYPE: Mapping[str, int] = {
    "authentication_error": 401, "insufficient_quota": 402, "permission_error": 403, "rate_limit_error": 429,
    "invalid_request_error": 400,
}  # fmt: skip


def named_exception(error: BaseException) -> tuple[TransportError, str]:
    """The name of what an exception means, and its text."""
    causes = tuple(_causes(error))
    said = f"{type(causes[-1]).__name__}: {causes[-1]}"[:_MOST_DETAIL]
    if any(isinstance(cause, aiohttp.ClientConnectorDNSError) for cause in causes):
        return "dns_error", said
    if any(isinstance(cause, ssl.SSLError | aiohttp.ClientSSLError) for cause in causes):
        return "tls_error", said
    if any(isinstance(cause, aiohttp.ClientConnectorError | httpx.ConnectError) for cause in causes):
        return "connection_refused", said
    if any(isinstance(cause, TimeoutError | aiohttp.ServerTimeoutError) for cause in causes):
        return "timeout", said
    no_http = aiohttp.ClientResponseError | aiohttp.http_exceptions.HttpProcessingError
    is_cut = any(
        isinstance(cause, aiohttp.ClientPayloadError) for cause in causes
    )  # made of what HTTP lacks at its end
    if not is_cut and any(isinstance(cause, no_http) for cause in causes):
        return "bad_stream", said
    return "connection_lost", said


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and what it was made of, the outermost first."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


def named_status(status: int, body: bytes) -> tuple[TransportError, str]:
    """The name of an answer that is none, and what it says."""
    message = message_of(body)
    said = f"HTTP {status}{f': {message}' if message else ''}"[:_MOST_DETAIL]
    if status == 403 and _LIMIT.search(message):
        return "key_limit", said
    if name := _BY_STATUS.get(status):
        return name, said
    return ("bad_request" if _CLIENT_FAULT <= status < _SERVER_FAULT else "server_error"), said


def named_event(error: Any, *, is_first: bool) -> tuple[TransportError, str]:
    """The name of an error in a stream. `is_first`: nothing was said before, so it can be a refusal like any other."""
    said = error_text(error)
    status = _refusal(error) if is_first and isinstance(error, dict) else None
    if status is None:
        return "stream_error", said
    name, _ = named_status(status, said.encode("utf-8", "replace"))
    return name, said


def _refusal(error: Mapping[str, Any]) -> int | None:
    """The status of a refusal to answer; None for a fault on the way to an answer."""
    code, kind = error.get("code"), error.get("type")
    status = code if isinstance(code, int) else _BY_TYPE.get(kind) if isinstance(kind, str) else None
    return status if status is not None and _CLIENT_FAULT <= status < _SERVER_FAULT else None


def message_of(body: bytes) -> str:
    """An error's own words: OpenRouter's `{"error": {"message"}}`, mlx_lm.server's `{"error": "…"}`, or the start."""
    try:
        return error_text(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return body[:_MOST_DETAIL].decode("utf-8", "replace")


def error_text(error: Any) -> str:
    """An error object in a line, with its code where there is one."""
    if not isinstance(error, dict):
        return str(error)[:_MOST_DETAIL]
    code = error.get("code")
    return f"{error.get('message')}{f' (code {code})' if code is not None else ''}"[:_MOST_DETAIL]


def retry_after(headers: Mapping[str, str], body: bytes, now: datetime.datetime) -> float | None:
    """Seconds that a refusal asks to wait: its Retry-After (seconds, or a date), or OpenRouter's own field."""
    value = headers.get("retry-after", "")
    if not value:
        try:
            value = str(json.loads(body)["error"]["availability"]["retry_after"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            when = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None
        seconds = (when.replace(tzinfo=when.tzinfo or datetime.UTC) - now).total_seconds()
    return min(max(seconds, 0.0), _MOST_WAIT) if not math.isnan(seconds) else None
