"""What `vane lock` asks OpenRouter."""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from compiler.diagnostics import Place, PolicyError
from compiler.lock import BAD_ANSWER, Answers, models_of, zdr_slugs

API = "https://openrouter.ai/api/v1"
TIMEOUT_SECONDS = 30.0
#: Before the second and the third attempt.
_PAUSES = (1.0, 4.0)
#: The real answers are below 1 MB.
_MOST_BYTES = 64 * 1024 * 1024
_OK, _TOO_MANY, _SERVER_FAULT = 200, 429, 500


def fetch(
    api: str | None = None,
    key: str | None = None,
    timeout: float = TIMEOUT_SECONDS,
    pause: Callable[[float], None] = time.sleep,
) -> Answers:
    """Ask for all models and zero-retention endpoints. Raises PolicyError when an answer does not come or is odd."""
    headers = {"Authorization": f"Bearer {_checked(key)}"} if key else {}
    with httpx.Client(base_url=api or API, headers=headers, timeout=timeout, follow_redirects=False) as client:
        answer, as_of = _get(client, "/models", timeout, pause)
        zdr, _ = _get(client, "/endpoints/zdr", timeout, pause)
    return Answers(models_of(answer), zdr_slugs(zdr), as_of, "GET /models and GET /endpoints/zdr")


def _checked(key: str) -> str:
    """The key, if it can be sent: what httpx says of one that cannot would show it."""
    if not key.isascii() or not key.isprintable() or " " in key:
        said, fix = "OPENROUTER_API_KEY holds what no key can hold", "set it to the key alone, without line ends"
        raise PolicyError([BAD_ANSWER.at(Place("policies/models.lock.json"), said, fix)])
    return key


def _get(client: httpx.Client, path: str, timeout: float, pause: Callable[[float], None]) -> tuple[Any, datetime.date]:
    problem = ""
    for seconds in (*_PAUSES, None):
        try:
            status, body, day = _answer(client, path, timeout)
            if status == _OK:
                return json.loads(body), day
            problem = f"HTTP {status}{_reason(body)}"
            if status < _SERVER_FAULT and status != _TOO_MANY:
                break
        except (httpx.HTTPError, ValueError, RecursionError) as error:
            problem = f"{type(error).__name__}: {error}"
        if seconds is not None:
            pause(seconds)
    said = f"GET {path}: {problem}"
    fix = "check the network and OPENROUTER_API_KEY, or use a saved answer: vane lock --from FILE"
    raise PolicyError([BAD_ANSWER.at(Place("policies/models.lock.json"), said, fix)])


def _answer(client: httpx.Client, path: str, timeout: float) -> tuple[int, bytes, datetime.date]:
    """Status, body and day. httpx's timeout is for each piece: a server that drips must not hold us for ever."""
    end = time.monotonic() + 4 * timeout
    body = bytearray()
    with client.stream("GET", path) as response:
        for piece in response.iter_bytes():
            body += piece
            if len(body) > _MOST_BYTES or time.monotonic() > end:
                raise ValueError("the answer is too large or too slow")
    return response.status_code, bytes(body), _day(response)


def _reason(body: bytes) -> str:
    """The message of an error answer: `{"error": {"code": 401, "message": "..."}}`."""
    try:
        return f": {json.loads(body)['error']['message']!s:.200}"
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _day(response: httpx.Response) -> datetime.date:
    """The day of the answer by the server's own clock, or by ours where it does not say."""
    try:
        return parsedate_to_datetime(response.headers["date"]).astimezone(datetime.UTC).date()
    except (KeyError, ValueError, OverflowError):
        return datetime.datetime.now(datetime.UTC).date()
