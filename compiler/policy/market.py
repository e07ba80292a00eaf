"""market.yaml: what counts as a move of the market that is worth a ticket."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from compiler.policy.types import ModelSlug, Percent, Policy, PolicyFile, Positive


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


class Market(PolicyFile):
    """What the weekly refresh looks at."""

    watch: tuple[ModelSlug, ...] = ()
    """Candidates: pinned in the lock though no route names them yet."""
    moves: Moves
    prices: Prices
