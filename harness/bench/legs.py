"""Where a scenario's cases go on each leg: the model, the address, the key and the provider preferences of the plan."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from compiler.compile import Compiled
from compiler.diagnostics import Finding, Place, PolicyError
from compiler.plan import Hop, Plan, Route
from compiler.policy import Policies
from compiler.policy.blocks import blocks_on, denial
from compiler.targets.openclaw.emit import GATEWAY_VARIABLE
from compiler.targets.openrouter.emit import VARIABLES
from compiler.targets.wire import provider_object
from harness.bench.attempt import LegName
from harness.bench.cost import FREE, Prices, listed
from harness.bench.run_codes import KEY_IN_CLEAR, LEFT_OUT, NO_ADDRESS, NO_KEY, NO_LEGS
from harness.bench.transport import is_loopback
from harness.openrouter import API

ACCEPTANCE = "acceptance.yaml"
#: The name under which mlx_lm.server answers with what it holds. Any other may make it drop that and look for more.
MLX_MODEL = "default_model"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Other addresses than those of the policies, as given on the command line."""

    api: str | None = None
    mlx: str | None = None
    remote: str | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """How a scenario's cases run on a leg."""

    leg: LegName
    scenario: str
    #: the scenario whose route it is: its own, or the leg's stand-in
    route: str
    #: as the plan names it; on `remote` the agent that is asked
    model: str
    #: as the request names it
    wire_model: str
    #: the address below which /chat/completions lies; "" where a server is started for it
    base_url: str
    key_variable: str | None
    provider: Mapping[str, Any] = field(hash=False)
    prices: Prices | None
    modalities: frozenset[str]
    #: parameters that the model is known to take; None: not known, or it does not matter
    parameters: frozenset[str] | None = None
    #: the scenario on whose route the cases are tried besides their own way; "" for their own
    trial: str = ""
    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class _StandIn:
    """A leg of acceptance.yaml."""

    leg: LegName
    route: Route
    place: Place
    #: whether it stands in for nobody, and is asked besides
    is_trial: bool = False

    @property
    def hop(self) -> Hop:
        return self.route.hops[0]

    @property
    def on_trial(self) -> str:
        return f" as a trial of {self.route.scenario}" if self.is_trial else ""


def ways(
    compiled: Compiled, scenarios: Collection[str], legs: Collection[str], other: Addresses, *, is_own_suite: bool
) -> tuple[tuple[Way, ...], tuple[Finding, ...]]:
    """A way for each leg and scenario, and what was left out and why. Raises PolicyError where a leg cannot run.

    The shipped prompts are invented, so any leg may see them. A team's own are held to the blocks of their scenario.
    """
    policies, plan = compiled.policies, compiled.plans[0]
    if policies.acceptance is None:
        raise PolicyError([NO_LEGS.at(Place(f"policies/{ACCEPTANCE}"), "there is no acceptance.yaml")])
    routes = {route.scenario: route for route in plan.routes if route.paused is None}
    found: list[Way] = []
    left_out = list(_paused_legs(policies, routes))
    stand_ins = tuple(_stand_ins(policies, routes))
    first = {stand_in.leg: stand_in for stand_in in stand_ins if not stand_in.is_trial}
    for stand_in in stand_ins:
        if stand_in.leg not in first or (legs and stand_in.leg not in legs):
            continue
        for scenario in sorted(scenarios):
            route = _route(scenario, stand_in, first[stand_in.leg], routes, plan)
            if route is None:
                continue
            if why := is_own_suite and _blocked(scenario, route, policies):
                said = f"{scenario} does not run on {stand_in.leg}{stand_in.on_trial}: {why}"
                left_out.append(LEFT_OUT.at(stand_in.place, said))
            else:
                found.append(_way(stand_in, scenario, route, compiled, other))
    if missing := sorted(set(legs) - first.keys()):
        place = policies.place(ACCEPTANCE, "legs", key=True)
        raise PolicyError([NO_LEGS.at(place, f"no leg {leg!r}", f"add it to {place.file}") for leg in missing])
    return tuple(found), tuple(left_out)


def _paused_legs(policies: Policies, routes: Mapping[str, Route]) -> Iterator[Finding]:
    for index, leg in enumerate(policies.acceptance.legs if policies.acceptance else ()):
        if leg.scenario not in routes:
            place = policies.place(ACCEPTANCE, "legs", index, "scenario")
            yield LEFT_OUT.at(place, f"{leg.scenario} does not run on {leg.leg}: it is paused")


def _stand_ins(policies: Policies, routes: Mapping[str, Route]) -> Iterator[_StandIn]:
    """The legs of acceptance.yaml; the first entry of a leg stands in for what has no route of its own there.

    Each further one of the API is a trial: its route is asked too, so that a model that serves no prompt can be judged.
    A local server holds one model, and an agent's prompts are its own.
    """
    seen: set[LegName] = set()
    on_trial: set[str] = set()
    for index, leg in enumerate(policies.acceptance.legs if policies.acceptance else ()):
        is_trial = leg.leg == "openrouter" and leg.leg in seen
        route = routes.get(leg.scenario)
        if route and (route.hops[0].model not in on_trial if is_trial else leg.leg not in seen):
            place = policies.place(ACCEPTANCE, "legs", index, "scenario")
            yield _StandIn(leg.leg, route, place, is_trial)
        if route or leg.leg == "openrouter":  # a trial stands in for nobody, also where the first one is paused
            seen.add(leg.leg)
        if route and is_trial:
            on_trial.add(route.hops[0].model)


def _route(scenario: str, stand_in: _StandIn, first: _StandIn, routes: Mapping[str, Route], plan: Plan) -> Route | None:
    """Where a scenario's cases go. On a trial nowhere, if their own way asks that model: once is enough."""
    own = _own(first, routes.get(scenario), plan) or first.route
    if not stand_in.is_trial:
        return own
    return None if own.hops[0].model == stand_in.hop.model else stand_in.route


def _own(stand_in: _StandIn, route: Route | None, plan: Plan) -> Route | None:
    """A scenario's own route, where the plan puts it on this leg."""
    if route is None:
        return None
    on_openrouter = route.hops[0].key != "local"
    if stand_in.leg == "openrouter":
        return route if on_openrouter else None
    if stand_in.leg == "mlx":  # one server holds one model
        return route if route.tier == "local" and route.hops[0].model == stand_in.hop.model else None
    served = any(
        route in machine.on("openclaw") and stand_in.route in machine.on("openclaw")
        for machine in plan.machines.values()
    )
    return route if route.tier == "remote" and served else None


def _blocked(scenario: str, route: Route, policies: Policies) -> str | None:
    """Why prompts of a scenario must not take another's route: it was compiled for that one's labels alone."""
    known = policies.scenarios.get(scenario)
    if route.scenario == scenario:
        return None
    if known is None:
        return "no policy describes this scenario, so nothing is known of its data"
    hop, more = route.hops[0], set(known.data) - set(route.labels)
    for _, block in blocks_on(policies, more):
        if why := denial(block, hop.model, policies):
            return f"label {block.label}: {hop.model}: {why}"
        if hop.key != "local":
            return f"label {block.label}: the route of {route.scenario} was not made for it"
    return None


def _way(stand_in: _StandIn, scenario: str, route: Route, compiled: Compiled, other: Addresses) -> Way:
    hop, lock = route.hops[0], compiled.policies.lock
    facts, locked = lock.facts(hop.model), lock.models.get(hop.model)
    way = Way(
        leg=stand_in.leg,
        scenario=scenario,
        route=route.scenario,
        model=hop.model,
        wire_model=hop.model,
        base_url="",
        key_variable=None,
        provider={},
        prices=FREE if hop.key == "local" else listed(locked.pricing) if locked else None,
        modalities=frozenset(facts.input_modalities if facts else ("text",)),
        trial=stand_in.route.scenario if stand_in.is_trial else "",
    )
    if stand_in.leg == "remote":
        return _remote(way, route, stand_in, compiled, other)
    if (hop.key == "local") != (stand_in.leg == "mlx"):
        runs = "on no Mac" if stand_in.leg == "mlx" else "on our own Macs alone"
        said = f"leg {stand_in.leg}: the route of {route.scenario} begins with {hop.model}, which runs {runs}"
        raise PolicyError([NO_ADDRESS.at(stand_in.place, said, "name a scenario whose route runs on this leg")])
    if stand_in.leg == "mlx":
        return replace(way, wire_model=MLX_MODEL, base_url=_checked(other.mlx, stand_in.place) if other.mlx else "")
    return replace(
        way,
        base_url=_checked(other.api or API, stand_in.place),
        key_variable=VARIABLES[hop.key],
        provider=dict(sorted(provider_object(hop.preferences).items())),
        parameters=frozenset(locked.supported_parameters) if locked and hop.preferences.require_parameters else None,
    )


def _remote(way: Way, route: Route, stand_in: _StandIn, compiled: Compiled, other: Addresses) -> Way:
    """The gateway of the remote Mac; a scenario is an agent there."""
    url = _checked(other.remote or _gateway(stand_in, compiled), stand_in.place)
    agent = f"openclaw/{way.route}"
    url = url if url.endswith("/v1") else f"{url}/v1"
    # an agent sends its own instructions along, and asks as often as it likes: nobody knows what that costs at most
    prices = FREE if all(hop.key == "local" for hop in route.hops) else None
    return replace(way, model=agent, wire_model=agent, base_url=url, key_variable=GATEWAY_VARIABLE, prices=prices)


def _gateway(stand_in: _StandIn, compiled: Compiled) -> str:
    """The address of the gateway that has the scenario's agent."""
    policies, plan = compiled.policies, compiled.plans[0]
    for name, machine in policies.fleet.machines.items():
        if machine.address and "gateway" in machine.roles and stand_in.route in plan.machines[name].on("openclaw"):
            return machine.address
    said = f"no gateway with an address takes up {stand_in.route.scenario}"
    fix = "give the gateway's machine an `address` in fleet.yaml, or say --remote-url"
    raise PolicyError([NO_ADDRESS.at(stand_in.place, said, fix)])


def _checked(url: str, place: Place) -> str:
    """An address to send keys to."""
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_good = False
    if not is_good or parts.username or parts.query or parts.fragment:
        raise PolicyError([NO_ADDRESS.at(place, f"{url!r} is no address such as http://127.0.0.1:8080/v1")])
    if parts.scheme == "http" and not is_loopback(url):
        raise PolicyError([KEY_IN_CLEAR.at(place, f"{url!r} is not encrypted")])
    return url.rstrip("/")


def with_keys(found: tuple[Way, ...], environment: Mapping[str, str] = os.environ) -> tuple[Way, ...]:
    """The ways with their keys. Raises PolicyError for keys that are not there, or that cannot be sent."""
    problems: list[Finding] = []
    for variable in sorted({way.key_variable for way in found if way.key_variable}):
        key = environment.get(variable, "")
        users = ", ".join(sorted({f"{way.leg}/{way.route}" for way in found if way.key_variable == variable}))
        if not key:
            problems.append(NO_KEY.at(Place(f"policies/{ACCEPTANCE}"), f"{variable} is not set; it is for {users}"))
        elif not key.isascii() or not key.isprintable() or " " in key:
            said = f"{variable} holds what no key can hold"
            problems.append(NO_KEY.at(Place(f"policies/{ACCEPTANCE}"), said, "set it to the key alone"))
    if problems:
        raise PolicyError(problems)
    return tuple(replace(way, key=environment.get(way.key_variable or "", "")) for way in found)
