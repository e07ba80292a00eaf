"""Tool calls against accepted calls: the right tools, the right values, none too few and none too many, in any order.

The rules are BFCL's, so that its cases can be imported and judged alike, but for the flaws of its checker that
`values` and `matching` name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.bench.attempt import Failure, ToolCall
from harness.bench.expectation import Calls, ExpectedCall
from harness.bench.grade.matching import largest_matching
from harness.bench.grade.schemas import by_name, parameters_of
from harness.bench.grade.strict_json import parse
from harness.bench.grade.values import accepts
from harness.bench.grade.verdict import Verdict, shown

_Tools = tuple[Mapping[str, Any], ...]
#: Of several things that are wrong with a call, the one that says most; the first is the worst.
_WORST: tuple[Failure, ...] = (
    "not_json", "wrong_tool", "missing_parameter", "unexpected_parameter", "wrong_value",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Given:
    name: str
    arguments: Any
    readable: bool


def judge(expected: Calls, tools: _Tools, calls: Sequence[ToolCall]) -> Verdict:
    """What is wrong with these calls as a whole."""
    given = [_read(call) for call in calls]
    if expected.any_call:
        return _any(by_name(tools), given)
    if not expected.calls:
        return ("call_when_irrelevant", f"called {shown(given[0].name)} where none was needed") if given else None
    return _matched(expected.calls, given, tools) if given else ("no_call", f"no call of {expected.calls[0].tool!r}")


def _matched(wanted: Sequence[ExpectedCall], given: Sequence[_Given], tools: _Tools) -> Verdict:
    schemas = {name: parameters_of(tool) for name, tool in by_name(tools).items()}
    fits = [[i for i, one in enumerate(given) if _wrong(want, one, schemas) is None] for want in wanted]
    pairs = largest_matching(fits)
    taken = set(pairs.values())
    unmet = [want for i, want in enumerate(wanted) if i not in pairs]
    spare = [one for i, one in enumerate(given) if i not in taken]
    if unmet and spare:
        return _nearest(unmet, spare[0], schemas)
    if unmet:
        return "dropped_parallel", f"{len(given)} of {len(wanted)} calls; none of {unmet[0].tool!r}"
    return ("extra_call", f"{len(given)} calls for {len(wanted)}; one of {shown(spare[0].name)}") if spare else None


def _read(call: ToolCall) -> _Given:
    try:
        return _Given(call.name, parse(call.arguments), readable=True)
    except ValueError:
        return _Given(call.name, call.arguments, readable=False)


def _any(known: Mapping[str, Any], given: Sequence[_Given]) -> Verdict:
    if any(one.readable and one.name in known for one in given):
        return None
    if not given:
        return "no_call", "no call of any tool"
    broken = next((one for one in given if not one.readable), None)
    return ("not_json", shown(broken.arguments)) if broken else ("wrong_tool", f"no tool {shown(given[0].name)}")


def _nearest(unmet: Sequence[ExpectedCall], spare: _Given, schemas: Mapping[str, Any]) -> Verdict:
    """What is wrong with a call that nothing asked for, against the unmet expectation that it misses least."""
    found = [wrong for want in unmet if (wrong := _wrong(want, spare, schemas))]
    return max(found, key=lambda wrong: _WORST.index(wrong[0]))


def _wrong(want: ExpectedCall, one: _Given, schemas: Mapping[str, Any]) -> Verdict:
    if not one.readable:
        return "not_json", f"arguments of {shown(one.name)}: {shown(one.arguments)}"
    if one.name != want.tool:
        return "wrong_tool", f"{shown(one.name)} instead of {want.tool!r}"
    if not isinstance(one.arguments, dict):
        return "wrong_value", f"arguments are {shown(one.arguments)}, not an object"
    needed = (want.arguments.keys() | want.free) - want.optional
    if missing := sorted(needed - one.arguments.keys()):
        return "missing_parameter", f"{want.tool}: no {missing[0]!r}"
    if extra := [key for key in one.arguments if key not in want.arguments and key not in want.free]:
        return "unexpected_parameter", f"{want.tool}: {shown(extra[0])} has no place here"
    return _wrong_value(want, one.arguments, schemas.get(want.tool))


def _wrong_value(want: ExpectedCall, arguments: Mapping[str, Any], schema: Any) -> Verdict:
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    for key, value in arguments.items():
        if key in want.free:
            continue
        declared = properties.get(key) if isinstance(properties, Mapping) else None
        accepted = want.arguments[key]
        if not any(accepts(one, value, declared, loose=key in want.loose) for one in accepted):
            return "wrong_value", f"{want.tool}: {key} is {shown(value)}, not {shown(accepted[0])}"
    return None
