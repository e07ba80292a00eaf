"""tracks.yaml: the token track, the dollar track and the gray pool."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from compiler.policy.types import (
    Flag,
    IsoWeek,
    ModelSlug,
    Name,
    Percent,
    Policy,
    PolicyFile,
    Reason,
    Share,
    TicketPattern,
    TrackName,
    Usd,
)

#: A provider as OpenRouter names it, or one of its endpoints: google-vertex/us-east5
Provider = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9._-]*)?$", max_length=100)]


class MaxPrice(Policy):
    """The most that a provider may charge, in USD per million tokens; a dearer one is not asked."""

    prompt: Usd | None = None
    completion: Usd | None = None


class ProviderPreferences(Policy):
    """OpenRouter's provider preferences, sent with every call (the `provider` object of a chat request)."""

    data_collection: Literal["allow", "deny"] | None = None
    """Whether providers that may store or train on prompts are acceptable."""
    zdr: Flag | None = None
    """Only endpoints with zero data retention."""
    sort: Literal["price", "throughput", "latency"] | None = None
    """Order of providers; unset means OpenRouter's price-weighted balancing."""
    order: tuple[Provider, ...] = ()
    """Providers to try first, by slug."""
    only: tuple[Provider, ...] = ()
    """The only providers to use, by slug."""
    ignore: tuple[Provider, ...] = ()
    """Providers never to use, by slug."""
    allow_fallbacks: Flag | None = None
    """Whether providers that are not in `order` may answer."""
    require_parameters: Flag | None = None
    """Only providers that support every parameter of the request."""
    max_price: MaxPrice | None = None


class Escalation(Policy):
    """What a request must bring to use a track."""

    ticket: TicketPattern
    """A regular expression, in what Python and JavaScript mean alike. The request must hold a word that matches it."""


class Downgraded(Policy):
    """The dollar track is over its budget: another track does its work for some weeks."""

    until: IsoWeek
    """The last week. The compiler has no clock: the downgrade holds until the weekly run takes these lines out."""
    to: TrackName
    """The track that takes the work. Where blocks deny its models to a scenario's data, the scenario is paused."""
    kept: Annotated[tuple[Literal["incident"], ...], Field(alias="except")] = ()
    """Work that stays on the dollar track: `incident`, scenarios that say `incident: true`."""
    reason: Reason
    """Why, in words: what was spent against which budget."""


class TokenTrack(Policy):
    """The track for volume."""

    primary: ModelSlug
    fallbacks: tuple[ModelSlug, ...] = ()
    """Asked in this order when the primary fails."""
    provider: ProviderPreferences = ProviderPreferences()
    cap: Name | None = None
    """A cap of caps.yaml."""


class DollarTrack(Policy):
    """The track for liability: dear models, a hard cap, a ticket for each use."""

    primary: ModelSlug
    fallbacks: tuple[ModelSlug, ...] = ()
    """Asked in this order, on the dollar key, before the cap's downgrade."""
    provider: ProviderPreferences = ProviderPreferences()
    cap: Name | None = None
    """A cap of caps.yaml."""
    escalation: Escalation | None = None
    downgraded: Downgraded | None = None
    """Written by the weekly run after an overrun, and taken out by it again."""


class Rollback(Policy):
    """When the gray pool is rolled back."""

    tool_error_rise_points: Percent
    """Rise of the tool-call error rate, week over week, in percentage points."""


class GrayPool(Policy):
    """Models on trial. They are free or unproven, so they never see sensitive data."""

    models: Annotated[tuple[ModelSlug, ...], Field(min_length=1)]
    max_share: Share
    """Ceiling on the share of all tokens."""
    window_days: Annotated[StrictInt, Field(ge=1, le=31)] = 7
    """The days that the ceiling looks back over, up to now, on each gateway."""
    provider: ProviderPreferences = ProviderPreferences()
    cap: Name | None = None
    rollback: Rollback


class Tracks(PolicyFile):
    """The tracks of the team."""

    token_track: TokenTrack
    dollar_track: DollarTrack | None = None
    gray_pool: GrayPool | None = None
    auto_merge: tuple[Literal["downgrade", "rollback"], ...] = ()
    """Kinds of weekly proposals that may merge without a person: both are switches to what was compiled ahead."""
