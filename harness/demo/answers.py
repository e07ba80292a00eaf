"""Right answers to the suite's cases, made of what each case accepts: the demo's model has read the answer book."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import Any

from harness.bench.attempt import Answer, ToolCall
from harness.bench.case import Case
from harness.bench.expectation import Calls, Contains, ExpectedCall, FitsSchema, PatchGives


def right_answer(case: Case) -> Answer | None:
    """One that the case accepts; None where a pattern judges, from which no answer can be made."""
    expected = case.expectation
    if isinstance(expected, Calls):
        calls = tuple(called(call) for call in expected.calls)
        return Answer("", calls, "tool_calls") if calls else Answer("No tool is needed for this.", (), "stop")
    if isinstance(expected, Contains):
        return Answer(" and ".join(expected.all_of), (), "stop")
    if isinstance(expected, FitsSchema):
        return Answer(json.dumps(instance(expected.schema)), (), "stop")
    return Answer(diff(expected, expected.after), (), "stop") if isinstance(expected, PatchGives) else None


def called(call: ExpectedCall, at: int = 0, without: frozenset[str] = frozenset()) -> ToolCall:
    """The call with one of the accepted values for each parameter."""
    chosen = {key: values[at] for key, values in call.arguments.items() if key not in without}
    return ToolCall(call.tool, json.dumps(chosen))


def instance(schema: Mapping[str, Any]) -> Any:
    """The value that a schema of constants asks for."""
    if "const" in schema:
        return schema["const"]
    return schema["enum"][0] if "enum" in schema else {key: instance(one) for key, one in schema["properties"].items()}


def diff(expected: PatchGives, after: str) -> str:
    """The change as a unified diff."""
    before, then = (text.splitlines(keepends=True) for text in (expected.before, after))
    return "".join(difflib.unified_diff(before, then, f"a/{expected.path}", f"b/{expected.path}"))
