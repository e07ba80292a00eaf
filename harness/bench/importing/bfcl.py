"""JSON lines in the form of the Berkeley Function-Calling Leaderboard, with its file of accepted answers.

A line is {"id", "question": [[messages]], "function": [{"name", "description", "parameters"}]}; an answer is {"id",
"ground_truth": [{name: {parameter: [accepted values]}}]}, where "" among the values means that the parameter may be
left out. Types are Python's. Multi-turn cases, which are judged by the state of simulated programs, and cases in Java
and JavaScript are not carried over.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from compiler.diagnostics import Place, PolicyError
from harness.bench.grade.schemas import violation
from harness.bench.importing.found import UNREADABLE, Found, FoundCase
from harness.bench.importing.naming import Ids, tool_name

_TYPES: Mapping[str, str | None] = MappingProxyType(
    {
        "dict": "object", "object": "object", "float": "number", "number": "number", "double": "number",
        "integer": "integer", "int": "integer", "long": "integer", "string": "string", "str": "string",
        "boolean": "boolean", "bool": "boolean", "array": "array", "list": "array", "tuple": "array",
        "any": None,
    }
)  # fmt: skip
_MAX_TOKENS = 1024
#: So many ways to fill in an object are written out; more are too many to review.
_MOST = 64
_NO_CALL, _ANY_CALL = "irrelevance", "relevance"


class _CannotCarryError(Exception):
    """Why a case is left out."""


def read_bfcl(text: str, name: str, answers: str | None, answers_name: str = "") -> Found:
    """All cases of a file that can be carried over."""
    accepted = {entry.get("id"): entry.get("ground_truth") for _, entry in _lines(answers or "", answers_name)}
    found, ids = Found(), Ids()
    for line, entry in _lines(text, name):
        place = Place(name, line)
        try:
            found.cases.append(FoundCase(_case(entry, accepted, ids), place))
        except _CannotCarryError as reason:
            found.left_out.append((place, f"{entry.get('id')!r}: {reason}"))
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            found.left_out.append((place, f"{entry.get('id')!r} is not in BFCL's form: {type(error).__name__} {error}"))
    return found


def _lines(text: str, name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise PolicyError([UNREADABLE.at(Place(name, number), f"line {number} is not JSON: {error}")]) from error
        if not isinstance(entry, dict):
            raise PolicyError([UNREADABLE.at(Place(name, number), f"line {number} is no JSON object")])
        yield number, entry


def _case(entry: Mapping[str, Any], accepted: Mapping[Any, Any], ids: Ids) -> dict[str, Any]:
    id, functions = str(entry["id"]), entry["function"]
    if "java" in id:
        raise _CannotCarryError("values in the notation of Java or JavaScript")
    if len(entry["question"]) != 1:
        raise _CannotCarryError("several turns, which are judged by the state of a simulated program")
    names = {function["name"]: tool_name(function["name"]) for function in functions}
    if len(set(names.values())) < len(functions):
        raise _CannotCarryError("two of its tools have the same name once dots are replaced")
    tools = {names[function["name"]]: _tool(function) for function in functions}
    expect = _expect(id, accepted.get(entry["id"]), names, tools)
    return {
        "id": ids.of(id),
        **_messages(entry["question"][0]),
        "own_tools": tools,
        "max_tokens": _MAX_TOKENS,
        "expect": expect,
        "kind": _kind(entry["question"][0], expect),
    }


def _expect(id: str, answer: Any, names: Mapping[str, str], tools: Mapping[str, Any]) -> dict[str, Any]:
    if answer is not None:
        return {"calls": [_call(one, names, tools) for one in answer]}
    if _NO_CALL in id:
        return {"no_call": True}
    if _ANY_CALL in id:
        return {"any_call": True}
    raise _CannotCarryError("no accepted answer: give the file of answers with --answers")


def _kind(messages: Sequence[Mapping[str, Any]], expect: Mapping[str, Any]) -> str:
    if any(message["role"] in ("assistant", "tool") for message in messages):
        return "multi_turn"
    if "no_call" in expect:
        return "no_tool"
    return "parallel" if len(expect.get("calls", ())) > 1 else "single"


def _messages(messages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    if len(messages) == 1 and messages[0]["role"] == "user":
        return {"ask": messages[0]["content"]}
    return {"messages": [{"role": message["role"], "text": message["content"]} for message in messages]}


def _tool(function: Mapping[str, Any]) -> dict[str, Any]:
    parameters = _schema(function.get("parameters") or {"type": "dict", "properties": {}})
    return {"description": function.get("description") or function["name"], "parameters": parameters}


def _schema(schema: Any) -> Any:
    """JSON Schema of a schema in Python's types; a default that no draft knows as a rule stays as a hint."""
    if not isinstance(schema, Mapping):
        return schema
    made: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "type":
            kind = _type(value)
            made |= {"type": kind} if kind else {}
        elif key == "properties":
            made[key] = {name: _schema(below) for name, below in value.items()}
        elif key in ("items", "additionalProperties"):
            made[key] = _schema(value)
        elif key not in ("optional", "format") or isinstance(value, str):
            made[key] = value
    return made


def _type(name: Any) -> str | None:
    if not isinstance(name, str) or name not in _TYPES:
        raise _CannotCarryError(f"type {name!r} is not one of Python's")
    return _TYPES[name]


def _call(answer: Mapping[str, Any], names: Mapping[str, str], tools: Mapping[str, Any]) -> dict[str, Any]:
    ((function, accepted),) = answer.items()
    tool = names[function]
    schema = tools[tool]["parameters"]
    required, properties = set(schema.get("required", ())), schema.get("properties", {})
    values = {key: _values(accepted[key], properties[key], key) for key in accepted if key in properties}
    needed = required | {key for key, ways in accepted.items() if "" not in ways}
    if lost := sorted(key for key in needed if not values.get(key)):
        raise _CannotCarryError(f"{tool} needs {lost[0]!r}, and no value is accepted")
    fits = {key: [way for way in ways if violation(properties[key], way) is None] for key, ways in values.items()}
    odd = {key: [way for way in ways if way not in fits[key] and way != ""] for key, ways in values.items()}
    call = {
        "tool": tool,
        "arguments": {key: ways for key, ways in fits.items() if ways},
        "off_schema": {key: ways for key, ways in odd.items() if ways},
        "optional": [key for key, ways in values.items() if ways and "" in accepted[key] and key not in required],
        "loose": [key for key, ways in values.items() if ways],
    }
    return {key: value for key, value in call.items() if value or key == "tool"}


def _values(values: Sequence[Any], schema: Mapping[str, Any], key: str) -> list[Any]:
    """Every accepted value; objects with all their ways to be filled in."""
    ways = [way for value in values for way in _ways(value, schema)]
    if "" in values and schema.get("type") == "array":
        ways.append([])  # who may leave a list out may leave it empty
    if len(ways) > _MOST:
        raise _CannotCarryError(f"{key!r} accepts {len(ways)} values; more than {_MOST} are too many")
    return ways if schema.get("type", "string") == "string" else [way for way in ways if way != ""]


def _ways(value: Any, schema: Mapping[str, Any]) -> list[Any]:
    """An accepted object names accepted values for each of its keys, and so does an object in a list."""
    if isinstance(value, Mapping):
        choices = [[(key, one) for one in below] for key, below in value.items()]
        return [
            {key: one for key, one in way if one != ""}
            for way in itertools.islice(itertools.product(*choices), _MOST + 1)
        ]
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        items = [_ways(item, schema.get("items", {})) for item in value]
        return [list(way) for way in itertools.islice(itertools.product(*items), _MOST + 1)]
    return [value]
