"""From a name in an openclaw.json to the model that answers, and to the `provider` object that goes along."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

Node = Mapping[str, Any]

#: Providers that OpenClaw knows without a `baseUrl` in the file, as far as the address matters here.
_BUILT_IN = {"openrouter": "https://openrouter.ai/api/v1"}
_EXTRA_BODY = ("extra_body", "extraBody")


def dig(node: Any, *keys: str) -> Any:
    """What lies below `keys`, or None where the way ends."""
    for key in keys:
        if not isinstance(node, Mapping):
            return None
        node = node.get(key)
    return node


def branch(node: Any, *keys: str) -> Node:
    """The object below `keys`; an empty one where there is none."""
    found = dig(node, *keys)
    return found if isinstance(found, Mapping) else {}


def texts(value: Any) -> list[str]:
    """The texts of a list, or nothing."""
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def provider_of(root: Node, name: str) -> Node | None:
    """A provider of the file; OpenClaw does not look at the case of its name."""
    for key, value in branch(root, "models", "providers").items():
        if key.strip().lower() == name.strip().lower() and isinstance(value, Mapping):
            return value
    return None


def rows(provider: Node | None) -> list[Node]:
    """The models that a provider lists."""
    listed = dig(provider, "models")
    return [row for row in listed if isinstance(row, Mapping)] if isinstance(listed, list) else []


def row_of(root: Node, ref: str) -> Node:
    """What the file says about one model; an empty object if it says nothing."""
    name, _, identifier = ref.partition("/")
    return next((row for row in rows(provider_of(root, name)) if row.get("id") == identifier), {})


def expand(root: Node, entry: Node, name: str) -> str:
    """The full reference behind an alias, a bare model id, or a reference with a credential profile."""
    trimmed = name.strip()
    known = {**branch(root, "agents", "defaults", "models"), **branch(entry, "models")}
    for candidate in (trimmed, trimmed.rpartition("@")[0]):
        if candidate in known or row_of(root, candidate):
            return candidate
        for ref, settings in known.items():
            if candidate and str(dig(settings, "alias") or "").lower() == candidate.lower():
                return ref
    if "/" not in trimmed:
        owners = [
            key
            for key, provider in branch(root, "models", "providers").items()
            if any(row.get("id") == trimmed for row in rows(provider))
        ]
        return f"{owners[0]}/{trimmed}" if len(owners) == 1 else trimmed
    return trimmed


def model_of(root: Node, ref: str) -> str:
    """The model that a full reference or a pattern such as `openrouter/*` leads to."""
    if "${" in ref:
        return "*"  # the environment decides
    name, slash, identifier = ref.partition("/")
    provider = provider_of(root, name)
    url = str(row_of(root, ref).get("baseUrl") or dig(provider, "baseUrl") or _BUILT_IN.get(name.lower(), ""))
    if not slash or not url:
        return ref
    if is_openrouter(url):
        bare = "/" not in identifier and name.lower() == "openrouter" and "*" not in identifier
        return f"openrouter/{identifier}" if bare else identifier
    return f"mlx/{identifier}" if is_loopback(url) else f"{url}!{identifier}"


def is_openrouter(url: str) -> bool:
    """Whether a base URL is OpenRouter's own."""
    parts = urlsplit(url)
    return parts.scheme == "https" and (parts.hostname or "") == "openrouter.ai"


def is_loopback(url: str) -> bool:
    """Whether a base URL stays on the machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def turn_object(root: Node, entry: Node, ref: str) -> Node:
    """The `provider` object of a call in an agent's turn.

    Of the four places for parameters the last one that has an extra body wins with its whole body. Without an extra
    body only the provider named `openrouter` at its own address sends an object, merged key by key.
    """
    defaults = branch(root, "agents", "defaults")
    layers = [
        branch(defaults, "params"),
        branch(defaults, "models", ref, "params"),
        branch(entry, "models", ref, "params"),
        branch(entry, "params"),
    ]
    name = ref.partition("/")[0]
    provider, row = provider_of(root, name), row_of(root, ref)
    api = row.get("api") or dig(provider, "api") or "openai-completions"
    bodies = [layer[key] for layer in layers for key in reversed(_EXTRA_BODY) if key in layer]
    if bodies and api == "openai-completions" and isinstance(dig(bodies[-1], "provider"), Mapping):
        return branch(bodies[-1], "provider")
    url = str(row.get("baseUrl") or dig(provider, "baseUrl") or _BUILT_IN["openrouter"])
    if name.lower() != "openrouter" or not is_openrouter(url):
        return {}
    last: Any = next((layer["provider"] for layer in reversed(layers) if "provider" in layer), {})
    return {
        **branch(provider, "params", "provider"),
        **branch(row, "params", "provider"),
        **(last if isinstance(last, Mapping) else {}),
    }


def media_object(root: Node, ref: str) -> Node:
    """The `provider` object of a call about a picture or a document: these calls know no agent's parameters."""
    return branch(row_of(root, ref), "compat", "openRouterRouting")
