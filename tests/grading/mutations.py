"""Answers of every wrong kind, made out of right ones in BFCL's form, to hold two checkers against each other."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.bench.attempt import Answer, ToolCall
from harness.bench.importing.naming import tool_name

#: Calls as BFCL's checker takes them: [{name: {parameter: value}}]
Calls = list[dict[str, dict[str, Any]]]


def perfect(ground_truth: Sequence[Mapping[str, Any]]) -> Calls:
    """The first accepted value of everything; what may be left out is left out only where nothing else is accepted."""
    return [
        {tool_name(name): {key: _first(values) for key, values in accepted.items() if _has_value(values)}}
        for answer in ground_truth
        for name, accepted in answer.items()
    ]


def _has_value(values: Sequence[Any]) -> bool:
    return any(value != "" for value in values)


def _first(values: Sequence[Any]) -> Any:
    return _filled(next(value for value in values if value != ""))


def _filled(value: Any) -> Any:
    if isinstance(value, Mapping):
        # one level deep: objects inside objects are plain values
        return {key: next(one for one in below if one != "") for key, below in value.items() if _has_value(below)}
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return [_filled(item) for item in value]
    return value


def mutations(ground_truth: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Calls]]:
    """Named variants of the perfect answer: some stay right, most do not."""
    good = perfect(ground_truth)
    yield "perfect", good
    yield "no call", []
    for at, call in enumerate(good):
        ((name, arguments),) = call.items()
        others = good[:at], good[at + 1 :]
        yield "wrong name", [*others[0], {f"{name}_x": arguments}, *others[1]]
        yield "extra parameter", [*others[0], {name: {**arguments, "surely_unknown": 1}}, *others[1]]
        for key, value in arguments.items():
            rest = {other: below for other, below in arguments.items() if other != key}
            yield "dropped parameter", [*others[0], {name: rest}, *others[1]]
            for kind, changed in _values(value):
                yield kind, [*others[0], {name: {**arguments, key: changed}}, *others[1]]
        for key, accepted in next(iter(ground_truth[at].values())).items():
            for value in accepted:
                if value != "":
                    changed = {**arguments, key: _filled(value)}
                    yield "another accepted value", [*others[0], {name: changed}, *others[1]]
    if len(good) > 1:
        yield "dropped parallel", good[:-1]
        yield "reordered parallel", good[::-1]
    if good:
        yield "repeated call", [*good, copy.deepcopy(good[0])]


def _values(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, bool):
        yield from [("wrong value", not value), ("wrong type", int(value)), ("wrong type", str(value))]
    elif isinstance(value, int):
        yield from [("wrong value", value + 1), ("wrong type", float(value)), ("wrong type", str(value))]
        yield "wrong type", bool(value)
    elif isinstance(value, float):
        yield from [("wrong value", value + 0.5), ("wrong type", str(value)), ("int for float", int(value))]
    elif isinstance(value, str):
        yield from [("wrong value", f"{value} and more"), ("upper case", value.upper()), ("wrong type", 7)]
        yield from [("no spaces", value.replace(" ", "")), ("no punctuation", value.replace(".", "").replace(",", ""))]
        yield from [("no hyphens", value.replace("-", "")), ("wrong type", [value]), ("null", None)]
    elif isinstance(value, list):
        yield from [("shorter list", value[:-1]), ("reordered list", value[::-1]), ("wrong type", str(value))]
        yield "longer list", [*value, *value[:1]]
    elif isinstance(value, dict):
        yield from [("wrong type", str(value)), ("extra key", {**value, "surely_unknown": 1})]
        yield from (("dropped key", {other: value[other] for other in value if other != key}) for key in value)


def permutations(calls: Calls) -> Iterator[Calls]:
    """Every order of a few calls."""
    return (list(order) for order in itertools.permutations(calls)) if len(calls) <= 4 else iter([calls])


def answer_of(calls: Calls) -> Answer:
    """The calls as a model's answer."""
    made = tuple(ToolCall(name, json.dumps(arguments)) for call in calls for name, arguments in call.items())
    return Answer("" if made else "No tool is needed for that.", made, "tool_calls" if made else "stop")
