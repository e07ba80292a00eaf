"""Questions to OpenRouter: one client for the lock, the market and the spend. It asks, and changes nothing there."""

from __future__ import annotations

import datetime
import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import httpx

from harness.answer_json import parsed
from harness.clock import Clock
from harness.request_limit import RequestLimit, UsedUpError

API = "https://openrouter.ai/api/v1"
VARIABLE = "OPENROUTER_API_KEY"
#: Of each piece of an answer, and of the whole answer.
TIMEOUT_SECONDS, WHOLE_SECONDS = 30.0, 120.0
#: Before the second and the third attempt, where the answer does not say how long to wait; and the longest wait.
PAUSES, MOST_PAUSE = (1.0, 4.0), 90.0
#: A pause is up to that much longer, so that many clients do not come back at the same moment.
_JITTER = 0.5
#: The largest real answer, GET /models, is below 1 MB.
MOST_BYTES = 8 * 1024 * 1024
#: Only these have a documented limit for each key and account.
_LIMITED_PATHS = "/datasets/"
_OK, _TOO_MANY, _SERVER_FAULT = 200, 429, 500


class UnansweredError(Exception):
    """A question without a usable answer; the message names both and shows no key."""

    def __init__(self, question: str, problem: str, status: int | None = None) -> None:
        self.question, self.problem, self.status = question, problem, status
        super().__init__(f"{question}: {problem}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came: the question as asked, parsed data, the raw body's SHA-256, and the server's time."""

    question: str
    data: Any
    sha256: str
    at: datetime.datetime

    @property
    def day(self) -> datetime.date:
        """The UTC day of the answer."""
        return self.at.date()


class OpenRouter:
    """Asks, patiently and within limits; a context manager."""

    def __init__(
        self,
        api: str | None = None,
        key: str | None = None,
        *,
        timeout: float | None = None,
        clock: Clock | None = None,
        limit: RequestLimit | None = None,
    ) -> None:
        self._key, self._clock, self._limit = _checked_key(key), clock or Clock(), limit
        self._timeout = timeout or TIMEOUT_SECONDS
        headers = {"Accept": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
        self._client = httpx.Client(
            base_url=_checked_address(api or API), headers=headers, timeout=self._timeout, follow_redirects=False
        )

    def __enter__(self) -> OpenRouter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Answer:
        """GET. What may pass (429, faults of the server, a line that breaks) is asked again, some times."""
        request = self._client.build_request("GET", path, params=query or None)
        question = f"GET {path}" + (f"?{request.url.query.decode('ascii')}" if query else "")
        pauses = iter(PAUSES)
        while True:
            try:
                return self._once(question, path, request)
            except _PassingError as passing:
                seconds = next(pauses, None)
                if passing.wait is not None and passing.wait > MOST_PAUSE:
                    said = f"{passing.problem}; it says to wait {passing.wait:.0f} s"
                    raise UnansweredError(question, said, passing.status) from passing
                if seconds is None:
                    raise UnansweredError(question, passing.problem, passing.status) from passing
                later = _JITTER * random.random()
                self._clock.pause(seconds * (1 + later) if passing.wait is None else passing.wait + later)

    def _once(self, question: str, path: str, request: httpx.Request) -> Answer:
        if self._limit and path.startswith(_LIMITED_PATHS):
            try:
                self._limit.take()
            except UsedUpError as error:
                raise UnansweredError(question, str(error)) from error
        try:
            response, body = self._received(request)
            if response.status_code == _OK:
                return Answer(question, parsed(body), hashlib.sha256(body).hexdigest(), self._at(response))
        except _TooLargeError as error:
            raise UnansweredError(question, str(error)) from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
            raise _PassingError(self._clean(f"{type(error).__name__}: {error}")) from error
        problem = f"HTTP {response.status_code}{self._reason(response, body)}"
        if response.status_code >= _SERVER_FAULT or response.status_code == _TOO_MANY:
            raise _PassingError(problem, response.status_code, self._wait(response))
        raise UnansweredError(question, problem, response.status_code)

    def _received(self, request: httpx.Request) -> tuple[httpx.Response, bytes]:
        """httpx's timeout is for each piece: a server that drips must not hold us for ever."""
        end = self._clock.monotonic() + min(WHOLE_SECONDS, 4 * self._timeout)
        body = bytearray()
        response = self._client.send(request, stream=True)
        try:
            promised = response.headers.get("content-length", "")
            if promised.isascii() and promised.isdigit() and len(promised) < 20 and int(promised) > MOST_BYTES:
                raise _TooLargeError(f"the answer is too large: {promised} bytes, and {MOST_BYTES} is the most")
            for piece in response.iter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    raise _TooLargeError(f"the answer is too large: more than {MOST_BYTES} bytes")
                if self._clock.monotonic() > end:
                    raise ValueError("the answer is too slow")
        finally:
            response.close()
        return response, bytes(body)

    def _reason(self, response: httpx.Response, body: bytes) -> str:
        """The message of an error answer, `{"error": {"code": 401, "message": "…"}}`, or where a redirect points."""
        if response.has_redirect_location:
            return self._clean(f": redirected to {response.headers['location']!r:.200}; no redirect is followed")
        try:
            return self._clean(f": {parsed(body)['error']['message']!s:.200}")
        except (ValueError, KeyError, TypeError, RecursionError):
            return ""

    def _clean(self, text: str) -> str:
        return text.replace(self._key, "***") if self._key else text

    def _wait(self, response: httpx.Response) -> float | None:
        """Retry-After in seconds; it comes as a number or as a date."""
        said = response.headers.get("retry-after", "")
        if said.isascii() and said.isdigit() and len(said) < 10:
            return float(said)
        try:
            until = parsedate_to_datetime(said)
        except (ValueError, OverflowError):
            return None
        until = until if until.tzinfo else until.replace(tzinfo=datetime.UTC)
        return max(0.0, (until - self._clock.now()).total_seconds())

    def _at(self, response: httpx.Response) -> datetime.datetime:
        """The time of the answer by the server's own clock, or by ours where it does not say."""
        try:
            return parsedate_to_datetime(response.headers["date"]).astimezone(datetime.UTC)
        except (KeyError, ValueError, OverflowError):
            return self._clock.now().astimezone(datetime.UTC)


class _TooLargeError(Exception):
    """Asking again would bring as much again."""


class _PassingError(Exception):
    """What may be otherwise in a moment, and how long the server says that this lasts."""

    def __init__(self, problem: str, status: int | None = None, wait: float | None = None) -> None:
        self.problem, self.status, self.wait = problem, status, wait
        super().__init__(problem)


def _checked_key(key: str | None) -> str | None:
    """The key, if it can be sent: what httpx says of one that cannot would show it."""
    if key and (not key.isascii() or not key.isprintable() or " " in key):
        raise UnansweredError(VARIABLE, "it holds what no key can hold; set it to the key alone, without line ends")
    return key or None


def _checked_address(address: str) -> str:
    """The base URL, if a key may be sent there: encrypted, or to this machine."""
    try:
        parts = urlsplit(address)
        is_own = parts.hostname in ("127.0.0.1", "::1", "localhost")
        is_fine = parts.scheme == "https" or (parts.scheme == "http" and is_own)
        if is_fine and parts.hostname and "@" not in parts.netloc and not parts.query and not parts.fragment:
            _ = parts.port
            return address.rstrip("/")
    except ValueError:
        pass  # a port or a bracket that is none
    raise UnansweredError("--api", f"the key would go where it must not; give https://… such as {API}")
