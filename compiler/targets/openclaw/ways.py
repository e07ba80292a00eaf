"""All ways in which an openclaw.json can bring text to a model: every key of OpenClaw's schema that names one.

A key that is not there is a way as well where OpenClaw then makes a choice of its own; such a way leads to `*`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from compiler.targets.openclaw.address import Node, branch, dig, expand, row_of, texts

DEFAULTS = "agents.defaults"


@dataclass(frozen=True, slots=True)
class Way:
    """A name of a model and where it stands.

    `turn` names are called with an agent's parameters, `media` names are not, and `final` names are no references
    but addresses already: patterns, models that an extra body puts on the wire, things outside OpenClaw.
    """

    path: str
    name: str
    kind: Literal["turn", "media", "final"] = "turn"


def chosen(value: Any, path: str, kind: Literal["turn", "media"] = "turn") -> Iterator[Way]:
    """The models of a selection, which is a name or an object with a primary and fallbacks."""
    if isinstance(value, str) and value.strip():
        yield Way(path, value, kind)
    primary = dig(value, "primary")
    if isinstance(primary, str) and primary.strip():
        yield Way(f"{path}.primary", primary, kind)
    listed = dig(value, "fallbacks")
    for index, name in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(name, str):
            yield Way(f"{path}.fallbacks[{index}]", name, kind)


def _has_primary(value: Any) -> bool:
    return bool(value if isinstance(value, str) else dig(value, "primary"))


def route(root: Node, entry: Node, path: str) -> Iterator[Way]:
    """An agent's own models, with what it inherits from the defaults."""
    own, base = entry.get("model"), dig(root, "agents", "defaults", "model")
    inherited = list(chosen(base, f"{DEFAULTS}.model"))
    spare = [way for way in inherited if ".fallbacks[" in way.path]
    yield from chosen(own, f"{path}.model")
    if not _has_primary(own):
        yield from (way for way in inherited if way not in spare)
        if not _has_primary(base):
            yield Way(f"{DEFAULTS}.model", "*", "final")
    if dig(own, "fallbacks") is None:
        # strict in a session, but a cron job of an agent without fallbacks takes those of the defaults
        yield from spare


def for_agent(root: Node, entry: Node, path: str) -> Iterator[Way]:
    """Every way of one agent that does not leave it for another agent."""
    yield from route(root, entry, path)
    yield from _subagents(root, entry, path)
    yield from _single(root, entry, path)
    yield from _allowed(root, entry, path)
    yield from _memory(root, entry, path)
    yield from _parameters(root, entry, path)
    yield from _runtimes(root, entry, path)
    yield from _unset(root, entry, path)


def _subagents(root: Node, entry: Node, path: str) -> Iterator[Way]:
    own, base = dig(entry, "subagents", "model"), dig(root, "agents", "defaults", "subagents", "model")
    yield from chosen(own, f"{path}.subagents.model")
    for way in chosen(base, f"{DEFAULTS}.subagents.model"):
        needed = dig(own, "fallbacks") is None if ".fallbacks[" in way.path else not _has_primary(own)
        if needed:
            yield way


def _single(root: Node, entry: Node, path: str) -> Iterator[Way]:
    """Settings that an agent's entry replaces as a whole, each with where the shared one stands."""
    defaults = branch(root, "agents", "defaults")
    for own, own_path, base, base_path in (
        (entry.get("utilityModel"), "utilityModel", defaults.get("utilityModel"), f"{DEFAULTS}.utilityModel"),
        (entry.get("decisionModel"), "decisionModel", defaults.get("decisionModel"), f"{DEFAULTS}.decisionModel"),
        (
            dig(entry, "heartbeat", "model"), "heartbeat.model",
            dig(defaults, "heartbeat", "model"), f"{DEFAULTS}.heartbeat.model",
        ),
        (
            dig(entry, "tools", "exec", "reviewer", "model"), "tools.exec.reviewer.model",
            dig(root, "tools", "exec", "reviewer", "model"), "tools.exec.reviewer.model",
        ),
        (dig(entry, "tts", "summaryModel"), "tts.summaryModel", dig(root, "tts", "summaryModel"), "tts.summaryModel"),
    ):  # fmt: skip
        yield from chosen(base, base_path) if own is None else chosen(own, f"{path}.{own_path}")
    for owner, where in ((entry, f"{path}."), (root, "")):
        yield from _speech(branch(owner, "tts"), f"{where}tts")
    if dig(entry, "runtime", "type") == "acp":
        yield Way(f"{path}.runtime.acp.agent", f"acp:{dig(entry, 'runtime', 'acp', 'agent') or '*'}", "final")


def _speech(tts: Node, path: str) -> Iterator[Way]:
    """Services that get text to speak."""
    if isinstance(tts.get("provider"), str):
        yield Way(f"{path}.provider", f"{tts['provider']}/*")
    for name, persona in branch(tts, "personas").items():
        if isinstance(dig(persona, "provider"), str):
            yield Way(f"{path}.personas.{name}.provider", f"{dig(persona, 'provider')}/*")


def _allowed(root: Node, entry: Node, path: str) -> Iterator[Way]:
    """What a person or a request may choose instead; without a list, everything."""
    own = "modelPolicy" in entry
    policy = branch(entry, "modelPolicy") if own else branch(root, "agents", "defaults", "modelPolicy")
    where = f"{path if own else DEFAULTS}.modelPolicy.allow"
    names = texts(policy.get("allow"))
    if not names:
        yield Way(where, "*", "final")
    for index, name in enumerate(names):
        yield Way(f"{where}[{index}]", name)


def _memory(root: Node, entry: Node, path: str) -> Iterator[Way]:
    """Embeddings for memory search, which is on unless the file says no."""
    own, base = branch(entry, "memory", "search"), branch(root, "memory", "search")
    search = {**base, **own}
    where = f"{path}.memory.search" if own else "memory.search"
    if search.get("enabled") is False:
        return
    provider, model = search.get("provider") or "openai", search.get("model") or "*"
    url = dig(search, "remote", "baseUrl")
    if provider != "local":
        yield Way(f"{where}.provider", f"{url}!{model}" if url else f"{provider}/{model}", "final" if url else "turn")
    spare = search.get("fallback")
    if isinstance(spare, str) and spare not in ("none", "local"):
        yield Way(f"{where}.fallback", f"{spare}/*")


def _parameters(root: Node, entry: Node, path: str) -> Iterator[Way]:
    """Request parameters can put another model on the wire than the one that was chosen."""
    for owner, where in ((branch(root, "agents", "defaults"), DEFAULTS), (entry, path)):
        yield from _bodies(branch(owner, "params"), f"{where}.params")
        for ref in branch(owner, "models"):
            yield from _bodies(branch(owner, "models", ref, "params"), f"{where}.models.{ref}.params")


def _bodies(params: Node, path: str) -> Iterator[Way]:
    for key in ("extra_body", "extraBody"):
        body = branch(params, key)
        yield from _named(body, f"{path}.{key}")
        plugins = body.get("plugins")
        for index, plugin in enumerate(plugins if isinstance(plugins, list) else []):
            yield from _named(plugin, f"{path}.{key}.plugins[{index}]")
    yield from _named(params, path)


def _named(node: Any, path: str) -> Iterator[Way]:
    """The models that OpenRouter reads from a request besides `model` itself."""
    if isinstance(dig(node, "model"), str):
        yield Way(f"{path}.model", node["model"], "final")
    for key in ("models", "analysis_models"):
        for index, name in enumerate(texts(dig(node, key))):
            yield Way(f"{path}.{key}[{index}]", name, "final")


def _runtimes(root: Node, entry: Node, path: str) -> Iterator[Way]:
    """Programs that take a turn over with a model access of their own."""
    settings = [
        *((f"{DEFAULTS}.models.{ref}", node) for ref, node in branch(root, "agents", "defaults", "models").items()),
        *((f"{path}.models.{ref}", node) for ref, node in branch(entry, "models").items()),
    ]
    for name, provider in branch(root, "models", "providers").items():
        settings.append((f"models.providers.{name}", provider))
        listed = dig(provider, "models")
        rows = listed if isinstance(listed, list) else []
        settings += [(f"models.providers.{name}.models[{index}]", row) for index, row in enumerate(rows)]
    for where, node in settings:
        runtime = dig(node, "agentRuntime", "id")
        if isinstance(runtime, str) and runtime not in ("openclaw", "auto"):
            yield Way(f"{where}.agentRuntime.id", f"runtime:{runtime}", "final")


def _unset(root: Node, entry: Node, path: str) -> Iterator[Way]:
    """What OpenClaw chooses by itself: helpers for eyes, ears and drawing, and the small model of a known vendor."""
    defaults = branch(root, "agents", "defaults")
    own = [expand(root, entry, way.name) for way in route(root, entry, path) if way.kind == "turn"]
    sees = bool(own) and all("image" in texts(row_of(root, name).get("input")) for name in own)
    image = _has_any(defaults.get("imageModel"))
    if not image and not sees and (_usable(root, entry, "view_image") or _listens(root, "image")):
        yield Way(f"{DEFAULTS}.imageModel", "*", "final")
    if not image and not _has_any(defaults.get("pdfModel")) and _usable(root, entry, "pdf"):
        yield Way(f"{DEFAULTS}.pdfModel", "*", "final")
    for kind in ("image", "video", "music"):
        if not _has_any(dig(defaults, "mediaModels", kind)) and _usable(root, entry, f"{kind}_generate"):
            yield Way(f"{DEFAULTS}.mediaModels.{kind}", "*", "final")
    for kind in ("audio", "video"):
        if _listens(root, kind):
            yield Way(f"tools.media.{kind}", "*", "final")
    if _usable(root, entry, "web_search") and dig(root, "tools", "web", "search", "enabled") is not False:
        yield Way("tools.web.search.provider", f"{dig(root, 'tools', 'web', 'search', 'provider') or '*'}", "final")
    if entry.get("utilityModel", defaults.get("utilityModel")) is None:
        for vendor in dict.fromkeys(name.partition("/")[0] for name in own):
            if vendor not in branch(root, "models", "providers"):
                yield Way(f"{DEFAULTS}.utilityModel", f"{vendor}/*")
    if dig(defaults, "embeddedAgent", "cyberFailover", "mode") != "off" and any(n.startswith("openai/") for n in own):
        target = dig(defaults, "embeddedAgent", "cyberFailover", "model") or "openai/gpt-daybreak-blue-latest"
        yield Way(f"{DEFAULTS}.embeddedAgent.cyberFailover.model", target)


def _has_any(value: Any) -> bool:
    return next(chosen(value, ""), None) is not None


def _listens(root: Node, kind: str) -> bool:
    """Whether OpenClaw looks at media of a kind before the agent's turn; without a model it takes any that it finds."""
    return dig(root, "tools", "media", kind, "enabled") is not False


def _usable(root: Node, entry: Node, tool: str) -> bool:
    """Whether an agent may use a tool. Allow lists of groups and profiles count as allowed: better one way too many."""
    for policy in (branch(root, "tools"), branch(entry, "tools")):
        if {tool, "*"} & set(texts(policy.get("deny"))):
            return False
        allowed = texts(policy.get("allow"))
        if allowed and not {tool, "*"} & set(allowed) and not any(name.startswith("group:") for name in allowed):
            return False
    return True
