"""What a row may hold: no key, and no text of an answer unless texts are kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from compiler.redact import redact
from harness.bench.attempt import Answer, Attempt, Grade, ToolCall

_MASK = "********"


@dataclass(frozen=True, slots=True)
class Mask:
    """Takes keys out of what servers say: one that is in trouble may answer with the request's headers."""

    keys: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, keys: Iterable[str]) -> Mask:
        """For these keys, the longest first: one may be a part of another."""
        return cls(tuple(sorted({key for key in keys if key}, key=len, reverse=True)))

    def text(self, words: str) -> str:
        """Words without keys and without what looks like one."""
        for key in self.keys:
            words = words.replace(key, _MASK)
        return redact(words)

    def masked(self, attempt: Attempt, answer: Answer | None, grade: Grade | None, *, keep_text: bool) -> Attempt:
        """The attempt with its grade and, if texts are kept, its answer. A grade's detail quotes the answer."""
        if grade is not None:
            grade = replace(grade, detail=self.text(grade.detail) if keep_text else "")
        return replace(
            attempt,
            grade=grade,
            answer=self._answer(answer) if answer and keep_text else None,
            error_detail=self.text(attempt.error_detail),
            answered_by=None if attempt.answered_by is None else self.text(attempt.answered_by)[:200],
            provider=None if attempt.provider is None else self.text(attempt.provider)[:200],
        )

    def _answer(self, answer: Answer) -> Answer:
        calls = tuple(ToolCall(self.text(call.name), self.text(call.arguments)) for call in answer.calls)
        refusal = None if answer.refusal is None else self.text(answer.refusal)
        reason = None if answer.finish_reason is None else self.text(answer.finish_reason)
        return replace(answer, text=self.text(answer.text), calls=calls, refusal=refusal, finish_reason=reason)
