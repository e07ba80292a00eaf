"""The data inside artifacts, for those who check and read them: nothing is run, nothing is guessed."""

from __future__ import annotations

import ast
import json
from functools import lru_cache
from typing import Any

LITERAL_NAME = "POLICY"


def strict_json(text: str) -> Any:
    """JSON without the two things that readers of JSON disagree about: repeated keys, and NaN."""
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"key {next(name for name in names if names.count(name) > 1)!r} is there twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


@lru_cache(maxsize=16)  # check and read ask for the same one, and fleets have it on many Macs
def guard_data(source: str) -> Any:
    """What the guard knows, read from its source without running it."""
    literals = [
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign | ast.AnnAssign) and LITERAL_NAME in _targets(node)
    ]
    match literals:
        case [ast.Call(args=[ast.Constant(value=str() as text)], keywords=[], func=ast.Attribute(attr="loads"))]:
            return strict_json(text)
    raise ValueError(f"it must assign {LITERAL_NAME} once, as json.loads of one string")


def _targets(node: ast.Assign | ast.AnnAssign) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}
