"""How OpenClaw's files call our models: the provider, which tells the key, and the model."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.plan import MLX_PREFIX, Hop, KeyClass

#: Order in openclaw.json. The token key takes the name under which OpenClaw knows OpenRouter.
PROVIDERS: Mapping[KeyClass, str] = {
    "token": "openrouter",
    "dollar": "openrouter-dollar",
    "gray": "openrouter-gray",
    "local": "mlx",
}


def model_ref(hop: Hop) -> str:
    """OpenClaw's name for a candidate."""
    return f"{PROVIDERS[hop.key]}/{hop.model.removeprefix(MLX_PREFIX)}"
