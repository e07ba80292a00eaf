"""Tool calls: what is right in any order, and the name of each way to be wrong."""

from __future__ import annotations

from typing import Any

import pytest

from harness.bench.attempt import Answer, Failure, Usage
from harness.bench.case import Case
from harness.bench.expectation import Contains, ExpectedCall
from harness.bench.grade import grade
from tests.grading.cases import BERLIN, PARIS, TIMER, WEATHER, called, calls, case, said

BOTH = calls(BERLIN, PARIS)
RIGHT: tuple[tuple[Case, Answer], ...] = (
    (calls(BERLIN), called(("weather", {"city": "Berlin", "days": 3}))),
    (calls(BERLIN), called(("weather", {"city": "Berlin"}))),
    (calls(BERLIN), called(("weather", {"city": "Berlin"}), finish="stop")),
    (BOTH, called(("weather", {"city": "Berlin"}), ("weather", {"city": "Paris"}))),
    (BOTH, called(("weather", {"city": "Paris"}), ("weather", {"city": "Berlin"}))),
    (calls(), said("None of these tools is needed.")),
    (calls(any_call=True), called(("timer", {"seconds": 1}))),
    (calls(ExpectedCall("weather", {}, free=frozenset({"city"}))), called(("weather", {"city": "anywhere"}))),
    (calls(ExpectedCall("weather", {"city": ("Sankt Augustin",)}, loose=frozenset({"city"}))),
     called(("weather", {"city": "sankt-augustin"}))),
    (calls(ExpectedCall("weather", {"city": ("Bonn",), "limit": (5.0,)})),
     called(("weather", {"city": "Bonn", "limit": 5}))),
    (calls(ExpectedCall("weather", {"city": ("Bonn",), "limit": (5,)})),
     called(("weather", {"city": "Bonn", "limit": 5.0}))),
)  # fmt: skip


@pytest.mark.parametrize(("asked", "answer"), RIGHT)
def test_right(asked: Case, answer: Answer) -> None:
    result = grade(asked, answer)
    assert (result.success, result.failure, result.protocol_error) == (True, None, None)


def weather(**arguments: Any) -> Answer:
    return called(("weather", arguments))


WRONG: tuple[tuple[Case, Answer, Failure], ...] = (
    (calls(BERLIN), said("It is sunny in Berlin."), "no_call"),
    (calls(any_call=True), said("Which tool do you mean?"), "no_call"),
    (calls(any_call=True), called(("nothing", {})), "wrong_tool"),
    (calls(any_call=True), called(("timer", "{")), "not_json"),
    (calls(), weather(city="Berlin"), "call_when_irrelevant"),
    (case(Contains(("conflict",))), weather(city="Berlin"), "call_when_irrelevant"),
    (calls(BERLIN), called(("timer", {"seconds": 3})), "wrong_tool"),
    (calls(BERLIN), weather(city="Bonn"), "wrong_value"),
    (calls(BERLIN), weather(city="berlin"), "wrong_value"),
    (calls(BERLIN), weather(city="Berlin", days=3.0), "wrong_value"),
    (calls(BERLIN), weather(city="Berlin", days="3"), "wrong_value"),
    (calls(ExpectedCall("weather", {"city": ("B",), "days": (1,)})), weather(city="B", days=True), "wrong_value"),
    (calls(BERLIN), called(("weather", ["Berlin"])), "wrong_value"),
    (calls(BERLIN), weather(days=3), "missing_parameter"),
    (calls(BERLIN), weather(city="Berlin", unit="C"), "unexpected_parameter"),
    (calls(BERLIN), called(("weather", '{"city": "Berlin"')), "not_json"),
    (calls(BERLIN), called(("weather", '{"city": NaN}')), "not_json"),
    (BOTH, weather(city="Paris"), "dropped_parallel"),
    (BOTH, called(("weather", {"city": "Paris"}), ("weather", {"city": "Rome"})), "wrong_value"),
    (calls(BERLIN), called(("weather", {"city": "Berlin"}), ("weather", {"city": "Berlin"})), "extra_call"),
    (calls(BERLIN), called(("weather", '{"city": "Ber'), finish="length"), "truncated"),
    (calls(BERLIN), said("", finish="length"), "truncated"),
    (calls(BERLIN), said("", finish="tool_calls"), "dropped_call"),
    (calls(BERLIN), said("Let me see.", finish="tool_calls"), "dropped_call"),
    (calls(), said("None of these is needed.", finish="tool_calls"), "dropped_call"),
    (case(Contains(("yes",)), (WEATHER,)), said("yes", finish="tool_calls"), "dropped_call"),
    (calls(BERLIN), said(""), "empty_answer"),
    (case(Contains((), ("as an AI",)), ()), said("  "), "empty_answer"),
    (calls(BERLIN), said("", refusal="I can't do that"), "refusal"),
    (calls(BERLIN), said("", finish="content_filter"), "refusal"),
    (calls(BERLIN), said("I'm sorry, but I can't help with that."), "refusal"),
    (case(Contains(("yes",)), ()), said("I cannot assist with this request."), "refusal"),
)


@pytest.mark.parametrize(("asked", "answer", "failure"), WRONG)
def test_wrong(asked: Case, answer: Answer, failure: Failure) -> None:
    result = grade(asked, answer)
    assert (result.success, result.failure) == (False, failure)
    assert result.detail


def test_an_empty_message_that_cost_tokens_is_a_dropped_call() -> None:
    """mlx_lm.server drops a call that it cannot parse and says `stop`."""
    assert grade(calls(BERLIN), said(""), Usage(completion_tokens=23)).failure == "dropped_call"
    thought = Usage(completion_tokens=23, reasoning_tokens=23)
    assert grade(calls(BERLIN), said(""), thought).failure == "empty_answer"
    assert grade(calls(BERLIN), said("", reasoning_chars=80), Usage(completion_tokens=23)).failure == "empty_answer"
    assert grade(case(Contains(("x",)), ()), said(""), Usage(completion_tokens=23)).failure == "empty_answer"


@pytest.mark.parametrize("text", [
    '<tool_call>\n{"name": "weather", "arguments": {"city": "Berlin"}}\n</tool_call>',
    '[TOOL_CALLS] [{"name": "weather", "arguments": {}}]',
    '<|tool_call|>weather',
    "<|tool_calls_section_begin|><|tool_call_begin|>functions.weather:0",
    "<｜tool▁calls▁begin｜>function<｜tool▁sep｜>weather",
    '<|python_tag|>{"name": "weather", "parameters": {"city": "Berlin"}}',
    "<function=weather><parameter=city>Berlin</parameter></function>",
    '<invoke name="weather"><parameter name="city">Berlin</parameter></invoke>',
    'Sure!\n```json\n{"name": "weather", "arguments": {"city": "Berlin"}}\n```',
    '{"tool": "weather", "tool_input": {"city": "Berlin"}}',
    '[weather(city="Berlin")]',
    '```python\nweather(city="Berlin")\n```',
])  # fmt: skip
def test_a_call_as_text_is_named(text: str) -> None:
    assert grade(calls(BERLIN), said(text)).failure == "tool_call_as_text"


@pytest.mark.parametrize("text", [
    "The weather tool takes a city.",
    'Use {"name": "Ana", "arguments": {}} as an example.',
    "weather is sunny",
])  # fmt: skip
def test_talk_about_tools_is_no_leaked_call(text: str) -> None:
    assert grade(calls(BERLIN), said(text)).failure == "no_call"


def test_where_no_tool_was_offered_markup_is_just_wrong_text() -> None:
    assert grade(case(Contains(("42",)), ()), said("<tool_call>")).failure == "wrong_text"


def test_the_protocol_error_is_the_gravest_of_all_calls() -> None:
    asked = calls(BERLIN)
    fits, off, unknown, broken = ("weather", {"city": "B"}), ("weather", "{}"), ("x", "{}"), ("weather", "{")
    assert grade(asked, called(fits)).protocol_error is None
    assert grade(asked, called(fits, off)).protocol_error == "SchemaMismatch"
    assert grade(asked, called(off, unknown)).protocol_error == "UnknownName"
    assert grade(asked, called(unknown, broken, off)).protocol_error == "InvalidJson"
    assert grade(asked, called(("weather", ""))).protocol_error == "InvalidJson"
    assert grade(asked, called(("weather", "[" * 100_000))).protocol_error == "InvalidJson"
    assert grade(asked, called(("timer", {"seconds": 5.0}))).protocol_error is None  # draft 7: 5.0 is an integer


def test_the_two_numbers_do_not_mix() -> None:
    wrong_and_valid = grade(calls(BERLIN), weather(city="Bonn"))
    assert (wrong_and_valid.protocol_error, wrong_and_valid.success) == (None, False)
    off_schema = case(calls(ExpectedCall("weather", {"city": (None,)})).expectation)
    right_and_off = grade(off_schema, weather(city=None))
    assert (right_and_off.protocol_error, right_and_off.success) == ("SchemaMismatch", True)


def test_only_requests_with_tools_that_ended_in_calls_count_for_the_rate() -> None:
    assert grade(calls(BERLIN), weather(city="Berlin")).is_tool_request
    assert grade(calls(BERLIN), said("", finish="tool_calls")).is_tool_request
    for asked, answer in [
        (calls(BERLIN), said("no")),
        (calls(BERLIN), called(("weather", "{"), finish="stop")),
        (case(Contains(("x",)), ()), called(("weather", "{"))),
    ]:
        result = grade(asked, answer)
        assert (result.is_tool_request, result.protocol_error) == (False, None)


@pytest.mark.parametrize("parameters", [
    None, {"type": "no such type"}, {"$ref": "https://example.com/schema.json"}, {"pattern": "("}, 7,
])  # fmt: skip
def test_a_schema_that_cannot_be_used_is_violated_by_nothing(parameters: Any) -> None:
    odd = {"type": "function", "function": {"name": "odd", "parameters": parameters}}
    asked = case(calls(ExpectedCall("odd", {"a": (1,)})).expectation, (odd, WEATHER, TIMER))
    result = grade(asked, called(("odd", {"a": 1})))
    assert (result.protocol_error, result.success) == (None, True)
