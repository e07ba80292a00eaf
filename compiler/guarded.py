"""What guards must know of a Mac's routes: who may not see what, where a turn goes instead, and the way past a limit.

All of it is decided here, ahead, and by the same words as everything else; a guard only looks it up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from compiler.plan import CapLine, GrayCeiling, Guard, GuardedRoute, Hop, KeyClass, Preferences, Route
from compiler.policy import TRACK_KEYS, Policies
from compiler.policy.blocks import blocks_on, denial
from compiler.policy.scenario import Needs
from compiler.rules.models import lacks
from compiler.strictest import combined

#: Keys that nobody is rerouted to: one costs real money and asks for a ticket, the other has a ceiling.
_NEVER_INSTEAD = frozenset({"dollar", "gray"})


@dataclass(frozen=True, slots=True)
class Past:
    """Every scenario's route in the contingencies that a guard can find itself in."""

    share: Mapping[str, Route] = field(default_factory=dict)
    #: cap → scenario → route
    caps: Mapping[str, Mapping[str, Route]] = field(default_factory=dict)


def plan_guard(here: tuple[Route, ...], past: Past, policies: Policies) -> Guard:
    """What holds for each request of OpenClaw on a Mac that takes up these routes."""
    routes = tuple(route for route in here if route.surface == "openclaw")
    shares = {route.scenario: _past_share(route, past) for route in routes}
    capped = {route.scenario: _past_cap(route, past, policies) for route in routes}
    later = [hop for found in (shares, capped) for hops in found.values() for hop in hops or ()]
    pool = _pool([*(hop for route in routes for hop in route.hops), *later])
    guarded = []
    for route in routes:
        share, cap = shares[route.scenario], capped[route.scenario]
        # where a limit sends the turn counts as a way, whatever its key
        needed = [pool[hop.key, hop.model] for hop in (*(share or ()), *(cap or ()))]
        instead = _others(route, [*_instead(route, pool.values(), policies), *needed])
        guarded.append(replace(_known(route, instead, policies), past_share=share, past_cap=cap))
    keys = {hop.key for route in routes for hop in route.hops}
    return Guard(tuple(guarded), _ceiling(keys, policies), tuple(_caps(keys, policies)))


def _others(route: Route, hops: list[Hop]) -> tuple[Hop, ...]:
    """Each way once, apart from the route's own."""
    found = {(hop.key, hop.model): hop for hop in hops if (hop.key, hop.model) not in _ways(route)}
    return tuple(found.values())


def _known(route: Route, instead: tuple[Hop, ...], policies: Policies) -> GuardedRoute:
    return GuardedRoute(
        scenario=route.scenario,
        denied=tuple(denied_labels(hop, policies) for hop in route.hops),
        instead=instead,
        instead_denied=tuple(denied_labels(hop, policies) for hop in instead),
        cap=_cap_of(route, policies),
        is_incident=policies.scenarios[route.scenario].incident,
    )


def denied_labels(hop: Hop, policies: Policies) -> tuple[str, ...]:
    """The labels that may not reach a model by the call that is made."""
    return tuple(name for name in sorted(policies.sensitive.labels) if not _may_see(hop, (name,), policies))


def _may_see(hop: Hop, labels: Iterable[str], policies: Policies) -> bool:
    for _, block in blocks_on(policies, labels):
        if denial(block, hop.model, policies):
            return False
        wanted = block.require
        if hop.key == "local":
            continue
        if (wanted.zdr and not hop.preferences.zdr) or (
            wanted.data_collection and hop.preferences.data_collection != wanted.data_collection
        ):
            return False
    return True


def _past_share(route: Route, past: Past) -> tuple[Hop, ...] | None:
    return past.share[route.scenario].hops if route.track == "gray" and route.scenario in past.share else None


def _past_cap(route: Route, past: Past, policies: Policies) -> tuple[Hop, ...] | None:
    cap = _cap_of(route, policies)
    then = past.caps.get(cap, {}).get(route.scenario) if cap else None
    return None if then is None or _ways(then) == _ways(route) else then.hops


def _ways(route: Route) -> list[tuple[KeyClass, str]]:
    return [(hop.key, hop.model) for hop in route.hops]


def _cap_of(route: Route, policies: Policies) -> str | None:
    track = policies.track(route.track)
    return track.cap if track and any(hop.key == route.track for hop in route.hops) else None


def _pool(hops: list[Hop]) -> dict[tuple[KeyClass, str], Hop]:
    """Each model of the Mac once, called as OpenClaw calls it where no scenario's own parameters count."""
    users: dict[tuple[KeyClass, str], list[Hop]] = {}
    for hop in hops:
        users.setdefault((hop.key, hop.model), []).append(hop)
    return {way: replace(same[0], preferences=_shared(same)) for way, same in users.items()}


def _shared(hops: list[Hop]) -> Preferences:
    return hops[0].preferences if hops[0].key == "local" else combined(hops)


def _instead(route: Route, pool: Iterable[Hop], policies: Policies) -> Iterator[Hop]:
    """Other models that the scenario's own data may reach: the same key first, a cloud model before a slow local one,
    the cheaper before the dearer. One to which every label is denied that is denied to an earlier one adds nothing but
    a way: it is left out."""
    needs = policies.scenarios[route.scenario].needs
    stays_home = all(hop.key == "local" for hop in route.hops)
    keys, own = {hop.key for hop in route.hops}, set(_ways(route))
    fit = [
        hop
        for hop in pool
        if (hop.key, hop.model) not in own  # there its own parameters would count
        and hop.key not in _NEVER_INSTEAD
        and (hop.key == "local" or not stays_home)  # work of our own Macs does not move to the cloud
        and _may_see(hop, route.labels, policies)
        and _can(hop, needs, policies)
    ]
    sieved = [set(denied_labels(hop, policies)) for hop in route.hops]
    for hop in sorted(
        fit, key=lambda hop: (any(lacks(hop, needs, policies)), hop.key not in keys, *_dear(hop, policies))
    ):
        denied = set(denied_labels(hop, policies))
        if not any(earlier <= denied for earlier in sieved):
            sieved.append(denied)
            yield hop


def _dear(hop: Hop, policies: Policies) -> tuple[bool, Decimal, str]:
    facts = policies.lock.facts(hop.model)
    prices = (facts.prompt_price or Decimal(0), facts.completion_price or Decimal(0)) if facts else ()
    return hop.key == "local", sum(prices, Decimal(0)), hop.model


def _can(hop: Hop, needs: Needs, policies: Policies) -> bool:
    """Whether a model can do the scenario's work at all. One that only holds less of it comes last."""
    locked = policies.lock.models.get(hop.model)
    never_answers = bool(hop.preferences.zdr) and locked is not None and locked.zdr is False
    return not never_answers and not any(lacks(hop, needs.model_copy(update={"context_tokens": 0}), policies))


def _ceiling(keys: set[KeyClass], policies: Policies) -> GrayCeiling | None:
    pool = policies.tracks.gray_pool
    return GrayCeiling(pool.max_share, pool.window_days) if pool and "gray" in keys else None


def _caps(keys: set[KeyClass], policies: Policies) -> Iterator[CapLine]:
    """The budgets of the keys that are used here."""
    for name in TRACK_KEYS:
        track = policies.track(name)
        for key in sorted(keys & {name}):
            if track and track.cap:
                cap = policies.caps[track.cap]
                yield CapLine(track.cap, key, cap.limit_usd, cap.period, cap.soft_percent)
