"""launchd labels that the agent knows by name."""

from __future__ import annotations

GATEWAY = "ai.openclaw.gateway"
MLX = "ai.weathervane.mlx"
#: the agent itself
AGENT = "ai.weathervane.deploy"
