"""market.yaml: what counts as a move of the market that is worth a ticket."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from compiler.policy.types import ModelSlug, Percent, Policy, PolicyFile, Positive, Share, Usd

#: The parameters of `GET /datasets/rankings-daily` that make a ranking of a part of the platform, and their values.
Category = Literal[
    "programming", "roleplay", "marketing", "marketing/seo", "technology", "science", "translation", "legal",
    "finance", "health", "trivia", "academia",
]  # fmt: skip
Modality = Literal["text", "image", "image_output", "audio", "tool_calling"]
SectionName = Literal[Category, Modality]


class Moves(Policy):
    """Thresholds on the weekly ranking."""

    top: Annotated[Positive, Field(le=50)]
    """How many ranks are watched; the official data set holds fifty."""
    week_over_week_percent: Percent
    """A change of weekly tokens of this much, up or down, is a ticket."""


class Prices(Policy):
    """Thresholds on prices."""

    change_percent: Percent
    """A change of a pinned price of this much is a ticket."""


class Volume(Policy):
    """How much work there is: it turns list prices into dollars a month."""

    tokens_per_month: Positive
    """Tokens of the whole team, prompt and completion together."""
    prompt_share: Share
    """Part of them that is prompt: prompts and completions have different prices."""


class SafeChange(Policy):
    """How much a change of policies may do without an `acknowledge:` line. A loosened block always needs one."""

    scenarios_rerouted_percent: Percent
    """Scenarios whose primary, key or place changes, of all."""
    dollars_per_month: Usd
    """Rise of the month's bill at list price, in USD."""
    machines_touched_percent: Percent
    """Macs of which any file changes, of all."""


class Market(PolicyFile):
    """What the weekly refresh looks at."""

    watch: tuple[ModelSlug, ...] = ()
    """Candidates: pinned in the lock though no route names them yet."""
    sections: tuple[SectionName, ...] = ("programming", "tool_calling")
    """Rankings archived beside the whole platform's. Categories are OpenRouter's estimates from a sample."""
    moves: Moves
    prices: Prices
    volume: Volume
    safe_change: SafeChange
