"""JSON Schema, draft 7, without a network: whether a schema can be used, and what a value violates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError, best_match
from referencing import Registry


def problem_of(schema: Any) -> str | None:
    """Why a schema cannot be used, None where it can."""
    try:
        broken = violation(Draft7Validator.META_SCHEMA, schema)
        if broken is None:
            violation(schema, {})
    except Exception as error:  # a schema's references and patterns may fail in any way
        return f"{type(error).__name__}: {error}"
    return said(broken) if broken else None


def violation(schema: Any, value: Any) -> ValidationError | None:
    """The most telling violation. References to other documents are never fetched: they raise."""
    validator: Any = Draft7Validator(schema, registry=Registry())
    found: ValidationError | None = best_match(validator.iter_errors(value))
    return found


def said(error: ValidationError) -> str:
    """A violation in a line, with its place in the value."""
    where = "/".join(str(step) for step in error.absolute_path)
    message = error.message if len(error.message) <= 160 else f"{error.message[:157]}..."
    return f"{where}: {message}" if where else message


def parameters_of(tool: Mapping[str, Any]) -> Any:
    """The schema of a tool's parameters, None where it has none."""
    return tool["function"].get("parameters")


def by_name(tools: tuple[Mapping[str, Any], ...]) -> dict[str, Mapping[str, Any]]:
    """Tools by their names."""
    return {tool["function"]["name"]: tool for tool in tools}
