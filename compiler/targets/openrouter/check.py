"""What is wrong with desired state of an OpenRouter account, beyond what a JSON Schema can say."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

from compiler.redact import secrets


def check(path: str, content: bytes) -> Iterator[str]:
    """One sentence for each problem of one file."""
    if not path.startswith("openrouter/"):
        return
    kind = path.removeprefix("openrouter/").removesuffix(".json")
    if kind not in ("keys", "guardrails", "presets") or not path.endswith(".json"):
        yield f"{path} is no file of this target"
        return
    text = content.decode("utf-8", "replace")
    if any(True for _ in secrets(text)):
        yield "it holds what looks like a credential"
    try:
        data = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except ValueError as error:
        yield f"it is not JSON: {error}"
        return
    problems = [f"{problem.json_path}: {problem.message}" for problem in _schema(kind).iter_errors(data)]
    yield from problems or _beyond_schema(kind, data)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if twice := [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]:
        raise ValueError(f"key {twice[0]!r} appears twice")
    return dict(pairs)


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")


@cache
def _schema(kind: str) -> Draft202012Validator:
    schema = json.loads((files(__package__ or "") / f"{kind}.schema.json").read_text("utf-8"))
    return Draft202012Validator(schema)


def _beyond_schema(kind: str, data: Mapping[str, Any]) -> Iterator[str]:
    field = "slug" if kind == "presets" else "name"
    for name, count in Counter(entry[field] for entry in data[kind]).items():
        if count > 1:
            yield f"{field} {name!r} stands {count} times"
    for entry in data[kind]:
        if kind == "keys" and (entry["limit"] is None) != (entry["limit_reset"] is None):
            yield f"{entry['name']}: a limit and the period after which it resets belong together"
        if kind == "guardrails" and entry["assigned_key"] != entry["name"]:
            yield f"{entry['name']}: it must be assigned to the key of its name"
        if kind == "guardrails" and not entry["allowed_models"]:
            yield f"{entry['name']}: an empty list of models is no limit at all"
