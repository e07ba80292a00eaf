"""acceptance.yaml: the weekly harness, and what its runs must show before a route changes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from compiler.policy.types import Name, Percent, Policy, PolicyFile, Positive


class Weekly(Policy):
    """When the harness starts, in the local time of the Mac that runs it (launchd knows no other)."""

    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    """Its name in small letters."""
    hour: Annotated[int, Field(strict=True, ge=0, le=23)]
    """Of the day."""
    minute: Annotated[int, Field(strict=True, ge=0, le=59)]
    """Of the hour."""


class Leg(Policy):
    """One place where the same prompts run."""

    leg: Literal["mlx", "openrouter", "remote"]
    """Who answers: the local server, OpenRouter, or an agent of the remote Mac."""
    scenario: Name
    """The scenario whose route answers the prompts that have no route of their own on this leg.

    A further entry of `openrouter` is a trial: its route is asked every prompt besides.
    """


class Suite(Policy):
    """The prompts."""

    prompts: Annotated[Positive, Field(le=10_000)]
    """How many the suite has."""
    repeats: Annotated[Positive, Field(le=100)]
    """How often each prompt runs: 50 single runs cannot show a difference of two points."""


class Promote(Policy):
    """A candidate is promoted only within these."""

    tool_error_rise_points: Percent
    """Rise of tool-call errors, and of failed tasks, in percentage points."""
    p95_latency_rise_percent: Percent
    """Rise of the 95th percentile of latency."""


class Demote(Policy):
    """A route is demoted beyond these."""

    tool_error_rise_points: Percent
    """Rise of tool-call errors, and of failed tasks, in percentage points."""
    p95_latency_rise_percent: Percent
    """Rise of the 95th percentile of latency."""


class Acceptance(PolicyFile):
    """The weekly harness."""

    schedule: Weekly
    legs: Annotated[tuple[Leg, ...], Field(min_length=1)]
    suite: Suite
    promote: Promote
    demote: Demote
