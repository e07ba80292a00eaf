"""Rules about surfaces: each kind of work has one seat, and nobody works on a surface without a route."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.cursor_names import alias_problem
from compiler.plan import MLX_PREFIX, Plan
from compiler.policy import Policies
from compiler.policy.scenario import SLOTS
from compiler.rules.registry import Problem, plan_rule, policy_rule, several


@policy_rule(
    "VN221", "scenario-without-track", "A scenario names no track", fix="add `track: token`, `dollar` or `gray`"
)
def scenario_without_track(policies: Policies) -> Iterator[Problem]:
    """The track is the key that pays. A default would be a route that nobody chose."""
    for name, scenario in policies.scenarios.items():
        if scenario.track is None:
            yield Problem(policies.scenario_place(name, "scenario"), f"scenario {name!r} names no track")


@policy_rule("VN222", "slot-claimed-twice", "Two scenarios claim the same seat", fix="let one of them go without it")
def slot_claimed_twice(policies: Policies) -> Iterator[Problem]:
    """A Cursor mode has one model, and OpenClaw one compaction model for all agents. The loser would not be told."""
    taken: dict[tuple[str, str], str] = {}
    for name, scenario in policies.scenarios.items():
        for index, slot in enumerate(scenario.slots):
            if (other := taken.setdefault((scenario.surface, slot), name)) != name or slot in scenario.slots[:index]:
                place = policies.scenario_place(name, "slots", index)
                yield Problem(place, f"slot {slot!r} of {scenario.surface} is already taken by {other!r}")


@policy_rule("VN224", "slot-of-other-surface", "A seat does not exist on the scenario's surface", fix="see the list")
def slot_of_other_surface(policies: Policies) -> Iterator[Problem]:
    """Cursor has modes, OpenClaw has global model settings; one cannot stand in for the other."""
    for name, scenario in policies.scenarios.items():
        for index, slot in enumerate(scenario.slots):
            if slot not in SLOTS[scenario.surface]:
                fix = f"slots of {scenario.surface}: {', '.join(SLOTS[scenario.surface])}"
                place = policies.scenario_place(name, "slots", index)
                yield Problem(place, f"{scenario.surface} has no slot {slot!r}", fix)


@policy_rule("VN225", "cursor-without-slot", "A Cursor scenario takes no mode", fix="add `slots:`, such as [composer]")
def cursor_without_slot(policies: Policies) -> Iterator[Problem]:
    """Cursor picks a model by mode. A scenario without a mode would be reachable by hand only."""
    for name, scenario in policies.scenarios.items():
        if scenario.surface == "cursor" and not scenario.slots:
            yield Problem(policies.scenario_place(name, "surface"), f"Cursor scenario {name!r} takes no mode")


@policy_rule(
    "VN226", "cursor-alias", "A Cursor alias would not reach our route", fix="choose a neutral name, such as team-ide"
)
def cursor_alias(policies: Policies) -> Iterator[Problem]:
    """Cursor sends names with claude- to Anthropic and takes names of its own catalogue for its own models; gpt- names
    get request bodies that OpenRouter refuses. Two scenarios under one alias would be one route."""
    seen: dict[str, str] = {}
    for name, scenario in policies.scenarios.items():
        if scenario.surface != "cursor":
            continue
        alias, place = scenario.alias or name, policies.scenario_place(name, "alias" if scenario.alias else "scenario")
        if problem := alias_problem(alias):
            yield Problem(place, problem)
        if (other := seen.setdefault(alias.lower(), name)) != name:
            yield Problem(place, f"alias {alias!r} is already taken by {other!r}")


@policy_rule(
    "VN227", "cursor-needs-api", "A Cursor route leads to a model that Cursor cannot reach", fix="use `tier: api`"
)
def cursor_needs_api(policies: Policies) -> Iterator[Problem]:
    """Cursor's servers make the call and refuse private addresses, so MLX on a Mac is out of their reach."""
    for name, scenario in policies.scenarios.items():
        if scenario.surface == "cursor" and scenario.tier != "api":
            yield Problem(policies.scenario_place(name, "tier"), f"Cursor cannot reach the {scenario.tier} tier")
        for index, model in enumerate(scenario.route.fallbacks if scenario.route else ()):
            if scenario.surface == "cursor" and model.startswith(MLX_PREFIX):
                place = policies.scenario_place(name, "route", "fallbacks", index)
                yield Problem(place, f"Cursor cannot reach {model!r}", "remove it from the route")


@policy_rule("VN228", "key-of-other-surface", "A key has no meaning on the scenario's surface", fix="remove it")
def key_of_other_surface(policies: Policies) -> Iterator[Problem]:
    """What is written must hold. An alias or a permission list on an OpenClaw scenario would do nothing."""
    for name, scenario in policies.scenarios.items():
        for key in ("alias", "permissions"):
            if scenario.surface != "cursor" and getattr(scenario, key) is not None:
                place = policies.scenario_place(name, key, key=True)
                yield Problem(place, f"{key!r} is for Cursor scenarios, {name!r} is on {scenario.surface}")


@policy_rule(
    "VN229", "tier-mismatch", "The primary does not run on the scenario's tier", fix="correct `tier` or the primary"
)
def tier_mismatch(policies: Policies) -> Iterator[Problem]:
    """tier says where the primary runs: an mlx/ model on a Mac (local, remote), anything else at the API."""
    for name, scenario in policies.scenarios.items():
        models = policies.track_models(scenario.track or "token")
        primary = scenario.route.primary if scenario.route else models[0][0] if models else ""
        path = ("route", "primary") if scenario.route else ("tier",)
        if primary and primary.startswith(MLX_PREFIX) != (scenario.tier != "api"):
            said = f"tier is {scenario.tier!r}, but the primary is {primary!r}"
            yield Problem(policies.scenario_place(name, *path), said)


@plan_rule(
    "VN223", "surface-without-scenario", "A Mac has a surface that no scenario serves",
    fix="write a scenario for it, or take the role from the machine; there is no global default by design",
)  # fmt: skip
def surface_without_scenario(plan: Plan, policies: Policies) -> Iterator[Problem]:
    """A surface without a scenario would fall back to whatever model its vendor ships: the default nobody chose."""
    machines = policies.fleet.machines
    for role, surface in (("cursor", "cursor"), ("gateway", "openclaw")):
        bare = [name for name, mac in plan.machines.items() if role in machines[name].roles and not mac.on(surface)]
        paused = [route.scenario for name in bare for route in plan.machines[name].paused if route.surface == surface]
        if paused and surface == "cursor":
            continue  # the guard refuses their aliases, and labelled data to every other model
        if bare:  # one scenario is missing, on however many Macs
            place = policies.place("fleet.yaml", "machines", bare[0], "roles", machines[bare[0]].roles.index(role))
            but = f" that is not paused ({several(sorted(set(paused)))})" if paused else ""
            yield Problem(place, f"no scenario{but} serves {surface} on {several(bare)}")


@plan_rule(
    "VN230", "scenario-without-machine", "No Mac takes the scenario up",
    fix="give a machine the role that it needs (tier local: openclaw and mlx; else: gateway; Cursor: cursor)",
)  # fmt: skip
def scenario_without_machine(plan: Plan, policies: Policies) -> Iterator[Problem]:
    """A scenario that is compiled into no Mac is a promise that nobody keeps."""
    served = {route.scenario for machine in plan.machines.values() for route in (*machine.routes, *machine.paused)}
    for name in policies.scenarios:
        if name not in served:
            yield Problem(policies.scenario_place(name, "scenario"), f"no machine takes up scenario {name!r}")
