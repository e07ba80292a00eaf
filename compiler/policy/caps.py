"""caps.yaml: budgets, and what happens when one is spent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from compiler.policy.types import Name, Percent, Policy, PolicyFile, TrackName, Usd


class Overrun(Policy):
    """When a cap counts as passed for the week that follows."""

    percent: Percent
    """How far above the limit, in percent."""


class Cap(Policy):
    """A budget. OpenRouter itself enforces it on the key; the downgrade says where the work goes then."""

    limit_usd: Usd
    period: Literal["daily", "weekly", "monthly"]
    """Resets at midnight UTC, as OpenRouter's keys do; weeks start on Monday."""
    downgrade_to: TrackName
    """The track that takes the work, both call by call when the key is out of money and as a whole week's plan."""
    overrun: Overrun
    soft_percent: Annotated[StrictInt, Field(ge=1, le=100)] = 80
    """From which part of the limit on the guard on a gateway warns."""


class Caps(PolicyFile):
    """All caps by name."""

    caps: dict[Name, Cap]
