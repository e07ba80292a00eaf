"""From a reply and its clock to a row."""

from __future__ import annotations

import datetime
import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal

from harness.bench.attempt import Answer, Attempt
from harness.bench.call import Reply
from harness.bench.cost import NOTHING, Basis, cost_of
from harness.bench.tasks import Task

#: What servers say instead of an answer costs nothing; what breaks off while it answers may.
_UNPAID = frozenset({
    "connection_refused", "tls_error", "dns_error", "unauthorized", "payment_required", "key_limit", "forbidden",
    "rate_limited", "unavailable", "server_error", "bad_request", "not_found",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clock:
    """When a call was sent, and when it should have been: readings of `time.perf_counter`, and a time of day."""

    begun: float
    started: datetime.datetime
    #: its place in an open loop
    intended: float | None = None

    @property
    def zero(self) -> float:
        """What latencies are counted from; in an open loop also the time that a call waited to be sent."""
        return self.begun if self.intended is None else min(self.intended, self.begun)


def attempt_from(task: Task, reply: Reply, clock: Clock, number: int, prompt_sha256: str, *, final: bool) -> Attempt:
    """The row of an attempt, before it is graded."""
    zero = clock.zero
    cost, basis = _cost(task, reply)
    return Attempt(
        case=task.case.id,
        scenario=task.case.scenario,
        leg=task.way.leg,
        model=task.way.model,
        answered_by=reply.answered_by,
        provider=reply.provider,
        repeat=task.repeat,
        attempt=number,
        final=final,
        started=clock.started,
        queued_ms=(clock.begun - zero) * 1000,
        first_token_ms=_since(zero, reply.first_token_at),
        total_ms=(reply.ended_at - zero) * 1000,
        censored=reply.censored,
        http_status=reply.http_status,
        error=reply.error,
        error_detail=reply.error_detail,
        usage=reply.usage,
        cost_usd=cost,
        cost_basis=basis,
        grade=None,
        prompt_sha256=prompt_sha256,
        answer_sha256=_hash(reply.answer) if reply.answer else None,
        last_token_ms=_since(zero, reply.last_token_at),
        token_chunks=reply.token_chunks,
    )


def _cost(task: Task, reply: Reply) -> tuple[Decimal | None, Basis]:
    if reply.error in _UNPAID:
        return NOTHING, "free"
    return cost_of(reply.usage, task.way.prices)


def _since(zero: float, moment: float | None) -> float | None:
    return None if moment is None else (moment - zero) * 1000


def _hash(answer: Answer) -> str:
    """Of what was said and called, so that equal answers have equal hashes."""
    said = [answer.text, answer.refusal, [[call.name, call.arguments] for call in answer.calls]]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
