"""One call that was made, as the run store keeps it: what came back, when, what it cost, how it was graded.

Every attempt is a row of its own, also one that was answered with 429 and made again: no retry hides in a latency.
Times are milliseconds from the moment the request was to be sent (in an open loop, from its place on the clock).
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

LegName = Literal["mlx", "openrouter", "remote"]

#: What kept a call from giving an answer; None where it gave one.
TransportError = Literal[
    "connection_refused", "tls_error", "dns_error", "connection_lost", "timeout", "stalled", "bad_stream",
    "too_large", "unauthorized", "payment_required", "key_limit", "forbidden", "rate_limited", "unavailable",
    "server_error", "bad_request", "not_found", "stream_error",
]  # fmt: skip
#: A request errs by OpenRouter's own definition if any of its calls is one of these.
ProtocolError = Literal["InvalidJson", "UnknownName", "SchemaMismatch"]
Failure = Literal[
    "no_call", "call_when_irrelevant", "wrong_tool", "wrong_value", "missing_parameter", "unexpected_parameter",
    "dropped_parallel", "extra_call", "truncated", "dropped_call", "tool_call_as_text", "refusal", "empty_answer",
    "wrong_text", "not_json", "schema_violation", "patch_does_not_apply", "wrong_patch",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call as the model gave it: `arguments` is the raw text."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said, put together from whole or streamed pieces."""

    text: str
    calls: tuple[ToolCall, ...]
    finish_reason: str | None
    refusal: str | None = None
    reasoning_chars: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and money as the answer states them; None where it does not."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Grade:
    """Two numbers that are never mixed: the protocol error, by OpenRouter's definition, and success at the task."""

    #: whether the request counts for the protocol error rate: it has tools and ended in tool calls
    is_tool_request: bool
    protocol_error: ProtocolError | None
    success: bool
    failure: Failure | None
    #: what exactly was wrong, for people; data, never run
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A row of the run store."""

    case: str
    scenario: str
    leg: LegName
    #: the model that was asked, and the one that the answer names
    model: str
    answered_by: str | None
    provider: str | None
    #: from 1; 0 is a warm-up, which costs and never counts
    repeat: int
    #: 1 for the first time, 2 and more after an answer that asks to come again
    attempt: int
    #: whether this attempt is the one that counts for its case and repeat
    final: bool
    started: datetime.datetime
    #: how long it waited for its place in the concurrency limit, open loop only
    queued_ms: float
    first_token_ms: float | None
    total_ms: float
    #: whether total_ms is a bound that a timeout set, and not a latency that was seen
    censored: bool
    http_status: int | None
    error: TransportError | None
    error_detail: str
    usage: Usage
    #: what the attempt cost: as billed, or by list price; None where neither is known
    cost_usd: Decimal | None
    cost_basis: Literal["billed", "list", "free", "unknown"]
    grade: Grade | None
    prompt_sha256: str
    answer_sha256: str | None
    #: only with --keep-text
    answer: Answer | None = None
    #: when the last piece with content, a call or reasoning came, and how many pieces there were
    last_token_ms: float | None = None
    token_chunks: int = 0
    #: the scenario on whose route it was tried besides its own way; "" for its own
    trial: str = ""

    @property
    def tokens_per_second(self) -> float | None:
        """By the arrival of pieces: tokens after the first, over the time that they took. None for one piece alone."""
        tokens, first, last = self.usage.completion_tokens, self.first_token_ms, self.last_token_ms
        if self.token_chunks < 2 or tokens is None or first is None or last is None or last <= first:
            return None
        return (tokens - 1) * 1000 / (last - first)
