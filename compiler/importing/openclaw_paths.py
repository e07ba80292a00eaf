"""Which ways of an openclaw.json a route can hold, and what of the file is left open or has no place in policies."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import simplejson

from compiler.importing.found import Left
from compiler.targets.openclaw.address import Node, branch, dig, texts
from compiler.targets.openclaw.ways import DEFAULTS

#: Key of agents.defaults → the seat that holds it.
SEATS: Mapping[str, str] = {
    f"{DEFAULTS}.imageModel": "image",
    f"{DEFAULTS}.pdfModel": "pdf",
    f"{DEFAULTS}.compaction.model": "compaction",
    f"{DEFAULTS}.compaction.memoryFlush.model": "compaction",
}
#: Settings that name a model and have neither a route nor a seat, without `agents.defaults` or the agent in front.
_PLACELESS = (
    "voiceModel", "mediaModels", "memory", "tts", "tools.media", "tools.links", "tools.web", "talk", "transcripts",
    "hooks", "acp", "bindings", "plugins", "channels", "runtime", "embeddedAgent", "compaction.provider", "models.",
)  # fmt: skip
#: What a route, a seat or the compiler itself takes care of.
_DEFAULTS_CARRIED = frozenset({
    "model", "models", "modelPolicy", "imageModel", "pdfModel", "compaction", "heartbeat", "subagents", "systemAgent",
    "utilityModel", "decisionModel", "params", "mediaModels", "voiceModel", "embeddedAgent", "workspace",
})  # fmt: skip
_ENTRY_CARRIED = frozenset({
    "id", "name", "default", "model", "models", "modelPolicy", "heartbeat", "subagents", "utilityModel",
    "decisionModel", "params", "workspace",
})  # fmt: skip
_WHY: Mapping[str, str] = {
    "acp": "agents of other makers bring models of their own",
    "auth": "credentials live in each Mac's environment",
    "bindings": "who is answered by which agent is no route: bind the scenarios' agents again",
    "channels": "where messages come from is no route",
    "cron": "jobs of OpenClaw are settled on the Mac; jobs of the fleet are launchd's",
    "env": "variables live in each Mac's environment",
    "gateway": "the compiler writes its own: loopback, a token from the environment",
    "hooks": "web hooks and the models that they name are settled on the Mac",
    "memory": "memory search sends text to an embedding model, so the compiler switches it off",
    "plugins": "the compiler allows a fixed list of bundled plugins",
    "secrets": "the compiler writes its own: names of environment variables",
    "skills": "skills are settled on the Mac",
    "talk": "voices are models outside every route",
    "tools": "the compiler denies the tools that ask models outside the route",
    "tts": "voices are models outside every route",
}
_ROOT_CARRIED = frozenset({"agents", "models", "meta", "wizard", "$schema"})


def closed(root: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the file without what it leaves open between agents: only named sub-agents count as wanted."""
    copy: dict[str, Any] = simplejson.loads(simplejson.dumps(root, use_decimal=True), use_decimal=True)
    tools = copy["tools"] = dict(branch(copy, "tools"))
    tools["agentToAgent"] = {"enabled": False}
    tools["swarm"] = {"enabled": False}
    entries = [*entries_of(copy).values(), branch(copy, "agents", "defaults")]
    for entry in entries:
        subagents = dig(entry, "subagents")
        if isinstance(subagents, dict) and isinstance(subagents.get("allowAgents"), list):
            subagents["allowAgents"] = [name for name in texts(subagents["allowAgents"]) if name != "*"]
    return copy


def entries_of(root: Node) -> dict[str, Node]:
    """The file's agents: today's map, the list of earlier versions, or the one that OpenClaw makes up."""
    entries = branch(root, "agents", "entries")
    if entries:
        return {name: entry if isinstance(entry, Mapping) else {} for name, entry in entries.items()}
    listed = dig(root, "agents", "list")
    if isinstance(listed, list) and listed:
        return {str(dig(entry, "id")): entry for entry in listed if isinstance(entry, Mapping)}
    return {"main": {}} if dig(root, "agents", "defaults", "model") is not None else {}


def where(root: Node, name: str) -> str:
    """The key of an agent's entry, as the readers of OpenClaw's file write it."""
    return f"agents.list.{name}" if "list" in branch(root, "agents") else f"agents.entries.{name}"


def last_leg(path: str) -> str:
    """A reader's path without the sub-agents on the way to it."""
    return path.rpartition(" > ")[2]


def has_place(path: str, agents: Collection[str]) -> bool:
    """Whether a route or a seat can hold the way at `path`."""
    path = last_leg(path)
    fronts = [f"agents.{kind}.{name}." for kind in ("entries", "list") for name in agents]
    front = max((front for front in (*fronts, f"{DEFAULTS}.") if path.startswith(front)), key=len, default="")
    return not path[len(front) :].startswith(_PLACELESS)


def without_place(root: Node) -> Iterator[Left]:
    """Keys that no policy holds. Their values are nobody's business here: some are secrets."""
    for key in sorted(root.keys() - _ROOT_CARRIED):
        yield Left(key, _WHY.get(key, "no policy holds it"))
    defaults = branch(root, "agents", "defaults")
    for key in sorted(defaults.keys() - _DEFAULTS_CARRIED):
        yield Left(f"{DEFAULTS}.{key}", "no policy holds it")
    for name in sorted(branch(root, "models", "providers")):
        headers = dig(root, "models", "providers", name, "headers")
        if headers:
            yield Left(f"models.providers.{name}.headers", "headers may hold credentials")
    aliases = sorted(ref for ref, each in branch(defaults, "models").items() if dig(each, "alias"))
    if aliases:
        yield Left(f"{DEFAULTS}.models.*.alias", f"{len(aliases)} short names; policies write slugs out")


def left_of_entry(entry: Node) -> tuple[str, ...]:
    """Keys of one agent that no policy holds."""
    return tuple(sorted(entry.keys() - _ENTRY_CARRIED))


def left_open(root: Node, entry: Node) -> Iterator[str]:
    """What the file lets an agent reach without naming it; a scenario reaches its route and nothing else."""
    own = "modelPolicy" in entry
    allowed = texts((branch(entry, "modelPolicy") if own else branch(root, "agents", "defaults", "modelPolicy")).get(
        "allow"
    ))  # fmt: skip
    if not allowed:
        yield "no modelPolicy.allow: any model could be chosen. Narrowed to the route"
    if patterns := [name for name in allowed if "*" in name]:
        yield f"modelPolicy.allow had {', '.join(patterns)}. Narrowed to the route"
    spawn = dig(entry, "subagents", "allowAgents")
    base = dig(root, "agents", "defaults", "subagents", "allowAgents")
    if "*" in texts(spawn if isinstance(spawn, list) else base):
        yield "subagents.allowAgents had *: every agent could be started. A scenario starts none of another's"
