"""promptfoo's assertions → one expectation.

Several checks of a text become one pattern. What a program or a model would have to judge is told and left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

_ANYWHERE = r"[\s\S]*"


class _CannotCarryError(Exception):
    """Why a check is left out."""


def expectation(checks: Sequence[Any]) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """What a right answer is by these checks, None where none can be carried over; and what was lost."""
    texts: list[tuple[str, Any, bool]] = []
    whole: list[dict[str, Any]] = []
    lost: list[str] = []
    for check in checks:
        if not isinstance(check, Mapping) or not isinstance(check.get("type"), str):
            lost.append(f"{_said(check)}: not a check as promptfoo documents it")
            continue
        name = check["type"].removeprefix("not-")
        negated = name != check["type"]
        if ignored := sorted({"threshold", "weight", "transform", "contextTransform"} & check.keys()):
            lost.append(f"{check['type']}: its {ignored[0]!r} is not used")
        try:
            if name in _FRAGMENTS:
                values = _values(name, check.get("value"))
                _fragment(name, values, negated)
                texts.append((name, values, negated))
            else:
                whole.append(_whole(name, check.get("value"), negated=negated))
        except _CannotCarryError as reason:
            lost.append(f"{check['type']} {_said(check.get('value'))}: {reason}")
    if lost and not whole and all(negated for _, _, negated in texts):
        return None, tuple(lost)  # what is left only says what is wrong
    return _one(texts, whole, lost), tuple(lost)


def _one(texts: list[tuple[str, Any, bool]], whole: list[dict[str, Any]], lost: list[str]) -> dict[str, Any] | None:
    """A case has one expectation; a form says more than words in it."""
    lost += [f"{next(iter(second))}: a case has one expectation" for second in whole[1:]]
    if whole:
        lost += [
            f"{'not-' * negated}{name} {_said(values)}: a case has one expectation" for name, values, negated in texts
        ]
        return whole[0]
    if not texts:
        return None
    plain = all(name in ("icontains", "icontains-all") for name, _, _ in texts)
    if plain and all(not negated or len(values) == 1 for _, values, negated in texts):
        wanted = [value for _, values, negated in texts if not negated for value in values]
        unwanted = [value for _, values, negated in texts if negated for value in values]
        return {"contains": wanted} | ({"lacks": unwanted} if unwanted else {})
    return {"matches": r"\A" + "".join(_fragment(*text) for text in texts)}


def _whole(name: str, value: Any, *, negated: bool) -> dict[str, Any]:
    if name not in _WHOLE:
        raise _CannotCarryError(_REASONS.get(name, "no grader of ours does that"))
    if negated:
        raise _CannotCarryError("its opposite says nothing about what is right")
    return _WHOLE[name](value)


def _json_form(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise _CannotCarryError("its schema is in a file, or is no JSON") from error
    if value is not None and not isinstance(value, Mapping):
        raise _CannotCarryError("its value is no schema")
    return {"fits": dict(value or {})}


_WHOLE: Mapping[str, Callable[[Any], dict[str, Any]]] = MappingProxyType(
    {"is-json": _json_form, "is-valid-openai-tools-call": lambda _: {"any_call": True}}
)
_JUDGED = (
    "llm-rubric", "model-graded-closedqa", "model-graded-factuality", "factuality", "g-eval", "answer-relevance",
    "context-faithfulness", "context-recall", "context-relevance", "similar", "classifier", "moderation",
    "select-best", "pi", "search-rubric",
)  # fmt: skip
_REASONS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(_JUDGED, "a model would have to judge"),
        **dict.fromkeys(("javascript", "python", "ruby", "webhook"), "a program of the suite would have to run"),
        **dict.fromkeys(("latency", "cost"), "latency and cost are measured for each leg, with their intervals"),
        "assert-set": "a set of checks with a threshold",
    }
)


def _values(name: str, value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    if name.endswith(("-all", "-any")) and isinstance(value, str):
        values = [part.strip() for part in value.split(",")]
    texts = [_text(one) for one in values]
    if not texts or "" in texts:
        raise _CannotCarryError("it names no text")
    if any(text.startswith("file://") for text in texts):
        raise _CannotCarryError("its value is in a file")
    return texts


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, Mapping | list):
        raise _CannotCarryError("its value is no text")
    return json.dumps(value)


def _fragment(name: str, values: Any, negated: bool) -> str:
    """A part of a pattern that looks ahead from the beginning of the answer and consumes nothing."""
    return f"(?{'!' if negated else '='}{_FRAGMENTS[name](values)})"


def _somewhere(values: Sequence[str], flags: str = "") -> str:
    return f"(?:{'|'.join(_ANYWHERE + _literal(value, flags) for value in values)})"


def _all(values: Sequence[str], flags: str = "") -> str:
    return "".join(f"(?={_ANYWHERE}{_literal(value, flags)})" for value in values)


def _literal(value: str, flags: str) -> str:
    return f"(?{flags}:{re.escape(value)})" if flags else re.escape(value)


def _pattern(values: Sequence[str]) -> str:
    """JavaScript's meaning: `^` is the beginning of the text, digits and letters are ASCII's."""
    pattern = re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", values[0])
    try:
        re.compile(f"(?a-m:{pattern})")
    except (re.error, OverflowError, RecursionError) as error:
        raise _CannotCarryError(f"not a pattern that Python knows: {error}") from error
    return f"{_ANYWHERE}(?a-m:{pattern})" if not pattern.startswith("^") else f"(?a-m:{pattern})"


_FRAGMENTS: Mapping[str, Callable[[Sequence[str]], str]] = MappingProxyType(
    {
        "equals": lambda values: re.escape(values[0]) + r"\Z",
        "starts-with": lambda values: re.escape(values[0]),
        "contains": _somewhere,
        "icontains": lambda values: _somewhere(values, "i"),
        "contains-any": _somewhere,
        "icontains-any": lambda values: _somewhere(values, "i"),
        "contains-all": _all,
        "icontains-all": lambda values: _all(values, "i"),
        "regex": _pattern,
    }
)


def _said(value: Any) -> str:
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return said if len(said) <= 80 else f"{said[:77]}..."
