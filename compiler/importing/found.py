"""What an imported file says, in words that all three formats share. Frozen data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from compiler.plan import Track


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model of a route, the key of the imported file that names it, and what is worth saying about it."""

    slug: str
    key: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """What becomes a scenario: an agent, a group of deployments, a track, or a seat that all agents share."""

    name: str
    title: str
    models: tuple[Wanted, ...]
    provider: Mapping[str, Any] = field(default_factory=dict)
    slots: tuple[str, ...] = ()
    #: the track, where the imported file says it itself
    track: Track | None = None
    remarks: tuple[str, ...] = ()
    is_seat: bool = False

    @property
    def slugs(self) -> tuple[str, ...]:
        """The models in the order asked."""
        return tuple(wanted.slug for wanted in self.models)


@dataclass(frozen=True, slots=True)
class Left:
    """Something that no policy can hold: its key, why, and whether a model is no longer reached because of it."""

    key: str
    why: str
    loses_model: bool = False


@dataclass(frozen=True, slots=True)
class Mlx:
    """The MLX server that the file names."""

    model: str
    context_tokens: int
    port: int


@dataclass(frozen=True, slots=True)
class Prices:
    """USD per million tokens."""

    prompt: Decimal
    completion: Decimal


@dataclass(frozen=True, slots=True)
class Found:
    """All that could be read from the file."""

    kind: str
    works: tuple[Work, ...]
    left: tuple[Left, ...]
    #: work → the models that it reached before, as far as the file says so deliberately
    before: Mapping[str, frozenset[str]]
    mlx: Mlx | None = None
    #: prices that the file itself gives
    prices: Mapping[str, Prices] = field(default_factory=dict)
    #: keys that hold a credential instead of the name of one
    literal_keys: tuple[str, ...] = ()
    #: what the article's skeleton says about money and the gray pool; None where the file does not
    limit_usd: Decimal | None = None
    max_share: Decimal | None = None
