"""One call, timed: sent, read piece by piece, put together. It never raises for what a server or a network does."""

from __future__ import annotations

import asyncio
import datetime
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from harness.bench.attempt import Answer, TransportError, Usage
from harness.bench.events import DONE, EventStream
from harness.bench.failures import RAISED, named_event, named_exception, named_status, retry_after
from harness.bench.pieces import Pieces, parsed
from harness.bench.transport import TIMEOUTS

#: An answer of a model is below 1 MB; one that is larger than this is a server that does not stop.
MOST_BYTES = 16 * 1024 * 1024
_MOST_ERROR_BYTES = 64 * 1024
#: After `[DONE]` only the end of the body is awaited, so that the connection can be used again.
_DRAIN_SECONDS = 1.0
#: A call that ran out of time after this share of it in silence has stalled; one that still spoke was slow.
_SILENT_SHARE = 0.25
_OK = 200


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, ready to go out as often as it must."""

    url: httpx.URL
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. Times are readings of `time.perf_counter`."""

    ended_at: float
    error: TransportError | None = None
    error_detail: str = ""
    answer: Answer | None = None
    usage: Usage = field(default_factory=Usage)
    answered_by: str | None = None
    provider: str | None = None
    http_status: int | None = None
    first_token_at: float | None = None
    last_token_at: float | None = None
    token_chunks: int = 0
    censored: bool = False
    #: seconds that a refusal asks to wait
    retry_after: float | None = None


def encoded(body: Mapping[str, Any]) -> bytes:
    """A body as JSON."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


async def ask(
    transport: httpx.AsyncBaseTransport, request: Request, timeout: float, most_bytes: int = MOST_BYTES
) -> Reply:
    """Make the call. A timeout gives a censored reply: all that is known is that it took longer."""
    call = _Call(most_bytes)
    begun = time.perf_counter()
    try:
        async with asyncio.timeout(timeout) as limit:
            await call.run(transport, request, limit)
    except TimeoutError:
        if call.done_at is None:
            call.ran_out(begun, time.perf_counter())
    except RAISED as error:
        if call.done_at is None:  # after [DONE] the answer is whole, however the connection ends
            call.fail(*named_exception(error))
            call.censored = call.error is not None and call.error[0] == "timeout"  # of connecting
    return call.reply()


def _pieces(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body as it arrives. Nothing was asked to be packed; httpx unpacks what is all the same."""
    if "content-encoding" in response.headers or not isinstance(response.stream, httpx.AsyncByteStream):
        return response.aiter_bytes()
    return aiter(response.stream)


class _Call:
    """The state of one call."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.pieces = Pieces()
        self.events = EventStream()
        self.bytes = 0
        self.status: int | None = None
        self.first_at: float | None = None
        self.last_at: float | None = None
        self.chunks = 0
        self.done_at: float | None = None
        self.error: tuple[TransportError, str] | None = None
        self.censored = False
        self.wait: float | None = None

    async def run(self, transport: httpx.AsyncBaseTransport, request: Request, limit: asyncio.Timeout) -> None:
        extensions = {"timeout": TIMEOUTS}
        sent = httpx.Request("POST", request.url, headers=request.headers, content=request.body, extensions=extensions)
        response = await transport.handle_async_request(sent)
        try:
            self.status = response.status_code
            if response.status_code != _OK:
                await self._refused(response)
            elif response.headers.get("content-type", "").lower().startswith("text/event-stream"):
                await self._streamed(response, limit)
            else:
                await self._whole(response)
        finally:
            await response.aclose()

    async def _refused(self, response: httpx.Response) -> None:
        body = bytearray()
        async for piece in _pieces(response):
            body += piece
            if len(body) > _MOST_ERROR_BYTES:
                break
        self.fail(*named_status(response.status_code, bytes(body)))
        self.wait = retry_after(response.headers, bytes(body), datetime.datetime.now(datetime.UTC))

    async def _whole(self, response: httpx.Response) -> None:
        body = bytearray()
        async for piece in _pieces(response):
            body += piece
            if self._is_too_large(piece):
                return
        self.done_at = time.perf_counter()
        self._chunk(bytes(body), None)
        self._check_choices()

    async def _streamed(self, response: httpx.Response, limit: asyncio.Timeout) -> None:
        async for piece in _pieces(response):
            now = time.perf_counter()
            if self.done_at is not None or self._is_too_large(piece):
                return
            for event in self.events.feed(piece):
                if event == DONE:
                    self.done_at = now
                    self._check_choices()
                    limit.reschedule(asyncio.get_running_loop().time() + _DRAIN_SECONDS)
                    break
                self._chunk(event, now)
                if self.error:
                    return
        if self.done_at is None:
            self._ended_early()

    def _chunk(self, data: bytes, now: float | None) -> None:
        try:
            chunk = parsed(data)
        except ValueError as error:
            self.fail("bad_stream", f"not JSON: {error}"[:300])
            return
        if chunk.get("error"):
            self.pieces.take(chunk)
            self.fail(*named_event(chunk["error"], is_first=self.first_at is None))
            return
        is_token = self.pieces.take(chunk)
        if self.pieces.finish_reason == "error":
            self.fail("stream_error", "the answer ends with the reason `error`")
        elif is_token and now is not None:
            self.first_at = self.first_at or now
            self.last_at = now
            self.chunks += 1

    def _check_choices(self) -> None:
        """An answer without a choice says nothing of the model: it must not be graded as an empty one."""
        if not self.pieces.has_choice:
            self.fail("bad_stream", "an answer without `choices`")

    def _ended_early(self) -> None:
        if self.events.is_cut_off:
            self.fail("bad_stream", "the stream ends in the middle of an event")
        elif self.pieces.finish_reason is None:
            self.fail("connection_lost", "the stream ends without an end of the answer")

    def _is_too_large(self, piece: bytes) -> bool:
        self.bytes += len(piece)
        if self.bytes > self.most_bytes:
            self.fail("too_large", f"more than {self.most_bytes} bytes")
        return self.error is not None

    def ran_out(self, begun: float, now: float) -> None:
        """The time is up; silence for the last part of it is a stall, all else was just slow."""
        self.censored = True
        silent = self.last_at is not None and now - self.last_at >= _SILENT_SHARE * (now - begun)
        said = f"no end after {now - begun:.1f} s"
        self.fail("stalled" if silent else "timeout", f"{said}, {self.chunks} pieces came")

    def fail(self, error: TransportError, detail: str) -> None:
        """The first thing that went wrong is the one that counts."""
        self.error = self.error or (error, detail)

    def reply(self) -> Reply:
        """What there is to say."""
        error, detail = self.error or (None, "")
        pieces = self.pieces
        return Reply(
            ended_at=self.done_at or time.perf_counter(),
            error=error,
            error_detail=detail,
            answer=None if error else pieces.answer,
            usage=pieces.usage,
            answered_by=pieces.answered_by,
            provider=pieces.provider,
            http_status=self.status,
            first_token_at=self.first_at,
            last_token_at=self.last_at,
            token_chunks=self.chunks,
            censored=self.censored,
            retry_after=self.wait,
        )
