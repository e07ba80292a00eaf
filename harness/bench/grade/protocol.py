"""OpenRouter's tool call error: a request errs if any of its calls is invalid JSON, of an unknown name, or off-schema.

Modelled on https://openrouter.ai/docs/guides/routing/auto-exacto (JSON.parse, the names in tools[], JSON Schema draft
7; a schema that is missing or cannot be used counts as fitted). Requests count that have tools and ended with the
finish reason `tool_calls`: no call at all, and a wrong value, are outside of this rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.bench.attempt import Answer, ProtocolError, ToolCall
from harness.bench.case import Case
from harness.bench.grade.schemas import by_name, parameters_of, violation
from harness.bench.grade.strict_json import parse

_ORDER: tuple[ProtocolError, ...] = ("InvalidJson", "UnknownName", "SchemaMismatch")


def is_tool_request(case: Case, answer: Answer) -> bool:
    """Whether the request counts for the rate."""
    return bool(case.tools) and answer.finish_reason == "tool_calls"


def protocol_error(tools: tuple[Mapping[str, Any], ...], calls: tuple[ToolCall, ...]) -> ProtocolError | None:
    """The gravest error among the calls, None where a client can run them all."""
    known = by_name(tools)
    found = {_error_of(known, call) for call in calls}
    return next((error for error in _ORDER if error in found), None)


def _error_of(known: Mapping[str, Mapping[str, Any]], call: ToolCall) -> ProtocolError | None:
    try:
        arguments = parse(call.arguments)
    except ValueError:
        return "InvalidJson"
    if call.name not in known:
        return "UnknownName"
    schema = parameters_of(known[call.name])
    return None if schema is None or _fits(schema, arguments) else "SchemaMismatch"


def _fits(schema: Any, arguments: Any) -> bool:
    try:
        return violation(schema, arguments) is None
    except Exception:  # the schema cannot be used: then by definition nothing violates it
        return True
