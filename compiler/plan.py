"""The plan: what each Mac shall do, in words of no policy file and of no target. Frozen data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, NamedTuple

from compiler.diagnostics import Place

Tier = Literal["local", "api", "remote"]
Track = Literal["token", "dollar", "gray"]
#: Which credential pays for a call: an OpenRouter key per track, or none for a model on the Mac itself.
KeyClass = Literal["token", "dollar", "gray", "local"]
MLX_PREFIX = "mlx/"
#: Where the OpenClaw gateway listens on its Mac (loopback): OpenClaw's own default.
GATEWAY_PORT = 18789
#: Slots of OpenClaw whose model serves every agent of a Mac, whoever holds the seat.
SHARED_SLOTS = frozenset({"compaction", "image", "pdf"})


@dataclass(frozen=True, slots=True)
class Step:
    """One decision: which pass made it, what it decided, and the policy line that made it do so."""

    decided_by: str
    what: str
    place: Place


@dataclass(frozen=True, slots=True)
class Preferences:
    """OpenRouter provider preferences of a call (the `provider` object of a chat request); None means unset."""

    data_collection: Literal["allow", "deny"] | None = None
    zdr: bool | None = None
    sort: Literal["price", "throughput", "latency"] | None = None
    order: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    allow_fallbacks: bool | None = None
    require_parameters: bool | None = None
    #: USD per million tokens
    max_prompt_price: Decimal | None = None
    max_completion_price: Decimal | None = None


class Rates(NamedTuple):
    """USD per million tokens of each kind."""

    prompt: Decimal
    completion: Decimal
    cache_read: Decimal
    cache_write: Decimal


@dataclass(frozen=True, slots=True)
class Model:
    """What a target must know of a model. Prices are USD per million tokens; None where nobody bills per token."""

    slug: str
    title: str
    context_tokens: int
    max_completion_tokens: int | None
    input_modalities: tuple[str, ...]
    tools: bool
    reasoning: bool
    prompt_price: Decimal | None = None
    completion_price: Decimal | None = None
    cache_read_price: Decimal | None = None
    cache_write_price: Decimal | None = None

    @property
    def is_mlx(self) -> bool:
        """Whether the model runs on a Mac of ours."""
        return self.slug.startswith(MLX_PREFIX)

    @property
    def rates(self) -> Rates:
        """What each kind of token is billed at. Cached ones without a price of their own count as prompt tokens."""
        prompt = self.prompt_price or Decimal(0)
        return Rates(
            prompt,
            self.completion_price or Decimal(0),
            prompt if self.cache_read_price is None else self.cache_read_price,
            prompt if self.cache_write_price is None else self.cache_write_price,
        )


@dataclass(frozen=True, slots=True)
class Hop:
    """One candidate of a route: a model, the key that pays for it, and how OpenRouter may choose a provider."""

    model: str
    key: KeyClass
    preferences: Preferences
    #: the policy line that put this model into the route
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Permissions:
    """What Cursor's agent may run without asking."""

    terminal: tuple[str, ...] = ()
    mcp: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """A scenario's primary and fallbacks, in the order in which they are asked."""

    scenario: str
    title: str
    surface: Literal["openclaw", "cursor"]
    tier: Tier
    track: Track
    hops: tuple[Hop, ...]
    #: seats on the surface that this scenario takes: Cursor modes, or OpenClaw's global model settings
    slots: tuple[str, ...] = ()
    #: the name under which Cursor knows the route
    alias: str | None = None
    labels: tuple[str, ...] = ()
    permissions: Permissions = Permissions()
    #: a regular expression that a request must hold (a ticket id), where the track asks for one
    ticket: str | None = None
    #: why nothing does this work for now: it was moved to models that its data may not reach. Then there are no hops
    paused: str | None = None
    trace: tuple[Step, ...] = field(default=(), compare=False)

    @property
    def places(self) -> tuple[Place, ...]:
        """Every policy line that decided something about this route."""
        return tuple(dict.fromkeys(step.place for step in self.trace))


@dataclass(frozen=True, slots=True)
class Label:
    """Sensitive data by where it lies or what it looks like, and what may see it."""

    name: str
    title: str
    repos: tuple[str, ...]
    paths: tuple[str, ...]
    place: Place = field(compare=False)
    #: why the blocks on this label stand, as the policy says it
    reasons: tuple[str, ...] = ()
    #: names of built-in patterns, and the team's own ones
    detectors: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    when_denied: Literal["reroute", "block"] = "reroute"


@dataclass(frozen=True, slots=True)
class GuardedRoute:
    """What a guard must know of a route of OpenClaw beyond the route itself, to judge one request."""

    scenario: str
    #: for each hop of the route the labels that may not reach it by the call that is made
    denied: tuple[tuple[str, ...], ...]
    #: other models of this Mac that its data may reach, in order of preference, by the preferences of work that no
    #: scenario owns; and the labels that may not reach each
    instead: tuple[Hop, ...] = ()
    instead_denied: tuple[tuple[str, ...], ...] = ()
    #: the route when the gray pool is rolled back, and when its track's cap is passed; None where it stays as it is
    past_share: tuple[Hop, ...] | None = None
    past_cap: tuple[Hop, ...] | None = None
    #: the cap that `past_cap` is about
    cap: str | None = None
    is_incident: bool = False


@dataclass(frozen=True, slots=True)
class GrayCeiling:
    """How much of the tokens of the last days may go to the gray pool."""

    max_share: Decimal
    window_days: int


@dataclass(frozen=True, slots=True)
class CapLine:
    """A budget, as a guard on a gateway counts it for itself."""

    name: str
    key: KeyClass
    limit_usd: Decimal
    period: Literal["daily", "weekly", "monthly"]
    soft_percent: int


@dataclass(frozen=True, slots=True)
class Guard:
    """What holds for each request on a Mac, and no configuration of OpenClaw can say."""

    routes: tuple[GuardedRoute, ...] = ()
    gray: GrayCeiling | None = None
    caps: tuple[CapLine, ...] = ()

    def of(self, route: Route) -> GuardedRoute | None:
        """What is known of a route."""
        return next((known for known in self.routes if known.scenario == route.scenario), None)

    def instead_of(self, *routes: Route) -> tuple[Hop, ...]:
        """Where a guard may send turns of these routes, apart from their own hops."""
        return tuple(hop for route in routes if (known := self.of(route)) for hop in known.instead)


@dataclass(frozen=True, slots=True)
class MlxServer:
    """The MLX server of a machine: which model it keeps in memory and where it listens (loopback)."""

    model: str
    context_tokens: int
    port: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the weekly harness starts, in the Mac's own time (launchd knows no other). Weekday: 1 is Monday."""

    weekday: int
    hour: int
    minute: int


@dataclass(frozen=True, slots=True)
class MachinePlan:
    """All that a Mac does. Two Macs with equal plans get equal bytes, so nothing here names the Mac."""

    tier: Literal["local", "remote"]
    always_on: bool
    roles: tuple[str, ...]
    #: folder in which the team installs its tools, the same on every Mac
    prefix: str
    #: the account that system daemons run under; None where jobs are user agents
    user: str | None
    #: base URL (https) of the gateway that this Mac is a client of
    gateway: str | None
    mlx: MlxServer | None
    routes: tuple[Route, ...]
    models: tuple[Model, ...]
    labels: tuple[Label, ...]
    harness: Schedule | None
    #: scenarios that would run here and are paused: no target may open a way to a model for them
    paused: tuple[Route, ...] = ()
    #: what holds for each request
    guard: Guard = Guard()
    #: the policy lines that gave the Mac its roles and servers apart from its own entry in fleet.yaml
    places: tuple[Place, ...] = field(default=(), compare=False)

    def reachable_by(self, route: Route) -> tuple[Hop, ...]:
        """The hops of a route, of the seats that serve every agent of its surface, and where a guard may send it."""
        seats = (r for r in self.on(route.surface) if SHARED_SLOTS.intersection(r.slots) and r != route)
        return (*route.hops, *(hop for seat in seats for hop in seat.hops), *self.guard.instead_of(route))

    def on(self, surface: str) -> tuple[Route, ...]:
        """The routes of one surface."""
        return tuple(route for route in self.routes if route.surface == surface)


@dataclass(frozen=True, slots=True)
class KeyPlan:
    """A key of the team's OpenRouter account: what it may reach, and how much it may spend."""

    key: KeyClass
    models: tuple[str, ...]
    #: models that only endpoints with zero data retention may serve, because sensitive data reaches them by this key
    zdr_models: tuple[str, ...]
    #: USD in each period; None where nothing caps the key
    limit_usd: Decimal | None
    period: Literal["daily", "weekly", "monthly"] | None
    places: tuple[Place, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """What the team's OpenRouter account holds, whichever Mac asks: keys, and a preset for each Cursor route."""

    keys: tuple[KeyPlan, ...]
    routes: tuple[Route, ...]
    #: model → its permanent name: the account answers with these whatever it was sent
    canonical_slugs: tuple[tuple[str, str], ...]
    mlx: None = None

    def reachable_by(self, route: Route) -> tuple[Hop, ...]:
        """The hops of a route: presets share nothing."""
        return route.hops


@dataclass(frozen=True, slots=True)
class Plan:
    """What every Mac does in one situation: as it stands, or in a contingency that may come."""

    #: "standing", or "<cap> passed", or "gray pool rolled back"
    situation: str
    #: folder below generated/ that holds the machines: "" or "contingencies/<name>/"
    folder: str
    machines: Mapping[str, MachinePlan]
    #: the policy line that names each machine
    places: Mapping[str, Place]
    #: every scenario's route, also those that no machine takes up
    routes: tuple[Route, ...]
    account: AccountPlan
    #: the routes as they would be if no track were downgraded; the same ones where none is
    usual: tuple[Route, ...]

    @property
    def is_standing(self) -> bool:
        """Whether this is how things stand, and no contingency."""
        return not self.folder
