"""OpenRouter's management API. A question may be asked again; a change is sent once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx

from deploy.account import answers
from deploy.account.answers import Fields, Odd, odd_answer
from deploy.account.refusal import Refusal

OPENROUTER = "https://openrouter.ai/api/v1"
VARIABLE = "OPENROUTER_MANAGEMENT_KEY"
TIMEOUT_SECONDS = 30.0
#: Before the second attempt at a question and each after it, where the answer does not say how long to wait.
PAUSES = (1.0, 4.0, 10.0)
MOST_SECONDS = 60.0
#: As many as a list may hold, so that a server which never ends ends nobody here.
MOST_ENTRIES = 100_000
_MOST_BYTES = 16 * 1024 * 1024
_LIMITED, _FAULT = 429, 500
_GET_KEY = "create a management key at openrouter.ai/settings/management-keys, and put it into the environment alone"


class Missing(Refusal):
    """There is no such thing."""


class Api:
    """The calls, with the key; a context manager."""

    def __init__(self, address: str, key: str | None, pause: Callable[[float], None] | None = None) -> None:
        self.address = _checked_address(address)
        self._key = _checked_key(key)
        self._pause = pause
        headers = {"Authorization": f"Bearer {self._key}", "Accept": "application/json"}
        self._client = httpx.Client(
            base_url=self.address, headers=headers, timeout=TIMEOUT_SECONDS, follow_redirects=False
        )

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, path: str, **query: str | int) -> Fields:
        """GET. What may pass (429, faults of the server, a broken line) is asked again, some times."""
        pauses = iter(PAUSES)
        while True:
            try:
                return self._call("GET", path, query=query)
            except _Passing as passing:
                seconds = next(pauses, None)
                if seconds is None:
                    raise passing.refusal from passing
                (self._pause or time.sleep)(min(passing.seconds or seconds, MOST_SECONDS))

    def listed(self, path: str, name: str, **query: str | int) -> Iterator[Fields]:
        """Every entry of a list, page by page; `name` is what tells entries apart."""
        seen: set[str] = set()
        offset = 0
        while True:
            page = self.ask(path, **query, offset=offset)
            try:
                found = list(answers.entries(page, "data"))
                fresh = [entry for entry in found if answers.text(entry, name) not in seen]
                seen.update(answers.text(entry, name) for entry in fresh)
                total = page.get("total_count")
                if (found and not fresh) or len(seen) > MOST_ENTRIES:
                    raise Odd("the pages of the list never end")
                if not found and isinstance(total, int) and len(seen) < total:
                    raise Odd(f"the list says {total} entries and holds {len(seen)}")
            except ValueError as error:
                raise odd_answer(f"GET {path}", error) from error
            yield from fresh
            offset += len(found)
            if not found or (isinstance(total, int) and offset >= total):
                return

    def change(self, method: str, path: str, body: Fields | None = None) -> Fields:
        """POST, PATCH or DELETE, once. A refusal VA205 says that it may have been done."""
        try:
            return self._call(method, path, body=body)
        except _Passing as passing:
            raise passing.refusal from passing

    def _call(self, method: str, path: str, *, query: Fields | None = None, body: Fields | None = None) -> Fields:
        place = f"{method} {path}"
        is_change = method != "GET"
        headers = {} if body is None else {"Content-Type": "application/json"}
        content = None if body is None else answers.written(body).encode()
        try:
            status, found, wait = self._answer(
                self._client.build_request(method, path, params=query, content=content, headers=headers)
            )
        except (httpx.HTTPError, OSError, Odd) as error:
            problem = f"{type(error).__name__}: {error}"
            raise _Passing(_unanswered(place, problem) if is_change else _nobody(place, problem)) from error
        if status >= _FAULT or status == _LIMITED:
            problem = f"HTTP {status}{self._reason(found)}"
            lost = is_change and status != _LIMITED
            raise _Passing(_unanswered(place, problem) if lost else _failed(place, problem), wait)
        if not httpx.codes.is_success(status):
            raise self._refused(place, status, found)
        try:
            return answers.fields(answers.parsed(found))
        except ValueError as error:
            raise odd_answer(place, error) from error

    def _answer(self, request: httpx.Request) -> tuple[int, bytes, float | None]:
        """Status, body, seconds to wait. httpx's timeout is for each piece: a server that drips must not hold us."""
        end = time.monotonic() + 4 * TIMEOUT_SECONDS
        body = bytearray()
        response = self._client.send(request, stream=True)
        try:
            for piece in response.iter_bytes():
                body += piece
                if len(body) > _MOST_BYTES or time.monotonic() > end:
                    raise Odd("the answer is too large or too slow")
        finally:
            response.close()
        wait = response.headers.get("retry-after", "")
        return response.status_code, bytes(body), float(wait) if wait.isascii() and wait.isdigit() else None

    def _refused(self, place: str, status: int, body: bytes) -> Refusal:
        said = f"HTTP {status}{self._reason(body)}"
        if status == httpx.codes.UNAUTHORIZED:
            return Refusal("VA201", place, said, f"{VARIABLE} is not a valid key: {_GET_KEY}")
        if status == httpx.codes.FORBIDDEN:
            fix = f"{VARIABLE} must be a management key; a key for inference may not do this: {_GET_KEY}"
            return Refusal("VA201", place, said, fix)
        if status == httpx.codes.NOT_FOUND:
            return Missing("VA202", place, said, "plan again: somebody removed it, or --api is wrong")
        return _failed(place, said)

    def _reason(self, body: bytes) -> str:
        """The message of an error answer, `{"error": {"code": 401, "message": "…"}}`, without our key in it."""
        try:
            message = answers.parsed(body)["error"]["message"]
        except (ValueError, KeyError, TypeError):
            return ""
        return f": {str(message).replace(self._key, '***'):.300}"


class _Passing(Exception):
    """What may be otherwise in a moment; `refusal` says it where nobody tries again."""

    def __init__(self, refusal: Refusal, seconds: float | None = None) -> None:
        self.refusal, self.seconds = refusal, seconds
        super().__init__(refusal.message)


def _unanswered(place: str, problem: str) -> Refusal:
    return Refusal("VA205", place, f"{problem}; it may have been done all the same", "plan again: that reads it")


def _nobody(place: str, problem: str) -> Refusal:
    return Refusal("VA204", place, problem, "check the network, and --api where you gave it; nothing was changed here")


def _failed(place: str, problem: str) -> Refusal:
    return Refusal("VA202", place, problem, "wait a minute and plan again")


def _checked_key(key: str | None) -> str:
    """The key, if it can be sent: what a library says of one that cannot would show it."""
    if not key:
        raise Refusal("VA101", VARIABLE, "it is not set", _GET_KEY)
    if not key.isascii() or not key.isprintable() or " " in key:
        raise Refusal("VA101", VARIABLE, "it holds what no key can hold", "set it to the key alone, without line ends")
    return key


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
    fix = f"give https://… without user, query and fragment, such as {OPENROUTER}"
    raise Refusal("VA102", "--api", "the key would go where it must not", fix)
