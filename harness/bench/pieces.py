"""An answer put together from its pieces. What comes from outside may have any shape: what is odd is left out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import simplejson

from harness.bench.attempt import Answer, ToolCall, Usage

#: Beyond these no figure is believed, and none could be written down.
_MOST_TOKENS, _MOST_DIGITS = 10**12, 30


#: Made once: `json.loads` would make it anew for every chunk.
_DECODER = json.JSONDecoder(parse_float=Decimal)


def parsed(data: bytes) -> dict[str, Any]:
    """An object from JSON; its fractions are decimals, so that money passes through no float. Raises ValueError."""
    try:
        found = _DECODER.decode(data.decode())
    except (RecursionError, ArithmeticError) as error:
        raise ValueError(str(error)) from error
    if not isinstance(found, dict):
        raise ValueError("no JSON object")
    return found


class Pieces:
    """Takes chunks of a streamed answer, or a whole one, and holds what they said so far."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._refusal: list[str] = []
        self._calls: dict[int, _Call] = {}
        self._reasoning_chars = 0
        self.has_choice = False
        self.finish_reason: str | None = None
        self.answered_by: str | None = None
        self.provider: str | None = None
        self.usage = Usage()

    def take(self, chunk: Mapping[str, Any]) -> bool:
        """Add a chunk. True if it holds content, a call or reasoning: a role or an empty delta is no token."""
        self.answered_by = _text(chunk.get("model")) or self.answered_by
        self.provider = _text(chunk.get("provider")) or self.provider
        if isinstance(usage := chunk.get("usage"), dict):
            self.usage = usage_of(usage)
        choices = chunk.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            return False
        self.has_choice = True
        self.finish_reason = _text(choice.get("finish_reason")) or self.finish_reason
        said = choice.get("delta") or choice.get("message")
        return isinstance(said, dict) and self._said(said)

    def _said(self, said: Mapping[str, Any]) -> bool:
        text, refusal = _content(said.get("content")), _text(said.get("refusal"))
        reasoning = _text(said.get("reasoning")) or _text(said.get("reasoning_content"))
        calls = said.get("tool_calls")
        if text:
            self._text.append(text)
        if refusal:
            self._refusal.append(refusal)
        self._reasoning_chars += len(reasoning)
        pieces = [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
        for piece in pieces:
            self._called(piece)
        return bool(text or refusal or reasoning or pieces)

    def _called(self, piece: Mapping[str, Any]) -> None:
        """Pieces of one call share an index; without one, a piece with a name begins the next call."""
        function = piece.get("function")
        function = function if isinstance(function, dict) else {}
        name, index = _text(function.get("name")), piece.get("index")
        if not isinstance(index, int):
            last = max(self._calls, default=-1)
            index = last + 1 if name or last < 0 else last
        call = self._calls.setdefault(index, _Call())
        call.name += name if name != call.name else ""
        arguments = function.get("arguments")
        if isinstance(arguments, str):
            call.arguments.append(arguments)
        elif arguments is not None:  # an object where the API says text: some servers do
            call.arguments.append(simplejson.dumps(arguments, use_decimal=True))

    @property
    def answer(self) -> Answer:
        """All of it."""
        calls = (self._calls[index] for index in sorted(self._calls))
        return Answer(
            text="".join(self._text),
            calls=tuple(ToolCall(call.name, "".join(call.arguments)) for call in calls),
            finish_reason=self.finish_reason,
            refusal="".join(self._refusal) or None,
            reasoning_chars=self._reasoning_chars,
        )


class _Call:
    __slots__ = ("arguments", "name")

    def __init__(self) -> None:
        self.name = ""
        self.arguments: list[str] = []


def usage_of(usage: Mapping[str, Any]) -> Usage:
    """Tokens and cost of OpenRouter's `usage` object, or of one with less in it."""
    prompt, completion = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
    return Usage(
        prompt_tokens=_tokens(usage.get("prompt_tokens")),
        completion_tokens=_tokens(usage.get("completion_tokens")),
        cached_tokens=_tokens(prompt.get("cached_tokens")) if isinstance(prompt, dict) else None,
        reasoning_tokens=_tokens(completion.get("reasoning_tokens")) if isinstance(completion, dict) else None,
        cost_usd=_money(usage.get("cost")),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _content(value: Any) -> str:
    """Text, or the texts of a list of parts."""
    if isinstance(value, list):
        return "".join(_text(part.get("text")) for part in value if isinstance(part, dict))
    return _text(value)


def _tokens(value: Any) -> int | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_TOKENS
    return value if fits else None


def _money(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    if isinstance(value, int):
        return Decimal(value) if 0 <= value < _MOST_TOKENS else None
    _, digits, exponent = value.as_tuple()
    is_plain = value.is_finite() and value >= 0 and len(digits) <= _MOST_DIGITS
    return value if is_plain and isinstance(exponent, int) and -_MOST_DIGITS <= exponent <= 9 else None
