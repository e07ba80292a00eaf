"""Which models an openclaw.json lets each agent reach. It knows OpenClaw's rules and nothing of our template."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from compiler.targets import Reach
from compiler.targets.openclaw.address import Node, branch, dig, expand, media_object, model_of, texts, turn_object
from compiler.targets.openclaw.guarded import guarded
from compiler.targets.openclaw.shared import for_all
from compiler.targets.openclaw.ways import DEFAULTS, Way, chosen, for_agent

PATH = "openclaw.json"
#: The agent that OpenClaw runs when the file has none.
NAMELESS = "main"


def read(files: Mapping[str, bytes]) -> Iterator[Reach]:
    """Every model that an agent of the file can bring text to, with the key that opens the way.

    Global settings count for every agent, and so does what the guard may make of a turn. Comments (JSON5) are not
    understood and raise ValueError.
    """
    if PATH not in files:
        return
    root = json.loads(files[PATH])
    if not isinstance(root, dict):
        raise ValueError(f"{PATH} is no JSON object")
    agents = _agents(root)
    open_to_all = list(for_all(root))
    for name in agents:
        found: list[Reach] = []
        for way, owner in _ways(root, agents, name, open_to_all):
            reach = _reach(root, agents[owner], name, way)
            if reach not in found:
                found.append(reach)
        yield from found
    yield from guarded(root, files)


def _agents(root: Node) -> dict[str, Node]:
    """The file's agents by name: the map of today, the list of earlier versions, or the one that OpenClaw makes up."""
    entries = branch(root, "agents", "entries")
    if entries:
        return {name: entry if isinstance(entry, Mapping) else {} for name, entry in entries.items()}
    listed = dig(root, "agents", "list")
    if isinstance(listed, list) and listed:
        return {str(dig(entry, "id")): entry for entry in listed if isinstance(entry, Mapping)}
    only_a_client = dig(root, "gateway", "mode") == "remote" and dig(root, "agents", "defaults", "model") is None
    return {} if only_a_client else {NAMELESS: {}}


def _where(root: Node, name: str) -> str:
    """The path of an agent's entry."""
    return f"agents.entries.{name}" if "list" not in branch(root, "agents") else f"agents.list.{name}"


def _ways(root: Node, agents: Mapping[str, Node], name: str, open_to_all: list[Way]) -> Iterator[tuple[Way, str]]:
    """All ways of an agent, those of agents that it can hand text to included, each with the agent that calls."""
    reached = {name: ""}
    waiting = [name]
    while waiting:
        current = waiting.pop(0)
        for other, path in _handovers(root, agents, current):
            if other not in reached:
                reached[other] = f"{reached[current]}{path} > "
                waiting.append(other)
    for owner, prefix in reached.items():
        for way in (*for_agent(root, agents[owner], _where(root, owner)), *_ambient(root, agents, owner)):
            yield Way(prefix + way.path, way.name, way.kind), owner
    for way in open_to_all:
        yield way, name


def _ambient(root: Node, agents: Mapping[str, Node], name: str) -> Iterator[Way]:
    """The default model, for the agent that owns what OpenClaw does for nobody in particular."""
    owner = dig(root, "agents", "defaults", "systemAgent", "agentId")
    if owner == name or (owner is None and len(agents) == 1):
        yield from chosen(dig(root, "agents", "defaults", "model"), f"{DEFAULTS}.model")


def _handovers(root: Node, agents: Mapping[str, Node], name: str) -> Iterator[tuple[str, str]]:
    """Other agents that an agent can start or write to, with the key that lets it."""
    own = dig(agents[name], "subagents", "allowAgents")
    spawn = own if isinstance(own, list) else dig(root, "agents", "defaults", "subagents", "allowAgents")
    where = (
        f"{_where(root, name)}.subagents.allowAgents" if isinstance(own, list) else f"{DEFAULTS}.subagents.allowAgents"
    )
    for other in agents:
        if other == name:
            continue
        if {other, "*"} & set(texts(spawn)):
            yield other, where
        if _may_talk(root, name, other):
            yield other, "tools.agentToAgent"
        if _swarm(root, agents[name]) == other:
            yield other, "tools.swarm.defaultAgentId"


def _may_talk(root: Node, name: str, other: str) -> bool:
    """Whether sessions of two agents can write to each other. OpenClaw allows it unless the file says no."""
    policy = branch(root, "tools", "agentToAgent")
    if policy.get("enabled") is False or dig(root, "tools", "sessions", "visibility") in ("self", "tree", "agent"):
        return False
    patterns = texts(policy.get("allow"))
    return not patterns or all(any(_matches(each, pattern) for pattern in patterns) for each in (name, other))


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name.lower(), pattern.lower()) if "*" in pattern else name == pattern


def _swarm(root: Node, entry: Node) -> Any:
    """The agent that takes collected work, where that is not switched off."""
    for owner in (entry, root):
        swarm = dig(owner, "tools", "swarm")
        if swarm is False or dig(swarm, "enabled") is False:
            return None
    return dig(entry, "tools", "swarm", "defaultAgentId") or dig(root, "tools", "swarm", "defaultAgentId")


def _reach(root: Node, entry: Node, scenario: str, way: Way) -> Reach:
    """A way with its name resolved to the model that answers."""
    if way.kind == "final":
        return Reach(scenario, way.name, way.path, {})
    ref = expand(root, entry, way.name)
    body = turn_object(root, entry, ref) if way.kind == "turn" else media_object(root, ref)
    return Reach(scenario, model_of(root, ref), way.path, body)
