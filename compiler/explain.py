"""What becomes of one scenario: its route and why, what it can reach and by which way, what blocks keep from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from compiler.compile import Bundle, Compiled
from compiler.diagnostics import Place
from compiler.plan import AccountPlan, Hop, Preferences, Route, Step
from compiler.policy import LOCK_FILE, Policies
from compiler.policy.blocks import blocks_on, denial
from compiler.targets import Target
from compiler.verify import reaches


@dataclass(frozen=True, slots=True)
class Candidate:
    """One hop of the route with its list prices (USD per million tokens; None: nobody bills per token)."""

    hop: Hop
    prompt_price: Decimal | None
    completion_price: Decimal | None
    #: where the prices are pinned
    priced_at: Place

    @property
    def preferences(self) -> Mapping[str, Any]:
        """What is asked of OpenRouter, without what is left open."""
        wishes = {each.name: getattr(self.hop.preferences, each.name) for each in fields(Preferences)}
        return {name: value for name, value in wishes.items() if value not in (None, ())}


@dataclass(frozen=True, slots=True)
class Reached:
    """The models that machines with one plan let the scenario reach, each with every path to it."""

    #: no machine: the team's account
    machines: tuple[str, ...]
    models: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Denied:
    """What one block does to the scenario: pinned models that it keeps away, by reason, and what calls must ask for."""

    label: str
    reason: str
    place: Place
    models: Mapping[str, tuple[str, ...]]
    require: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Contingency:
    """The route in a situation that may come; `route` is None where it stays as it stands."""

    situation: str
    folder: str
    route: Route | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that there is to say about a scenario."""

    route: Route
    candidates: tuple[Candidate, ...]
    reached: tuple[Reached, ...]
    denied: tuple[Denied, ...]
    contingencies: tuple[Contingency, ...]
    #: machines that take the scenario up, whichever was asked about
    machines: tuple[str, ...]


def explain(compiled: Compiled, targets: Sequence[Target], scenario: str, machine: str | None = None) -> Explanation:
    """Explain a scenario that exists, on one machine or on all."""
    policies, standing = compiled.policies, compiled.plans[0]
    route = _route(standing.routes, scenario)
    here = [bundle for bundle in compiled.bundles if not bundle.folder]
    return Explanation(
        route=route,
        candidates=tuple(_candidate(hop, policies) for hop in route.hops),
        reached=tuple(_reached(here, targets, scenario, machine)),
        denied=tuple(_denied(route, policies)),
        contingencies=tuple(
            _contingency(plan.situation, plan.folder, route, _route(plan.routes, scenario))
            for plan in compiled.plans[1:]
        ),
        machines=tuple(name for name, plan in standing.machines.items() if route in (*plan.routes, *plan.paused)),
    )


def _route(routes: Sequence[Route], scenario: str) -> Route:
    return next(route for route in routes if route.scenario == scenario)


def _candidate(hop: Hop, policies: Policies) -> Candidate:
    facts = policies.lock.facts(hop.model)
    prices = (facts.prompt_price, facts.completion_price) if facts else (None, None)
    kind = "mlx" if facts and facts.is_mlx else "models"
    return Candidate(hop, *prices, policies.place(LOCK_FILE, kind, hop.model, "pricing", key=True))


def _reached(
    bundles: Sequence[Bundle], targets: Sequence[Target], scenario: str, machine: str | None
) -> Iterator[Reached]:
    for bundle in bundles:
        if machine is not None and machine not in bundle.machines:
            continue
        models: dict[str, list[str]] = {}
        for reach in reaches(bundle.artifacts, targets):
            if reach.scenario == scenario and reach.path not in models.setdefault(reach.model, []):
                models[reach.model].append(reach.path)
        if models:
            machines = (
                () if isinstance(bundle.plan, AccountPlan) else bundle.machines if machine is None else (machine,)
            )
            yield Reached(machines, {model: tuple(paths) for model, paths in sorted(models.items())})


def _denied(route: Route, policies: Policies) -> Iterator[Denied]:
    pinned = sorted((*policies.lock.models, *policies.lock.mlx))
    for index, block in blocks_on(policies, route.labels):
        by_reason: dict[str, list[str]] = {}
        for model in pinned:
            if why := denial(block, model, policies):
                by_reason.setdefault(why, []).append(model)
        yield Denied(
            label=block.label,
            reason=block.reason,
            place=policies.place("sensitive-data.yaml", "blocks", index, "label"),
            models={why: tuple(models) for why, models in by_reason.items()},
            require=block.require.model_dump(exclude_none=True),
        )


def _contingency(situation: str, folder: str, standing: Route, route: Route) -> Contingency:
    if route == standing:
        return Contingency(situation, folder, None, ())
    known = set(standing.trace)
    return Contingency(situation, folder, route, tuple(step for step in route.trace if step not in known))
