"""`{{name}}` in promptfoo's prompts and checks. What its template language can do beyond that is not carried over."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_NAME = re.compile(r"\{\{-?\s*([A-Za-z_][\w.-]*)\s*-?\}\}")
_MORE = re.compile(r"\{\{|\{%|\{#")


class CannotRenderError(Exception):
    """Why a text cannot be filled in."""


def rendered(text: str, variables: Mapping[str, Any]) -> str:
    """The text with its variables filled in."""
    filled: list[str] = []
    end = 0
    for found in _NAME.finditer(text):
        filled += [_checked(text[end : found.start()]), _value(found[1], variables)]
        end = found.end()
    return "".join([*filled, _checked(text[end:])])


def rendered_all(value: Any, variables: Mapping[str, Any]) -> Any:
    """A value with every text in it filled in."""
    if isinstance(value, str):
        return rendered(value, variables)
    if isinstance(value, list):
        return [rendered_all(below, variables) for below in value]
    if isinstance(value, Mapping):
        return {key: rendered_all(below, variables) for key, below in value.items()}
    return value


def combinations(variables: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A list stands for one test with each of its items, as in promptfoo."""
    choices = [
        [(key, one) for one in (value if isinstance(value, list) else [value])] for key, value in variables.items()
    ]
    yield from (dict(choice) for choice in itertools.product(*choices))


def _checked(text: str) -> str:
    if found := _MORE.search(text):
        raise CannotRenderError(f"a template that does more than name a variable: {text[found.start() :][:40]!r}")
    return text


def _value(name: str, variables: Mapping[str, Any]) -> str:
    value: Any = variables
    for step in [name] if name in variables else name.split("."):
        if not isinstance(value, Mapping) or step not in value:
            raise CannotRenderError(f"no variable {name!r}")
        value = value[step]
    if isinstance(value, str):
        if value.startswith("file://"):
            raise CannotRenderError(f"variable {name!r} is a file")
        return _checked(value)
    return json.dumps(value, ensure_ascii=False)
