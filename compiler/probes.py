"""The inputs of a plan that routes bring along, each as a small change of it that knows which policy line it came from.

`compiler.provenance` renders a plan with some inputs changed, and sees which values of an artifact move. The changes
mean nothing: they only have to differ, and to leave the order of sorted lists as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from compiler.plan import AccountPlan, Hop, KeyClass, MachinePlan, Permissions, Route, Step
from compiler.policy import TRACK_KEYS, Policies
from compiler.policy.blocks import blocks_on

AnyPlan = MachinePlan | AccountPlan
_OTHER_KEY: dict[KeyClass, KeyClass] = {"token": "dollar", "dollar": "gray", "gray": "token"}
#: Fields of the plan's preferences → where the policy language has them.
_PREFERENCES: dict[str, tuple[str, ...]] = {
    "data_collection": ("data_collection",),
    "zdr": ("zdr",),
    "sort": ("sort",),
    "order": ("order",),
    "only": ("only",),
    "ignore": ("ignore",),
    "allow_fallbacks": ("allow_fallbacks",),
    "require_parameters": ("require_parameters",),
    "max_prompt_price": ("max_price", "prompt"),
    "max_completion_price": ("max_price", "completion"),
}


@dataclass(frozen=True, slots=True)
class Input:
    """One input: how to change it, and the decisions that gave it its value."""

    change: Callable[[AnyPlan], AnyPlan]
    reasons: tuple[Step, ...]
    #: whether a value that goes away with it was decided by it: a wish that is gone, not a place that is
    is_wish: bool = False


#: Inputs that can stand in for each other: a value may need all of them to change before it moves.
Group = tuple[Input, ...]


def route_inputs(plan: AnyPlan, policies: Policies) -> Iterator[Group]:
    """What routes bring along: their models, keys, preferences, seats and what people wrote about them."""
    for model in sorted({hop.model for route in plan.routes for hop in route.hops}):
        yield tuple(
            Input(_changed_hop(at, number, model), _hop_reasons(route, hop))
            for at, route in enumerate(plan.routes)
            for number, hop in enumerate(route.hops)
            if hop.model == model
        ) + _guard_inputs(plan, model)
    for field in _PREFERENCES:
        yield tuple(
            Input(_other_preference(at, field), _preference_reasons(route, field, policies), is_wish=True)
            for at, route in enumerate(plan.routes)
            if any(getattr(hop.preferences, field) not in (None, ()) for hop in route.hops)
        ) + _guard_preference(plan, field)
    for key in _OTHER_KEY:
        yield tuple(
            Input(_other_key(at, key), tuple(_key_reasons(route, key, policies)))
            for at, route in enumerate(plan.routes)
            if any(hop.key == key for hop in route.hops)
        )
    for field, path, change in _ROUTE_FIELDS:
        yield tuple(
            Input(_changed_route(at, field, change), (_written(route, path, policies),))
            for at, route in enumerate(plan.routes)
            if getattr(route, field)
        )


_ROUTE_FIELDS: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("title", "title", lambda title: f"{title} …"),
    ("slots", "slots", lambda slots: ()),
    ("alias", "alias", lambda alias: f"{alias}.x"),
    ("labels", "data", lambda labels: ()),
    ("permissions", "permissions", lambda allowed: Permissions((*allowed.terminal, "~"), (*allowed.mcp, "~:~"))),
    ("ticket", "track", lambda ticket: f"{ticket}|x"),
)


def presence_inputs(plan: AnyPlan, policies: Policies) -> Group:
    """That a scenario is taken up at all, and under which name: it moves many values, so it is asked last."""
    names = ((at, (_written(route, "scenario", policies),)) for at, route in enumerate(plan.routes))
    return tuple(
        each
        for at, reasons in names
        for each in (
            Input(_changed_route(at, "scenario", lambda name: f"{name}-x"), reasons),
            Input(_without_route(at), reasons),
        )
    )


def _written(route: Route, path: str, policies: Policies) -> Step:
    """What people wrote about a scenario, for values that come straight from there."""
    if path == "track" and route.ticket is not None:
        place = policies.place("tracks.yaml", "dollar_track", "escalation", "ticket")
        return Step("ask_for_tickets", f"{route.scenario} needs a ticket", place)
    place = policies.scenario_place(route.scenario, path)
    return Step("describe_scenarios", f"`{path}` of scenario {route.scenario}", place)


def _hop_reasons(route: Route, hop: Hop) -> tuple[Step, ...]:
    steps = (step for step in route.trace if step.place == hop.place)
    return tuple(replace(step, what=f"{route.scenario}: {step.what}") for step in steps)


def _key_reasons(route: Route, key: KeyClass, policies: Policies) -> Iterator[Step]:
    scenario = policies.scenarios[route.scenario]
    moved = [step for step in route.trace if step.decided_by in ("apply_downgraded", "apply_situation")]
    behind = [step for step in route.trace if step.decided_by == "add_downgrades" and step.what == f"then track {key}"]
    said = f"{route.scenario}: key {key}"
    if key != route.track:
        yield from (replace(step, what=said) for step in behind)
    elif scenario.track == route.track:
        yield Step("describe_scenarios", said, policies.scenario_place(route.scenario, "track"))
    else:
        yield from (replace(step, what=said) for step in moved)


def _preference_reasons(route: Route, field: str, policies: Policies) -> tuple[Step, ...]:
    """The lines behind a preference: blocks before the scenario, the scenario before the track."""
    top = _PREFERENCES[field][0]
    said = f"{route.scenario}: {'.'.join(_PREFERENCES[field])}"
    required = tuple(
        Step("set_preferences", f"{said}, as the block on {block.label} requires",
             policies.place("sensitive-data.yaml", "blocks", index, "require", top))
        for index, block in blocks_on(policies, route.labels)
        if getattr(block.require, top, None) is not None
    )  # fmt: skip
    own = policies.scenarios[route.scenario].provider
    if required:
        return required
    if own and top in own.model_fields_set:
        place = policies.scenario_place(route.scenario, "provider", *_PREFERENCES[field])
        return (Step("set_preferences", f"{said} of the scenario", place),)
    keys = dict.fromkeys(hop.key for hop in route.hops if getattr(hop.preferences, field) not in (None, ()))
    places = (
        (key, policies.place("tracks.yaml", TRACK_KEYS[key], "provider", *_PREFERENCES[field]))
        for key in keys
        if key in TRACK_KEYS
    )
    return tuple(Step("set_preferences", f"{said} of the {key} track", place) for key, place in places)


def _with_route(plan: AnyPlan, at: int, route: Route) -> AnyPlan:
    return replace(plan, routes=(*plan.routes[:at], route, *plan.routes[at + 1 :]))


def _changed_route(at: int, field: str, change: Callable[[Any], Any]) -> Callable[[AnyPlan], AnyPlan]:
    def changed(plan: AnyPlan) -> AnyPlan:
        route = plan.routes[at]
        fields: dict[str, Any] = {field: change(getattr(route, field))}
        return _with_route(plan, at, replace(route, **fields))

    return changed


def _without_route(at: int) -> Callable[[AnyPlan], AnyPlan]:
    return lambda plan: replace(plan, routes=(*plan.routes[:at], *plan.routes[at + 1 :]))


def _changed_hop(at: int, number: int, model: str) -> Callable[[AnyPlan], AnyPlan]:
    """Another model at one place of one route, with the facts of the old one."""

    def changed(plan: AnyPlan) -> AnyPlan:
        route, other = plan.routes[at], f"{model}-x"
        hops = tuple(replace(hop, model=other) if index == number else hop for index, hop in enumerate(route.hops))
        plan = _with_route(plan, at, replace(route, hops=hops))
        if isinstance(plan, AccountPlan):
            return plan
        known = tuple(replace(facts, slug=other) for facts in plan.models if facts.slug == model)
        return replace(plan, models=tuple(dict.fromkeys((*plan.models, *known))))

    return changed


def _guard_inputs(plan: AnyPlan, model: str) -> Group:
    """Where a guard may send turns: these ways hold a model in place when every route has another."""
    if isinstance(plan, AccountPlan):
        return ()
    places = [(route.scenario, hop) for route in plan.guard.routes for hop in route.instead if hop.model == model]
    return tuple(
        Input(_changed_guard(model), (Step("plan_guard", f"{scenario}: instead {model}", hop.place),))
        for scenario, hop in places[:1]
    )


def _guard_preference(plan: AnyPlan, field: str) -> Group:
    """What work of no scenario asks for, as a guard's ways have it: no reason of its own, it sums up the routes'."""
    if isinstance(plan, AccountPlan) or not any(route.instead for route in plan.guard.routes):
        return ()

    def other(hop: Hop) -> Hop:
        changed: dict[str, Any] = {field: _other(getattr(hop.preferences, field))}
        return replace(hop, preferences=replace(hop.preferences, **changed))

    return (Input(lambda plan: _with_guard_hops(plan, other), ()),)


def _changed_guard(model: str) -> Callable[[AnyPlan], AnyPlan]:
    """Another model wherever a guard may send a turn to this one."""

    def changed(plan: AnyPlan) -> AnyPlan:
        if isinstance(plan, AccountPlan):
            return plan
        known = tuple(replace(facts, slug=f"{model}-x") for facts in plan.models if facts.slug == model)
        more = replace(plan, models=tuple(dict.fromkeys((*plan.models, *known))))
        return _with_guard_hops(more, lambda hop: replace(hop, model=f"{model}-x") if hop.model == model else hop)

    return changed


def _with_guard_hops(plan: AnyPlan, change: Callable[[Hop], Hop]) -> AnyPlan:
    if isinstance(plan, AccountPlan):
        return plan

    def other(hops: tuple[Hop, ...] | None) -> tuple[Hop, ...] | None:
        return hops and tuple(change(hop) for hop in hops)

    routes = tuple(
        replace(
            route, instead=other(route.instead) or (), past_share=other(route.past_share),
            past_cap=other(route.past_cap),
        )
        for route in plan.guard.routes
    )  # fmt: skip
    return replace(plan, guard=replace(plan.guard, routes=routes))


def _each_hop(at: int, change: Callable[[Hop], Hop]) -> Callable[[AnyPlan], AnyPlan]:
    def changed(plan: AnyPlan) -> AnyPlan:
        route = plan.routes[at]
        return _with_route(plan, at, replace(route, hops=tuple(change(hop) for hop in route.hops)))

    return changed


def _other_preference(at: int, field: str) -> Callable[[AnyPlan], AnyPlan]:
    def changed(hop: Hop) -> Hop:
        other: dict[str, Any] = {field: _other(getattr(hop.preferences, field))}
        return replace(hop, preferences=replace(hop.preferences, **other))

    return _each_hop(at, changed)


def _other(value: Any) -> Any:
    """Another value of the same kind for a preference; what is unset stays so."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, tuple):
        return (*value, "x") if value else value
    words = {"deny": "allow", "allow": "deny", "price": "latency", "throughput": "latency", "latency": "price"}
    return value + 1 if isinstance(value, Decimal) else words.get(value)


def _other_key(at: int, key: KeyClass) -> Callable[[AnyPlan], AnyPlan]:
    return _each_hop(at, lambda hop: replace(hop, key=_OTHER_KEY[key]) if hop.key == key else hop)
