"""What is wrong with an openclaw.json: its form, and what OpenClaw takes without a word although it cannot work."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from compiler.guard.check import check as guard_problems
from compiler.redact import SECRET

#: The files that we write, and the JSON Schema of each.
SCHEMAS = {"openclaw.json": "openclaw.schema.json", "policy.jsonc": "policy.schema.json"}


def check(path: str, content: bytes) -> Iterator[str]:
    """One sentence for each problem of the file; no sentence quotes a value, which might be a secret."""
    name = path.rpartition("/")[2]
    if name == "guard.json":
        yield from guard_problems(content)
    if name == "AGENTS.md":
        yield from _instructions(content)
    if name not in SCHEMAS:
        return
    try:
        data = _parse(_uncommented(content) if name == "policy.jsonc" else content)
    except ValueError as error:
        yield f"not the JSON that OpenClaw shall get: {error}"
        return
    yield from _literal_secrets(data, "")
    problems = sorted(_validator(SCHEMAS[name]).iter_errors(data), key=lambda each: each.json_path)
    yield from map(_sentence, problems)
    if not problems:
        yield from _scopes(data) if name == "policy.jsonc" else _contradictions(data)


def _instructions(content: bytes) -> Iterator[str]:
    """Instructions go to a model with every turn, so they must be text, and say what they ask for."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        yield f"not UTF-8 at byte {error.start}"
        return
    if SECRET.search(text):
        yield "the text looks like a credential"
    if not re.search(r"a word that matches `.+`", text):
        yield "it does not say which ticket to ask for"


def _contradictions(data: dict[str, Any]) -> Iterator[str]:
    """What a schema cannot say of an openclaw.json."""
    yield from _references(data)
    yield from _allow_lists(data)
    yield from _seats(data)
    yield from _variables(data)


def _parse(content: bytes) -> Any:
    """The data; duplicate keys and numbers that JSON does not know are errors."""
    text = content.decode("utf-8")
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=Decimal)


def _uncommented(content: bytes) -> bytes:
    """A policy.jsonc without the comments at its top; we write none elsewhere."""
    return re.sub(rb"\A(?://[^\n]*\n)+", b"", content)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} stands twice")
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON number")


@cache
def _validator(name: str) -> Draft202012Validator:
    schema = json.loads(files(__package__ or "").joinpath(name).read_text("utf-8"))
    return Draft202012Validator(schema)


def _sentence(error: ValidationError) -> str:
    """What the schema wanted. Only messages that tell keys and no values are jsonschema's own."""
    if error.validator in ("additionalProperties", "required"):
        return f"{error.json_path}: {error.message}"
    return f"{error.json_path}: does not satisfy {error.validator} {json.dumps(error.validator_value)[:120]}"


def _literal_secrets(node: Any, path: str) -> Iterator[str]:
    """Credentials that stand in the file itself, as a value or as a key."""
    if isinstance(node, dict):
        for name, value in node.items():
            if SECRET.search(name):
                yield f"{path or 'the file'}: a key looks like a credential"
                continue
            here = f"{path}.{name}" if path else name
            if name in ("apiKey", "token", "password") and isinstance(value, str):
                yield f"{here}: the credential stands in the file; name the environment variable that holds it"
            else:
                yield from _literal_secrets(value, here)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _literal_secrets(value, f"{path}[{index}]")
    elif isinstance(node, str) and SECRET.search(node):
        yield f"{path}: the text looks like a credential"


def _selection(value: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    yield f"{path}.primary", value["primary"]
    for index, ref in enumerate(value["fallbacks"]):
        yield f"{path}.fallbacks[{index}]", ref


def _agent_refs(agent: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    yield from _selection(agent["model"], f"{path}.model")
    yield from _selection(agent["subagents"]["model"], f"{path}.subagents.model")
    for index, ref in enumerate(agent["modelPolicy"]["allow"]):
        yield f"{path}.modelPolicy.allow[{index}]", ref
    for ref in agent["models"]:
        yield f"{path}.models", ref


def _all_refs(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every place that names a model of a provider."""
    agents = data.get("agents")
    if agents:
        defaults = agents["defaults"]
        yield from _agent_refs(defaults, "agents.defaults")
        for seat in ("imageModel", "pdfModel"):
            if seat in defaults:
                yield from _selection(defaults[seat], f"agents.defaults.{seat}")
        compaction = defaults["compaction"]
        for holder, path in ((compaction, "compaction"), (compaction["memoryFlush"], "compaction.memoryFlush")):
            if "model" in holder:
                yield f"agents.defaults.{path}.model", holder["model"]
        for name, agent in agents["entries"].items():
            yield from _agent_refs(agent, f"agents.entries.{name}")
    for ref in data["tools"]["byProvider"]:
        yield "tools.byProvider", ref


def _references(data: dict[str, Any]) -> Iterator[str]:
    """OpenClaw takes a model that no provider has, and asks its own choice of model instead."""
    known = {
        f"{name}/{row['id']}" for name, provider in data["models"]["providers"].items() for row in provider["models"]
    }
    for path, ref in _all_refs(data):
        if "*" in ref:
            yield f"{path}: {ref!r} is a pattern; name the models one by one"
        elif ref not in known:
            yield f"{path}: {ref!r} is no model of a provider in this file"


def _allow_lists(data: dict[str, Any]) -> Iterator[str]:
    """OpenClaw does not hold fallbacks against the allow list: the list must be the whole truth."""
    for name, agent in data.get("agents", {}).get("entries", {}).items():
        allowed = set(agent["modelPolicy"]["allow"])
        used = {
            ref
            for selection in (agent["model"], agent["subagents"]["model"])
            for ref in (selection["primary"], *selection["fallbacks"])
        }
        for ref in sorted(used - allowed):
            yield f"agents.entries.{name}.modelPolicy.allow: lacks {ref!r}, which the agent uses"
        for ref in sorted(allowed - used):
            yield f"agents.entries.{name}.modelPolicy.allow: has {ref!r}, which is not in the agent's route"


def _seats(data: dict[str, Any]) -> Iterator[str]:
    """A seat for an agent that does not exist stays empty, and OpenClaw fills it as it likes."""
    agents = data.get("agents")
    if not agents:
        return
    for seat in ("systemAgent", "heartbeat"):
        name = agents["defaults"].get(seat, {}).get("agentId")
        if name is not None and name not in agents["entries"]:
            yield f"agents.defaults.{seat}.agentId: {name!r} is no agent in this file"


def _variables(data: dict[str, Any]) -> Iterator[str]:
    """The allow list of environment variables is exactly what the file refers to."""
    gateway = data["gateway"]
    holders = [provider.get("apiKey") for provider in data["models"]["providers"].values()]
    holders.append(gateway["remote"]["token"] if gateway["mode"] == "remote" else gateway["auth"]["token"])
    used = {holder["id"] for holder in holders if holder}
    allowed = set(data["secrets"]["providers"]["default"]["allowlist"])
    for name in sorted(used - allowed):
        yield f"secrets.providers.default.allowlist: lacks {name}, which the file refers to"
    for name in sorted(allowed - used):
        yield f"secrets.providers.default.allowlist: has {name}, which nothing refers to"


def _scopes(data: dict[str, Any]) -> Iterator[str]:
    """OpenClaw takes no rule of the whole file where a scope is weaker than the rule for all."""
    for name, scope in data["scopes"].items():
        for tool in sorted(set(data["tools"]["denyTools"]) - set(scope["tools"]["denyTools"])):
            yield f"scopes.{name}.tools.denyTools: lacks {tool!r}, which all agents are denied"
