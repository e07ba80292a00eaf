"""Policies + lock → plans: how things stand, and each contingency compiled ahead.

Routes go through a tuple of small pure passes; each pass appends to the trace what it decided and which line made it do
so. Then `machines` gives every Mac the routes that its tier and roles call for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import cast

from compiler.account import plan_account
from compiler.diagnostics import Place
from compiler.downgrades import apply_downgraded, hold_blocks, runs_on_own_macs
from compiler.guarded import Past
from compiler.machines import plan_machines
from compiler.plan import (
    MLX_PREFIX,
    Hop,
    KeyClass,
    Permissions,
    Plan,
    Preferences,
    Route,
    Track,
)
from compiler.policy import TRACK_KEYS, Policies
from compiler.policy.blocks import blocks_on
from compiler.policy.tracks import DollarTrack, ProviderPreferences
from compiler.situation import Pass, Routes, Situation, noted, served_labels, situations


def describe_scenarios(routes: Routes, policies: Policies, situation: Situation) -> Routes:
    """A bare route for each scenario: what people wrote about it."""
    return tuple(_described(name, policies) for name in sorted(policies.scenarios))


def _described(name: str, policies: Policies) -> Route:
    scenario = policies.scenarios[name]
    allowed = scenario.permissions
    bare = Route(
        scenario=name,
        title=scenario.title,
        surface=scenario.surface,
        tier=scenario.tier,
        track=cast(Track, scenario.track),
        hops=(),
        slots=scenario.slots,
        alias=(scenario.alias or name) if scenario.surface == "cursor" else None,
        permissions=Permissions(tuple(sorted(allowed.terminal)), tuple(sorted(allowed.mcp)))
        if allowed
        else Permissions(),
    )
    return noted(
        noted(bare, "describe_scenarios", f"surface {scenario.surface}", policies.scenario_place(name, "surface")),
        "describe_scenarios",
        f"track {scenario.track}",
        policies.scenario_place(name, "track"),
    )


def apply_situation(routes: Routes, policies: Policies, situation: Situation) -> Routes:
    """Move scenarios off a track whose cap is passed, or off the gray pool when it is rolled back."""
    return tuple(_moved(route, policies, situation) for route in routes)


def _moved(route: Route, policies: Policies, situation: Situation) -> Route:
    track = policies.track(route.track)
    if runs_on_own_macs(route, policies):
        return route
    if situation.passed_cap and track and track.cap == situation.passed_cap:
        if policies.scenarios[route.scenario].incident:
            place = policies.scenario_place(route.scenario, "incident")
            return noted(route, "apply_situation", "incident work keeps its route", place)
        to = policies.caps[situation.passed_cap].downgrade_to
        place = policies.place("caps.yaml", "caps", situation.passed_cap, "downgrade_to")
        return replace(noted(route, "apply_situation", f"{situation.name}: track {to}", place), track=to)
    if situation.gray_rolled_back and route.track == "gray":
        place = policies.place("tracks.yaml", "gray_pool", "rollback", key=True)
        return replace(noted(route, "apply_situation", "gray pool rolled back: track token", place), track="token")
    return route


def choose_models(routes: Routes, policies: Policies, situation: Situation) -> Routes:
    """Primary and fallbacks: the scenario's own, or its track's."""
    return tuple(_chosen(route, policies) for route in routes)


def _chosen(route: Route, policies: Policies) -> Route:
    return _with_hops(route, policies.scenario_models(route.scenario, route.track), "choose_models", route.track)


def add_downgrades(routes: Routes, policies: Policies, situation: Situation) -> Routes:
    """Behind a capped track's models come those of the track that takes over when its key is out of money.

    OpenRouter answers 402 or 403 then, and OpenClaw asks the next model: the downgrade holds from the first refused
    call, long before the next weekly review.
    """
    return tuple(_downgraded(route, policies) for route in routes)


def _downgraded(route: Route, policies: Policies) -> Route:
    track, seen = policies.track(route.track), {route.track}
    if not any(hop.key == route.track for hop in route.hops):
        return route  # nothing here is paid for by the capped key
    while track and track.cap and (to := policies.caps[track.cap].downgrade_to) not in seen:
        place = policies.place("caps.yaml", "caps", track.cap, "downgrade_to")
        route = _with_hops(noted(route, "add_downgrades", f"then track {to}", place), policies.track_models(to), "", to)
        seen.add(to)
        track = policies.track(to)
    return route


def _with_hops(route: Route, models: tuple[tuple[str, Place], ...], by: str, track: str) -> Route:
    known = {hop.model for hop in route.hops}
    for model, place in models:
        if model in known:
            continue
        known.add(model)
        key = cast(KeyClass, "local" if model.startswith(MLX_PREFIX) else track)
        rank = "primary" if not route.hops else f"fallback {len(route.hops)}"
        route = replace(route, hops=(*route.hops, Hop(model, key, Preferences(), place)))
        route = noted(route, by or "add_downgrades", f"{rank} {model}, key {key}", place)
    return route


def attach_labels(routes: Routes, policies: Policies, situation: Situation) -> Routes:
    """Which labels the work may touch."""
    return tuple(_labelled(route, policies) for route in routes)


def _labelled(route: Route, policies: Policies) -> Route:
    labels = policies.scenarios[route.scenario].data
    for index, label in enumerate(labels):
        place = policies.scenario_place(route.scenario, "data", index)
        route = noted(route, "attach_labels", f"label {label}", place)
    return replace(route, labels=tuple(dict.fromkeys(labels)))


def set_preferences(routes: Routes, policies: Policies, situation: Situation) -> Routes:
    """Provider preferences of each call: the track's, then the scenario's, then what blocks require."""
    return tuple(_preferring(route, served_labels(route, routes), policies) for route in routes)


def _preferring(route: Route, labels: tuple[str, ...], policies: Policies) -> Route:
    own = policies.scenarios[route.scenario].provider
    hops = tuple(_preferring_hop(hop, labels, own, policies) for hop in route.hops)
    if any(hop.key != "local" for hop in hops):
        if own:
            place = policies.scenario_place(route.scenario, "provider", key=True)
            route = noted(route, "set_preferences", "provider preferences of the scenario", place)
        for index, block in blocks_on(policies, labels):
            if block.require.model_fields_set:
                place = policies.place("sensitive-data.yaml", "blocks", index, "require", key=True)
                wishes = ", ".join(f"{k}: {_word(v)}" for k, v in block.require.model_dump(exclude_unset=True).items())
                route = noted(route, "set_preferences", f"block on {block.label} requires {wishes}", place)
    return replace(route, hops=hops)


def _word(value: object) -> str:
    return str(value).lower()


def _preferring_hop(hop: Hop, labels: tuple[str, ...], own: ProviderPreferences | None, policies: Policies) -> Hop:
    if hop.key == "local":
        return hop
    track = policies.track(hop.key)
    wish = _merged(track.provider if track else ProviderPreferences(), own)
    for _, block in blocks_on(policies, labels):
        if block.require.zdr:
            wish = replace(wish, zdr=True)
        if block.require.data_collection:
            wish = replace(wish, data_collection=block.require.data_collection)
    return replace(hop, preferences=wish)


def _merged(track: ProviderPreferences, own: ProviderPreferences | None) -> Preferences:
    merged = track.model_copy(update={k: getattr(own, k) for k in own.model_fields_set}) if own else track
    most = merged.max_price
    return Preferences(
        data_collection=merged.data_collection,
        zdr=merged.zdr,
        sort=merged.sort,
        order=merged.order,
        only=merged.only,
        ignore=merged.ignore,
        allow_fallbacks=merged.allow_fallbacks,
        require_parameters=merged.require_parameters,
        max_prompt_price=most.prompt if most else None,
        max_completion_price=most.completion if most else None,
    )


def ask_for_tickets(routes: Routes, policies: Policies, situation: Situation) -> Routes:
    """Routes on the dollar track need a ticket id in the request."""
    dollar = policies.tracks.dollar_track
    return tuple(
        _ticketed(route, policies, dollar) if route.track == "dollar" and dollar else route for route in routes
    )


def _ticketed(route: Route, policies: Policies, dollar: DollarTrack) -> Route:
    if dollar.escalation is None:
        return route
    place = policies.place("tracks.yaml", "dollar_track", "escalation", "ticket")
    return replace(noted(route, "ask_for_tickets", "needs a ticket", place), ticket=dollar.escalation.ticket)


PASSES: tuple[Pass, ...] = (
    describe_scenarios,
    apply_downgraded,
    apply_situation,
    choose_models,
    add_downgrades,
    attach_labels,
    hold_blocks,
    set_preferences,
    ask_for_tickets,
)


def resolve(policies: Policies) -> tuple[Plan, ...]:
    """All plans, the standing one first. References must hold (`rules.check_references`)."""
    names = policies.fleet.machines
    places = MappingProxyType({name: policies.place("fleet.yaml", "machines", name, key=True) for name in names})
    return tuple(_plan(policies, situation, places) for situation in situations(policies))


def _plan(policies: Policies, situation: Situation, places: Mapping[str, Place]) -> Plan:
    routes = _routes(policies, situation)
    usual = _routes(policies, replace(situation, is_usual=True)) if _is_downgraded(policies) else routes
    machines = plan_machines(routes, _past(policies, situation), policies)
    account = plan_account(routes, usual, policies)
    return Plan(situation.name, situation.folder, machines, places, routes, account, usual)


def _past(policies: Policies, situation: Situation) -> Past:
    """The routes that a guard turns to when a limit is reached before anybody has deployed its contingency.

    Where one cap is passed already no second one is looked ahead to: OpenRouter's own refusal moves those calls.
    """
    rolled = not situation.gray_rolled_back and policies.tracks.gray_pool is not None
    caps = {track.cap for name in TRACK_KEYS if (track := policies.track(name)) and track.cap}
    return Past(
        _by_name(_routes(policies, replace(situation, gray_rolled_back=True))) if rolled else {},
        {cap: _by_name(_routes(policies, replace(situation, passed_cap=cap))) for cap in sorted(caps)}
        if situation.passed_cap is None
        else {},
    )


def _by_name(routes: Routes) -> dict[str, Route]:
    return {route.scenario: route for route in routes}


def _is_downgraded(policies: Policies) -> bool:
    return policies.tracks.dollar_track is not None and policies.tracks.dollar_track.downgraded is not None


def _routes(policies: Policies, situation: Situation) -> Routes:
    routes: Routes = ()
    for step in PASSES:
        routes = step(routes, policies, situation)
    return routes
