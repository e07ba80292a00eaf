"""No key in what is kept: a server that is in trouble may answer with the request's headers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from compiler.redact import redact
from harness.bench.attempt import Answer, ToolCall

_MASK = "********"


@dataclass(frozen=True, slots=True)
class Mask:
    """Takes keys, and what looks like one, out of what servers say."""

    keys: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, keys: Iterable[str]) -> Mask:
        """For these keys, the longest first: one may be a part of another."""
        return cls(tuple(sorted({key for key in keys if key}, key=len, reverse=True)))

    def text(self, words: str) -> str:
        """Words without keys."""
        for key in self.keys:
            words = words.replace(key, _MASK)
        return redact(words) if words else words

    def answer(self, answer: Answer) -> Answer:
        """An answer without keys."""
        calls = tuple(ToolCall(self.text(call.name), self.text(call.arguments)) for call in answer.calls)
        refusal = None if answer.refusal is None else self.text(answer.refusal)
        reason = None if answer.finish_reason is None else self.text(answer.finish_reason)
        return replace(answer, text=self.text(answer.text), calls=calls, refusal=refusal, finish_reason=reason)
