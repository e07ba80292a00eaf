"""What an openclaw.json tells of prices, of the MLX server, of which key pays, and of the heartbeat."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from compiler.importing.found import Mlx, Prices
from compiler.importing.openclaw_paths import entries_of, where
from compiler.plan import MLX_PREFIX, Track
from compiler.policy.types import MODEL_PATTERN
from compiler.targets.openclaw.address import Node, branch, dig, is_openrouter, model_of, provider_of, row_of, rows
from compiler.targets.openclaw.ways import DEFAULTS, Way, chosen

_CONTEXT_TOKENS = 32768
_PORT = 8080
_PORTS = range(1024, 65536)


def prices(root: Node) -> Mapping[str, Prices]:
    """Prices in the file's own rows. A cost of zero is what OpenClaw writes where nobody knows it."""
    found = {}
    for name in branch(root, "models", "providers"):
        provider = provider_of(root, name)
        if name.lower() != "openrouter" and not is_openrouter(str(dig(provider, "baseUrl") or "")):
            continue
        for row in rows(provider):
            cost = Prices(_number(dig(row, "cost", "input")), _number(dig(row, "cost", "output")))
            if cost.prompt > 0 and cost.completion > 0:
                found[str(row.get("id"))] = cost
    return found


def _number(value: Any) -> Decimal:
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else Decimal(0)


def track_of(ref: str) -> Track | None:
    """The track that the name of a provider entry says, as compiled files write it."""
    name = ref.partition("/")[0].lower()
    for track, words in (("dollar", ("dollar", "premium")), ("gray", ("gray", "grey", "free"))):
        if any(word in name for word in words):
            return "dollar" if track == "dollar" else "gray"
    return None


def mlx_server(root: Node, refs: Iterable[str]) -> Mlx | None:
    """The MLX model that is named most often; a server keeps one in memory."""
    named = Counter(ref for ref in refs if _is_mlx(root, ref))
    if not named:
        return None
    ref = max(named, key=lambda each: named[each])  # the first of those named equally often
    row = row_of(root, ref)
    provider = provider_of(root, ref.partition("/")[0])
    context = row.get("contextTokens") or row.get("contextWindow")
    port = _port(str(row.get("baseUrl") or dig(provider, "baseUrl")))
    return Mlx(
        model_of(root, ref),
        context if type(context) is int and 0 < context < 10**9 else _CONTEXT_TOKENS,
        port,
    )


def _port(url: str) -> int:
    try:
        port = urlsplit(url).port
    except ValueError:
        port = None
    return port if port is not None and port in _PORTS else _PORT


def _is_mlx(root: Node, ref: str) -> bool:
    """Whether a model on the Mac is MLX's: by its provider's name, or by the author of all MLX conversions."""
    name, _, identifier = ref.partition("/")
    model = model_of(root, ref)
    return (
        model.startswith(MLX_PREFIX)
        and re.fullmatch(MODEL_PATTERN[1:-1], model) is not None
        and ("mlx" in name.lower() or identifier.startswith("mlx-community/"))
    )


def heartbeat_owner(root: Node) -> str | None:
    """The agent whose heartbeat the file asks for. OpenClaw's own default heartbeat is nobody's wish."""
    agents, shared = entries_of(root), branch(root, "agents", "defaults", "heartbeat")
    beating = [name for name, entry in agents.items() if beats(branch(entry, "heartbeat"))]
    if beating:
        return beating[0]
    if not beats(shared):
        return None
    named = shared.get("agentId")
    marked = [name for name, entry in agents.items() if entry.get("default") is True]
    return named if isinstance(named, str) and named in agents else next(iter((*marked, *agents)), None)


def beats(heartbeat: Node) -> bool:
    """Whether a heartbeat is asked for."""
    return bool(heartbeat) and str(heartbeat.get("every", "30m")) not in ("0", "0m", "0s", "0h")


def heartbeat_model(root: Node) -> Way | None:
    """The model that the file gives the heartbeat, apart from its agent's own."""
    owner = heartbeat_owner(root)
    if owner is None:
        return None
    own = dig(entries_of(root)[owner], "heartbeat", "model")
    path = f"{where(root, owner) if own else DEFAULTS}.heartbeat.model"
    return next(chosen(own or dig(root, "agents", "defaults", "heartbeat", "model"), path), None)
