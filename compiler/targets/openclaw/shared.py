"""Ways to a model that an openclaw.json opens for all of its agents at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.targets.openclaw.address import Node, branch, dig, texts
from compiler.targets.openclaw.ways import DEFAULTS, Way, chosen


def for_all(root: Node) -> Iterator[Way]:
    """Every way that no single agent owns; each is held against every agent."""
    yield from _seats(root)
    yield from _media(root)
    yield from _voice(root)
    yield from _hooks(root)
    yield from _outside(root)
    yield from _plugins(root)
    yield from _mentions(branch(root, "channels"), "channels", wide=False)
    yield from _includes(root, "")


def _seats(root: Node) -> Iterator[Way]:
    """The global model settings."""
    defaults = branch(root, "agents", "defaults")
    for name in ("imageModel", "pdfModel", "voiceModel"):
        yield from chosen(defaults.get(name), f"{DEFAULTS}.{name}", "media")
    for kind in ("image", "video", "music"):
        yield from chosen(dig(defaults, "mediaModels", kind), f"{DEFAULTS}.mediaModels.{kind}", "media")
    compaction = branch(defaults, "compaction")
    yield from chosen(compaction.get("model"), f"{DEFAULTS}.compaction.model")
    yield from chosen(dig(compaction, "memoryFlush", "model"), f"{DEFAULTS}.compaction.memoryFlush.model")
    if isinstance(compaction.get("provider"), str):
        yield Way(f"{DEFAULTS}.compaction.provider", f"plugin:{compaction['provider']}", "final")


def _items(value: Any) -> list[tuple[int, Any]]:
    return list(enumerate(value)) if isinstance(value, list) else []


def _media(root: Node) -> Iterator[Way]:
    """Models and programs that look at attachments and links."""
    media = branch(root, "tools", "media")
    for index, each in _items(media.get("models")):
        path = f"tools.media.models[{index}]"
        url, model = dig(each, "baseUrl"), dig(each, "model") or "*"
        if dig(each, "type") == "cli" or isinstance(dig(each, "command"), str):
            yield Way(f"{path}.command", f"cli:{dig(each, 'command')}", "final")
        elif isinstance(url, str):
            yield Way(f"{path}.baseUrl", f"{url}!{model}", "final")
        else:
            yield Way(f"{path}.model", f"{dig(each, 'provider') or '*'}/{model}", "media")
    for kind in ("image", "audio", "video"):
        yield from chosen(dig(media, kind, "preferredModel"), f"tools.media.{kind}.preferredModel", "media")
        if isinstance(dig(media, kind, "baseUrl"), str):
            yield Way(f"tools.media.{kind}.baseUrl", f"{dig(media, kind, 'baseUrl')}!*", "final")
    for index, each in _items(dig(root, "tools", "links", "models")):
        yield Way(f"tools.links.models[{index}].command", f"cli:{dig(each, 'command')}", "final")


def _voice(root: Node) -> Iterator[Way]:
    """Services that hear or transcribe."""
    talk = branch(root, "talk")
    if isinstance(talk.get("provider"), str):
        yield Way("talk.provider", f"{talk['provider']}/*")
    realtime = branch(talk, "realtime")
    if realtime.get("provider") or realtime.get("model"):
        yield Way("talk.realtime.model", f"{realtime.get('provider') or '*'}/{realtime.get('model') or '*'}")
    for index, each in _items(dig(root, "transcripts", "autoStart")):
        if isinstance(dig(each, "providerId"), str):
            yield Way(f"transcripts.autoStart[{index}].providerId", f"{dig(each, 'providerId')}/*")


def _hooks(root: Node) -> Iterator[Way]:
    """Models of web hooks and mail."""
    for index, mapping in _items(dig(root, "hooks", "mappings")):
        yield from chosen(dig(mapping, "model"), f"hooks.mappings[{index}].model")
    yield from chosen(dig(root, "hooks", "gmail", "model"), "hooks.gmail.model")


def _outside(root: Node) -> Iterator[Way]:
    """Agents of other makers, and pages read by a service."""
    acp = branch(root, "acp")
    if acp.get("enabled") is not False:
        names = [("defaultAgent", acp.get("defaultAgent")), ("backend", acp.get("backend"))]
        names += [
            (f"{key}[{index}]", name) for key in ("fallbacks", "allowedAgents") for index, name in _items(acp.get(key))
        ]
        for key, name in names:
            if isinstance(name, str):
                yield Way(f"acp.{key}", f"acp:{name}", "final")
        for index, binding in _items(root.get("bindings")):
            if isinstance(dig(binding, "acp"), dict):
                backend = dig(binding, "acp", "backend") or "*"
                yield Way(f"bindings[{index}].acp.backend", f"acp:{backend}", "final")
    reader = dig(root, "tools", "web", "fetch", "provider")
    if isinstance(reader, str):
        yield Way("tools.web.fetch.provider", f"service:{reader}", "final")


def _plugins(root: Node) -> Iterator[Way]:
    """Models that plugins are configured with, or may ask for."""
    for name, plugin in branch(root, "plugins", "entries").items():
        path = f"plugins.entries.{name}"
        if dig(plugin, "enabled") is False:
            continue
        yield from _mentions(branch(plugin, "config"), f"{path}.config", wide=True)
        for part in ("llm", "subagent"):
            allowed = [*texts(dig(plugin, part, "allowedModels")), *texts(dig(plugin, part, "allowedCompletionModels"))]
            if dig(plugin, part, "allowModelOverride") is True and not allowed:
                yield Way(f"{path}.{part}.allowModelOverride", "*", "final")
            for model in allowed:
                yield Way(f"{path}.{part}.allowedModels", model)


def _mentions(node: Any, path: str, *, wide: bool) -> Iterator[Way]:
    """Models anywhere below a free-form key: by the names that OpenClaw's channels use, or `wide`, by any such name."""
    for index, each in _items(node):
        yield from _mentions(each, f"{path}[{index}]", wide=wide)
    if not isinstance(node, dict):
        return
    for name, value in node.items():
        here = f"{path}.{name}"
        if name == "modelByChannel":
            for channel, targets in branch(node, name).items():
                for target, model in branch(node, name, channel).items() if isinstance(targets, dict) else ():
                    yield from chosen(model, f"{here}.{channel}.{target}")
        elif name.endswith(("model", "Model")) or (wide and "model" in name.lower()):
            yield from chosen(value, here)
            for index, model in enumerate(texts(value)):
                yield Way(f"{here}[{index}]", model)
        else:
            yield from _mentions(value, here, wide=wide)


def _includes(node: Any, path: str) -> Iterator[Way]:
    """Another file's content, which is not in sight here and may say anything."""
    if isinstance(node, dict):
        for name, value in node.items():
            here = f"{path}.{name}" if path else name
            if name == "$include":
                yield Way(here, "*", "final")
            else:
                yield from _includes(value, here)
    for index, value in _items(node):
        yield from _includes(value, f"{path}[{index}]")
