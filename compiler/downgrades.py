"""The passes of a downgrade: who leaves the dollar track, and what the blocks leave of the models that they get.

A person who writes a denied model into a route gets an error. Nobody wrote the models that a downgrade brings: there
the blocks take out what they deny, and a scenario of which nothing is left is paused.
"""

from __future__ import annotations

from dataclasses import replace

from compiler.diagnostics import Place
from compiler.plan import MLX_PREFIX, Hop, Route
from compiler.policy import Policies
from compiler.policy.blocks import blocks_on, denial
from compiler.policy.tracks import Downgraded
from compiler.situation import Routes, Situation, noted, served_labels


def runs_on_own_macs(route: Route, policies: Policies) -> bool:
    """Whether no key pays for it: nothing is saved by moving it, and what is private must not move to the cloud."""
    models = policies.scenario_models(route.scenario, route.track)
    return all(model.startswith(MLX_PREFIX) for model, _ in models)


def apply_downgraded(routes: Routes, policies: Policies, situation: Situation) -> Routes:
    """Move scenarios off the dollar track while tracks.yaml says that it is downgraded."""
    dollar = policies.tracks.dollar_track
    if dollar is None or dollar.downgraded is None or situation.is_usual:
        return routes
    return tuple(_off_dollar(route, dollar.downgraded, policies) for route in routes)


def _off_dollar(route: Route, downgraded: Downgraded, policies: Policies) -> Route:
    if route.track != "dollar" or runs_on_own_macs(route, policies):
        return route
    if "incident" in downgraded.kept and policies.scenarios[route.scenario].incident:
        place = policies.place("tracks.yaml", "dollar_track", "downgraded", "except")
        return noted(route, "apply_downgraded", "incident work stays on the dollar track", place)
    place = policies.place("tracks.yaml", "dollar_track", "downgraded", key=True)
    said = f"downgraded until {downgraded.until}: track {downgraded.to}"
    return replace(noted(route, "apply_downgraded", said, place), track=downgraded.to)


def hold_blocks(routes: Routes, policies: Policies, situation: Situation) -> Routes:
    """Take out what blocks deny of the models that a downgrade brings; pause the scenario that keeps none."""
    return tuple(_held(route, served_labels(route, routes), policies) for route in routes)


def _held(route: Route, labels: tuple[str, ...], policies: Policies) -> Route:
    scenario = policies.scenarios[route.scenario]
    written = {model for model, _ in policies.scenario_models(route.scenario, str(scenario.track))}
    kept: list[Hop] = []
    denying: dict[str, None] = {}
    for hop in route.hops:
        found = None if hop.model in written else _denied(hop.model, labels, policies)
        if found is None:
            kept.append(hop)
            continue
        label, why, place = found
        denying[label] = None
        route = noted(route, "hold_blocks", f"{hop.model} is left out: {label!r} may not reach it, {why}", place)
    return replace(route, hops=tuple(kept)) if kept else _paused(route, tuple(denying), policies)


def _denied(model: str, labels: tuple[str, ...], policies: Policies) -> tuple[str, str, Place] | None:
    """(label, why, place of the block) where a block denies a model of which anything is known."""
    for index, block in blocks_on(policies, labels):
        # a model without facts has a finding of its own (VN203, VN204)
        if policies.lock.facts(model) and (why := denial(block, model, policies)):
            return block.label, why, policies.place("sensitive-data.yaml", "blocks", index, "label")
    return None


def _paused(route: Route, labels: tuple[str, ...], policies: Policies) -> Route:
    why = f"{' and '.join(map(repr, labels))} may reach no model of the {route.track} track, which does its work now"
    moved = next(step for step in reversed(route.trace) if step.decided_by in ("apply_downgraded", "apply_situation"))
    return replace(noted(route, "hold_blocks", f"paused: {why}", moved.place), hops=(), paused=why)
