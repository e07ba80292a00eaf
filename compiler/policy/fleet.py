"""fleet.yaml: the Macs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from compiler.policy.types import AbsolutePath, ModelSlug, Name, Policy, PolicyFile, Port, Positive, Text

Role = Literal["gateway", "openclaw", "cursor", "mlx", "harness"]
#: Roles that others rely on around the clock
ALWAYS_ON_ROLES = frozenset({"gateway", "harness"})


class Mlx(Policy):
    """The MLX server of a Mac."""

    model: ModelSlug
    """What it serves: mlx/author/repository."""
    context_tokens: Positive
    """Longest context that the server shall hold: its KV cache must fit beside the weights."""
    port: Port = 8080
    """On the loopback."""


class Machine(Policy):
    """One Mac."""

    tier: Literal["local", "remote"]
    """local: a person's Mac; remote: an always-on Mac that people reach over the network."""
    hardware: Literal["MacBook Air", "MacBook Pro", "Mac mini", "Mac Studio", "iMac", "Mac Pro"]
    """What kind of Mac it is. What is a MacBook sleeps, and has no role that others rely on."""
    chip: Text
    """Its chip, as people call it."""
    memory_gb: Annotated[Positive, Field(le=2048)]
    """Its memory: an MLX model and its context must fit."""
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    """What it does for people."""
    owner: Text | None = None
    """The person whose Mac it is."""
    user: Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_-]{0,30}$")] | None = None
    """macOS account that system daemons run under (remote tier)."""
    address: (
        Annotated[str, StringConstraints(pattern=r"^https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{2,5})?$")] | None
    ) = None
    """Where clients reach the gateway: https, host, no path."""
    gateway: Name | None = None
    """The machine whose gateway this one is a client of."""
    mlx: Mlx | None = None

    @property
    def is_laptop(self) -> bool:
        """Whether it sleeps when somebody closes it."""
        return self.hardware.startswith("MacBook")


#: The ring of all Macs that no other ring names. It comes last.
REST = "rest"


class Ring(Policy):
    """Macs that take a release together, before the rings below."""

    ring: Name
    """What it is called; `rest` is taken."""
    machines: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Macs of this file."""
    healthy_reports: Annotated[Positive, Field(le=288)] = 3
    """Reports in a row in which a Mac must have the release and be well before the next ring takes it."""
    enough: Positive | None = None
    """How many of the ring's Macs must say so; without it all. A laptop in a drawer says nothing."""


class Fleet(PolicyFile):
    """All Macs by name."""

    prefix: AbsolutePath = "/opt/weathervane"
    """Folder in which the team's tools lie on every Mac."""
    machines: Annotated[dict[Name, Machine], Field(min_length=1)]
    rings: tuple[Ring, ...] = ()
    """Who takes a release first. Macs in no ring come last, together."""
