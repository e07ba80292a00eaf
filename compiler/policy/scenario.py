"""scenarios/*.yaml: one kind of work each: what it is, what it needs, where it runs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from compiler.policy.tracks import ProviderPreferences
from compiler.policy.types import Count, Flag, ModelSlug, Name, Policy, PolicyFile, Share, Text, TrackName, seen

#: Seats on a surface, each for one scenario. Cursor: its modes. OpenClaw: settings that exist once for all agents.
SLOTS = {
    "openclaw": ("system", "compaction", "image", "pdf", "heartbeat"),
    "cursor": (
        "composer", "cmd-k", "background-composer", "composer-ensemble", "plan-execution", "spec", "deep-search",
        "quick-agent",
    ),
}  # fmt: skip

Slot = Literal[
    "system", "compaction", "image", "pdf", "heartbeat",
    "composer", "cmd-k", "background-composer", "composer-ensemble", "plan-execution", "spec", "deep-search",
    "quick-agent",
]  # fmt: skip


class OwnRoute(Policy):
    """A route of the scenario's own, instead of its track's."""

    primary: ModelSlug
    """Asked first."""
    fallbacks: tuple[ModelSlug, ...] = ()
    """Asked in this order when the primary fails."""


class Needs(Policy):
    """What every model of the route must be able to do."""

    tools: Flag = False
    """It calls tools."""
    context_tokens: Count = 0
    """It holds prompts of this many tokens."""
    modalities: tuple[Literal["text", "image", "file", "audio", "video"], ...] = ()
    """It takes all of these."""
    structured_output: Flag = False
    """It answers by a JSON Schema."""


#: What is compared with what an agent wants to run: every character shows.
Command = Annotated[Text, AfterValidator(seen)]


class CursorPermissions(Policy):
    """What Cursor's agent may run without asking."""

    terminal: tuple[Command, ...] = ()
    """Commands, as Cursor's terminalAllowlist takes them."""
    mcp: tuple[Command, ...] = ()
    """MCP tools as server:tool."""


class Scenario(PolicyFile):
    """A kind of work and the route that it takes."""

    scenario: Name
    """Name of the scenario; the file is called the same."""
    title: Text
    """What people read: one line on the kind of work."""
    surface: Literal["openclaw", "cursor"]
    """Where people meet it."""
    tier: Literal["local", "api", "remote"]
    """Where the primary runs: MLX on the person's Mac, the OpenRouter API, or MLX on the remote Mac."""
    track: TrackName | None = None
    """Which key pays and which route it takes. There is no default."""
    route: OwnRoute | None = None
    provider: ProviderPreferences | None = None
    """Replaces the track's preferences, key by key."""
    slots: tuple[Slot, ...] = ()
    """Seats on the surface that this scenario takes."""
    alias: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")] | None = None
    """Cursor only: the name of the OpenRouter preset that Cursor asks for; the scenario's name if left out."""
    data: tuple[Name, ...] = ()
    """Labels of sensitive-data.yaml that this kind of work may touch."""
    needs: Needs = Needs()
    expected_share: Share | None = None
    """Part of the team's OpenRouter tokens that this scenario is planned to take."""
    permissions: CursorPermissions | None = None
    """Cursor only."""
    incident: Flag = False
    """Incident work keeps its route when a cap is passed."""
