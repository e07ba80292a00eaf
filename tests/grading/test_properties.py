"""No answer makes a grader raise, and the order of parallel calls is nobody's business."""

from __future__ import annotations

import difflib
import json
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.bench.attempt import Answer, ToolCall, Usage
from harness.bench.expectation import Calls, Contains, Expectation, ExpectedCall, FitsSchema, Matches, PatchGives
from harness.bench.grade import grade
from harness.bench.unified_diff import DoesNotApplyError, apply
from tests.grading.cases import BERLIN, PARIS, case
from tests.grading.test_values import JSON

TEXT = st.text(max_size=60) | st.lists(
    st.sampled_from(
        ["@@ -1 +1 @@", "-a", "+b", " c", "", "```", "--- a/f", "+++ b/f", '{"a": 1}', "<tool_call>", "\\ No"]
    ),
    max_size=12,
).map("\n".join)
ARGUMENTS = st.text(max_size=30) | JSON.map(json.dumps)
CALLS = st.lists(
    st.builds(ToolCall, st.sampled_from(["weather", "timer", "x", ""]) | st.text(max_size=5), ARGUMENTS), max_size=4
)
ANSWERS = st.builds(
    Answer, TEXT, CALLS.map(tuple), st.sampled_from([None, "stop", "length", "tool_calls", "content_filter", "odd"]),
    st.none() | st.text(max_size=10), st.integers(0, 5),
)  # fmt: skip
_EXPECTED: list[Expectation] = [
    Calls(()), Calls((BERLIN,)), Calls((BERLIN, PARIS)), Calls((), any_call=True), Contains(("a",), ("b",)),
    Matches("a.b"), FitsSchema({"type": "object"}), PatchGives("f", "a\nc\n", "b\nc\n"),
    Calls((ExpectedCall("weather", {"city": ([{"a": 1}], None, True, 3)}, loose=frozenset({"city"})),)),
]  # fmt: skip
EXPECTED = st.sampled_from(_EXPECTED)
USAGE = st.none() | st.builds(Usage, completion_tokens=st.none() | st.integers(0, 9))


@settings(max_examples=400)
@given(EXPECTED, ANSWERS, USAGE)
def test_no_answer_makes_it_raise(expected: Expectation, answer: Answer, usage: Usage | None) -> None:
    asked = case(expected)
    result = grade(asked, answer, usage)
    assert result.success == (result.failure is None)
    assert result.protocol_error is None or result.is_tool_request
    assert grade(asked, answer, usage) == result


@given(CALLS, st.randoms(use_true_random=False))
def test_the_order_of_parallel_calls_changes_no_grade(made: list[ToolCall], dice: random.Random) -> None:
    asked = case(Calls((BERLIN, PARIS)))
    shuffled = dice.sample(made, len(made))
    one, other = (grade(asked, Answer("", tuple(calls), "tool_calls")) for calls in (made, shuffled))
    assert (one.success, one.protocol_error) == (other.success, other.protocol_error)


@given(st.lists(st.sampled_from("abcd"), max_size=12), st.lists(st.sampled_from("abcd"), max_size=12))
def test_what_difflib_writes_applies(before: list[str], after: list[str]) -> None:
    diff = "".join(difflib.unified_diff([f"{x}\n" for x in before], [f"{x}\n" for x in after], "a/f", "b/f"))
    if before != after:
        text = "".join(f"{x}\n" for x in before)
        assert apply(diff, text).rstrip("\n") == "\n".join(after)


@given(TEXT, TEXT)
def test_the_applier_only_raises_what_it_says(diff: str, before: str) -> None:
    try:
        assert isinstance(apply(diff, before), str)
    except DoesNotApplyError as error:
        assert str(error)
