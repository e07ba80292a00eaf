"""The real OpenClaw takes what we write, and we know every key by which it can be led to a model.

Run by `make contract`. The first run installs OpenClaw below .cache/contract, which takes some minutes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from compiler.targets.openclaw import TARGET
from tests.contract.conftest import Run, Verdict
from tests.contract.npm import PROJECT
from tests.plans import gateway_plan, laptop_plan
from tests.targets.openclaw_files import X, closed, config, emitted, in_a, merged, reaches


def compiled() -> list[tuple[str, bytes]]:
    """Files to try: the two sample Macs, and each distinct file that is compiled in this repository."""
    found = {emitted(gateway_plan()): "sample gateway", emitted(laptop_plan()): "sample laptop"}
    for file in sorted((PROJECT / "generated").glob("**/openclaw.json")):
        found.setdefault(file.read_bytes(), str(file.relative_to(PROJECT)))
    return [(name, content) for content, name in found.items()]


@pytest.mark.parametrize("content", [pytest.param(content, id=name) for name, content in compiled()])
def test_openclaw_takes_what_we_write(content: bytes, verdict: Verdict) -> None:
    answer = verdict(content)
    assert answer["valid"] is True, answer
    assert answer.get("issues", []) == []
    assert answer["warnings"] == []
    assert list(TARGET.check("openclaw.json", content)) == []


def test_openclaw_refuses_a_key_that_it_does_not_know(verdict: Verdict) -> None:
    answer = verdict(json.dumps({**config(gateway_plan()), "token_track": {"primary": "deepseek-v4-flash"}}).encode())
    assert answer["valid"] is False
    assert any("token_track" in issue["message"] for issue in answer["issues"])


#: Keys with such a name that list models or programs, or say which of them may be used, and choose none themselves.
CATALOGS = {
    "agents.defaults.models",
    "agents.entries.*.models",
    "agents.entries.*.tools.exec.applyPatch.allowModels",
    "models",
    "models.providers.*.models",
    "tools.exec.applyPatch.allowModels",
    "tools.links.models",
    "tools.media.models",
}
#: What must be so for a key to matter: the sample file has it otherwise.
MATTERS_IF: dict[str, dict[str, Any]] = {
    "agents.defaults.model": in_a({"model": None}),
    "agents.defaults.embeddedAgent.cyberFailover.model": in_a({"model": "openai/gpt"}),
    "agents.entries.*.memory.search.model": in_a({"memory": {"search": {"enabled": True}}}),
    "memory.search.model": {"memory": {"search": {"enabled": True}}},
}
MODEL_KEY = re.compile(r"(^m|M)odels?$")


def keys(schema: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every key of a JSON Schema with what is said about it; `*` for any name, `0` for any item."""
    if not isinstance(schema, dict):
        return
    for name, part in (schema.get("properties") or {}).items():
        yield (*path, name), part
        yield from keys(part, (*path, name))
    for word in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(word) or []:
            yield from keys(part, path)
    yield from keys(schema.get("additionalProperties"), (*path, "*"))
    items = schema.get("items")
    for part in items if isinstance(items, list) else [items]:
        yield from keys(part, (*path, "0"))


def types(schema: dict[str, Any]) -> set[str]:
    """The JSON types that a key may have."""
    parts = [part for word in ("anyOf", "oneOf", "allOf") for part in schema.get(word) or []]
    own = schema.get("type", [])
    return {own} if isinstance(own, str) else set(own).union(*(types(part) for part in parts))


def with_model(path: tuple[str, ...], schema: dict[str, Any]) -> dict[str, Any]:
    """The closed sample file with a foreign model at a path."""
    data = merged(closed(), json.loads(json.dumps(MATTERS_IF.get(".".join(path), {}))))
    node: Any = data
    steps = ["a" if path[:3] == ("agents", "entries", "*") and index == 2 else key for index, key in enumerate(path)]
    for key, following in zip(steps, [*steps[1:], None], strict=True):
        empty: Any = [{}] if following == "0" else {}
        if following is None:
            node[0 if isinstance(node, list) else key] = X if "string" in types(schema) else [X]
        elif isinstance(node, list):
            node = node[0]
        else:
            node = node.setdefault(key, empty)
    return data


def test_every_key_of_the_real_schema_that_names_a_model_is_read(openclaw: Run) -> None:
    done = openclaw("config", "schema")
    found = {path: part for path, part in keys(json.loads(done.stdout)) if MODEL_KEY.search(path[-1])}
    selectors = {
        path: part
        for path, part in found.items()
        if ".".join(path) not in CATALOGS and types(part) & {"string", "array"}
    }
    assert ("agents", "defaults", "compaction", "model") in selectors
    assert ("agents", "entries", "*", "utilityModel") in selectors
    unread = [
        ".".join(path)
        for path, part in selectors.items()
        if not any("evil/x" in reach.model for reach in reaches(with_model(path, part)))
    ]
    assert unread == []
