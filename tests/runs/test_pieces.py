"""Answers put together from pieces of any shape."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.bench.attempt import ToolCall, Usage
from harness.bench.pieces import Pieces, parsed, usage_of


def taken(*deltas: dict[str, Any]) -> tuple[Pieces, list[bool]]:
    pieces = Pieces()
    return pieces, [pieces.take({"choices": [{"delta": delta}]}) for delta in deltas]


def called(index: int | None, name: str | None, arguments: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"function": {"name": name, "arguments": arguments}}
    return {"tool_calls": [found if index is None else {**found, "index": index}]}


def test_a_role_and_an_empty_delta_are_no_tokens() -> None:
    _, tokens = taken(
        {"role": "assistant", "content": ""}, {}, {"content": "Hi"}, {"reasoning": "hm"}, called(0, "f", "")
    )
    assert tokens == [False, False, True, True, True]


def test_arguments_in_pieces_are_put_together_by_index() -> None:
    pieces, _ = taken(
        called(0, "a", ""),
        called(1, "b", '{"y"'),
        called(0, None, '{"x": '),
        called(1, None, ": 2}"),
        called(0, None, "1}"),
    )
    assert pieces.answer.calls == (ToolCall("a", '{"x": 1}'), ToolCall("b", '{"y": 2}'))


def test_pieces_without_an_index_go_on_with_the_last_call() -> None:
    pieces, _ = taken(called(None, "a", "{"), called(None, None, "}"), called(None, "b", "{}"))
    assert pieces.answer.calls == (ToolCall("a", "{}"), ToolCall("b", "{}"))


def test_arguments_that_are_an_object_become_its_text() -> None:
    pieces, _ = taken(called(0, "a", {"x": 1}))
    assert json.loads(pieces.answer.calls[0].arguments) == {"x": 1}


def test_a_whole_answer_is_taken_like_a_piece() -> None:
    pieces = Pieces()
    message = {"role": "assistant", "content": [{"type": "text", "text": "Hi"}], "refusal": "No", "reasoning": "abc"}
    assert pieces.take({"model": "m", "provider": "p", "choices": [{"message": message, "finish_reason": "stop"}]})
    answer = pieces.answer
    assert (answer.text, answer.refusal, answer.reasoning_chars, answer.finish_reason) == ("Hi", "No", 3, "stop")
    assert (pieces.answered_by, pieces.provider) == ("m", "p")


def test_money_passes_through_no_float() -> None:
    text = b'{"usage": {"prompt_tokens": 3, "cost": 0.1234567890123456789012345}}'
    assert usage_of(parsed(text)["usage"]).cost_usd == Decimal("0.1234567890123456789012345")


@pytest.mark.parametrize("cost", ["-1", "1e400", "1e-400", "NaN", "Infinity", "true", '"1"', "null", "[]", "1e30"])
def test_a_cost_that_is_none_is_not_believed(cost: str) -> None:
    assert usage_of(parsed(f'{{"cost": {cost}}}'.encode())).cost_usd is None


def test_tokens_that_are_none_are_not_believed() -> None:
    odd = {"prompt_tokens": True, "completion_tokens": -1, "prompt_tokens_details": [], "completion_tokens_details": 3}
    assert usage_of(odd) == Usage()


KEYS = st.sampled_from([
    "choices", "delta", "message", "content", "tool_calls", "function", "name", "arguments", "index", "usage", "cost",
    "model", "finish_reason", "refusal", "reasoning",
])  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(KEYS, JSON, max_size=3), max_size=2))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_no_shape_makes_it_raise(chunks: list[dict[str, Any]]) -> None:
    pieces = Pieces()
    for chunk in chunks:
        pieces.take({"choices": [{"delta": chunk}], **chunk})
    assert isinstance(pieces.answer.text, str)


@pytest.mark.parametrize("data", [b"", b"[1]", b"{", b"\xff\xfe", b"[" * 100_000, b"1e99999999999999999999"])
def test_what_is_no_object_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):
        parsed(data)
