"""Which Mac takes up which routes, and what else its roles make it do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Literal

from compiler.guarded import Past, plan_guard
from compiler.plan import Guard, Label, MachinePlan, MlxServer, Model, Route, Schedule
from compiler.policy import Policies
from compiler.policy.blocks import blocks_on
from compiler.policy.fleet import Machine

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def plan_machines(routes: tuple[Route, ...], past: Past, policies: Policies) -> Mapping[str, MachinePlan]:
    """Every machine's plan. Machines that differ in nothing but name and owner share one plan, made once."""
    machines: dict[str, MachinePlan] = {}
    alike: dict[object, MachinePlan] = {}
    labels = tuple(_labels(policies))
    for name, machine in policies.fleet.machines.items():
        profile = _profile(machine)
        if profile not in alike:
            alike[profile] = _machine_plan(machine, routes, labels, past, policies)
        machines[name] = alike[profile]
    return MappingProxyType(machines)


def _profile(machine: Machine) -> object:
    """All of a machine that its plan depends on."""
    mlx = machine.mlx and (machine.mlx.model, machine.mlx.context_tokens, machine.mlx.port)
    return (machine.tier, machine.is_laptop, machine.roles, machine.user, machine.gateway, mlx)


def _machine_plan(
    machine: Machine, routes: tuple[Route, ...], labels: tuple[Label, ...], past: Past, policies: Policies
) -> MachinePlan:
    roles = frozenset(machine.roles)
    here = tuple(route for route in routes if _takes_up(machine.tier, roles, route))
    taken = tuple(route for route in here if route.paused is None)
    gateway = policies.fleet.machines[machine.gateway].address if machine.gateway else None
    weekly = policies.acceptance.schedule if policies.acceptance and "harness" in roles else None
    always_on = machine.tier == "remote"
    guard = plan_guard(taken, past, policies)
    return MachinePlan(
        tier=machine.tier,
        always_on=always_on,
        roles=tuple(sorted(roles)),
        prefix=policies.fleet.prefix,
        user=machine.user if always_on else None,
        gateway=gateway if "openclaw" in roles else None,
        mlx=MlxServer(machine.mlx.model, machine.mlx.context_tokens, machine.mlx.port) if machine.mlx else None,
        routes=taken,
        models=tuple(_models(taken, guard, policies)),
        labels=labels,
        harness=Schedule(WEEKDAYS.index(weekly.weekday) + 1, weekly.hour, weekly.minute) if weekly else None,
        paused=tuple(route for route in here if route.paused is not None),
        guard=guard,
        places=(
            policies.place("fleet.yaml", "prefix"),
            *((policies.place("acceptance.yaml", "schedule", key=True),) if weekly else ()),
        ),
    )


def _takes_up(tier: Literal["local", "remote"], roles: frozenset[str], route: Route) -> bool:
    """Cursor routes go where people use Cursor; local ones where an MLX server runs; all others to the gateways."""
    if route.surface == "cursor":
        return "cursor" in roles
    if route.tier == "local":
        return tier == "local" and {"openclaw", "mlx"} <= roles
    return "gateway" in roles


def _models(routes: tuple[Route, ...], guard: Guard, policies: Policies) -> Iterator[Model]:
    hops = [hop for route in routes for hop in route.hops]
    for slug in sorted({hop.model for hop in (*hops, *guard.instead_of(*routes))}):
        if facts := policies.lock.facts(slug):
            yield facts


def _labels(policies: Policies) -> Iterator[Label]:
    for name, label in sorted(policies.sensitive.labels.items()):
        place = policies.place("sensitive-data.yaml", "labels", name, key=True)
        reasons = tuple(block.reason for _, block in blocks_on(policies, (name,)))
        yield Label(
            name, label.title, label.repos, label.paths, place, reasons,
            detectors=tuple(sorted(set(label.detectors))), patterns=tuple(dict.fromkeys(label.patterns)),
            when_denied=label.when_denied,
        )  # fmt: skip
