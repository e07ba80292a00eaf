"""Small cases and answers for the graders' tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness.bench.attempt import Answer, ToolCall
from harness.bench.case import Case
from harness.bench.expectation import Calls, Expectation, ExpectedCall


def tool(name: str, parameters: Any) -> Mapping[str, Any]:
    function = {"name": name, "description": name}
    return {"type": "function", "function": function | ({"parameters": parameters} if parameters is not None else {})}


WEATHER = tool("weather", {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}, "limit": {"type": "number"}},
    "required": ["city"],
    "additionalProperties": False,
})  # fmt: skip
TIMER = tool("timer", {"type": "object", "properties": {"seconds": {"type": "integer"}}, "required": ["seconds"]})
BERLIN = ExpectedCall("weather", {"city": ("Berlin",), "days": (3,)}, frozenset({"days"}))
PARIS = ExpectedCall("weather", {"city": ("Paris",)})


def case(expectation: Expectation, tools: tuple[Mapping[str, Any], ...] = (WEATHER, TIMER)) -> Case:
    return Case("a-case", "agent-loops", "single", ({"role": "user", "content": "?"},), tools, expectation, 100)


def calls(*expected: ExpectedCall, any_call: bool = False) -> Case:
    return case(Calls(expected, any_call))


def called(*made: tuple[str, Any], finish: str | None = "tool_calls", text: str = "") -> Answer:
    """An answer with calls; arguments that are no text are written as JSON."""
    raw = (ToolCall(name, given if isinstance(given, str) else json.dumps(given)) for name, given in made)
    return Answer(text, tuple(raw), finish)


def said(text: str, finish: str | None = "stop", **more: Any) -> Answer:
    return Answer(text, (), finish, **more)
