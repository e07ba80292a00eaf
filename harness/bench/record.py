"""From a reply and its clock to a row: graded, and with nothing in it that must not be kept."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from harness.bench.attempt import Answer, Attempt, Grade, Usage
from harness.bench.call import Reply
from harness.bench.case import Case
from harness.bench.cost import NOTHING, Basis, cost_of
from harness.bench.masking import Mask
from harness.bench.store import WARM_UP
from harness.bench.tasks import Task, prompt_hash

Grader = Callable[[Case, Answer, Usage], Grade]
_MOST_NAME = 200

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


@dataclass(frozen=True, slots=True)
class Recorder:
    """Grades replies and makes rows of them: without keys, and without texts unless they are kept."""

    grade: Grader
    mask: Mask
    keep_text: bool
    _hashes: dict[str, str] = field(default_factory=dict, repr=False)

    def prompt_sha256(self, case: Case) -> str:
        """SHA-256 of a case's prompt, made once."""
        if case.id not in self._hashes:
            self._hashes[case.id] = prompt_hash(case)
        return self._hashes[case.id]

    def attempt(self, task: Task, reply: Reply, clock: Clock, number: int, *, final: bool) -> Attempt:
        """The row of an attempt."""
        zero, mask, answer = clock.zero, self.mask.text, reply.answer
        cost, basis = _cost(task, reply)
        return Attempt(
            case=task.case.id,
            scenario=task.case.scenario,
            leg=task.way.leg,
            model=task.way.model,
            answered_by=None if reply.answered_by is None else mask(reply.answered_by[:_MOST_NAME]),
            provider=None if reply.provider is None else mask(reply.provider[:_MOST_NAME]),
            repeat=task.repeat,
            attempt=number,
            final=final and task.repeat != WARM_UP,
            started=clock.started,
            queued_ms=(clock.begun - zero) * 1000,
            first_token_ms=_since(zero, reply.first_token_at),
            total_ms=(reply.ended_at - zero) * 1000,
            censored=reply.censored,
            http_status=reply.http_status,
            error=reply.error,
            error_detail=mask(reply.error_detail),
            usage=reply.usage,
            cost_usd=cost,
            cost_basis=basis,
            grade=self._grade(task, answer, reply.usage) if answer and task.repeat != WARM_UP else None,
            prompt_sha256=self.prompt_sha256(task.case),
            answer_sha256=answer_hash(answer) if answer else None,
            answer=self.mask.answer(answer) if answer and self.keep_text else None,
            last_token_ms=_since(zero, reply.last_token_at),
            token_chunks=reply.token_chunks,
            trial=task.way.trial,
        )

    def _grade(self, task: Task, answer: Answer, usage: Usage) -> Grade:
        """The grade; its detail quotes the answer, so it is kept with texts alone."""
        grade = self.grade(task.case, answer, usage)
        if not grade.detail:
            return grade
        return replace(grade, detail=self.mask.text(grade.detail) if self.keep_text else "")


def _cost(task: Task, reply: Reply) -> tuple[Decimal | None, Basis]:
    if reply.error in _UNPAID:
        return NOTHING, "free"
    return cost_of(reply.usage, task.way.prices)


def _since(zero: float, moment: float | None) -> float | None:
    return None if moment is None else (moment - zero) * 1000


def answer_hash(answer: Answer) -> str:
    """SHA-256 of what was said and called, so that equal answers have equal hashes."""
    called = (part for call in answer.calls for part in (call.name, call.arguments))
    said = "\0".join((answer.text, answer.refusal or "", *called))
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()
