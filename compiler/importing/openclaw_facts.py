"""What the providers of an openclaw.json tell: prices, the MLX server, and which key pays."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from compiler.importing.found import Mlx, Prices
from compiler.plan import MLX_PREFIX, Track
from compiler.policy.types import MODEL_PATTERN
from compiler.targets.openclaw.address import Node, branch, dig, is_openrouter, model_of, provider_of, row_of, rows

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
        context if isinstance(context, int) and context > 0 else _CONTEXT_TOKENS,
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
