"""Two compiles → what changes for people: routes, Macs, dollars, blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from compiler.compile import Compiled
from compiler.diagnostics import Place
from compiler.plan import Plan, Preferences, Route
from compiler.policy import Policies
from compiler.policy.blocks import blocks_on, denial

MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Difference:
    """One property of a route before and after, and the policy line that decides it now."""

    what: str
    before: str
    after: str
    place: Place


@dataclass(frozen=True, slots=True)
class RouteChange:
    """What changes for one scenario. Prices: USD per million tokens of the primary, prompt and completion blended."""

    scenario: str
    kind: Literal["added", "removed", "changed"]
    machines: tuple[str, ...]
    differences: tuple[Difference, ...]
    price_before: Decimal | None
    price_after: Decimal | None
    dollars: Decimal

    @property
    def is_rerouted(self) -> bool:
        """Whether calls go elsewhere at once: to another primary, on another key, or from other Macs."""
        return self.kind != "changed" or any(d.what in ("primary", "key", "machines") for d in self.differences)


@dataclass(frozen=True, slots=True)
class Loosened:
    """A block that holds less than before."""

    what: str
    place: Place


@dataclass(frozen=True, slots=True)
class Change:
    """All that changes between two compiles. `dollars`: change of the month's bill at list price."""

    routes: tuple[RouteChange, ...]
    loosened: tuple[Loosened, ...]
    machines_touched: tuple[str, ...]
    machines: int
    scenarios: int
    dollars: Decimal


def compare(before: Compiled | None, after: Compiled) -> Change:
    """What `after` changes. Without a `before` everything is new."""
    routes = tuple(_route_changes(before, after))
    touched = tuple(sorted(_touched(before, after)))
    old_machines = before.plans[0].machines if before else {}
    old_scenarios = before.policies.scenarios if before else {}
    return Change(
        routes=routes,
        loosened=tuple(_loosened(before.policies, after.policies)) if before else (),
        machines_touched=touched,
        machines=len({*after.plans[0].machines, *old_machines}),
        scenarios=len({*after.policies.scenarios, *old_scenarios}),
        dollars=sum((route.dollars for route in routes), Decimal(0)),
    )


def _route_changes(before: Compiled | None, after: Compiled) -> Iterator[RouteChange]:
    old = _by_scenario(before.plans[0]) if before else {}
    new = _by_scenario(after.plans[0])
    for scenario in sorted({*old, *new}):
        was, now = old.get(scenario), new.get(scenario)
        was_on = _machines(before.plans[0], scenario) if before else ()
        now_on = _machines(after.plans[0], scenario)
        differences = tuple(_differences(was, now, was_on, now_on, after)) if was and now else ()
        price_before, price_after = _price(was, before), _price(now, after)
        dollars = _month(scenario, price_after, after) - (_month(scenario, price_before, before) if before else 0)
        if was is None or now is None:
            kind: Literal["added", "removed"] = "added" if was is None else "removed"
            yield RouteChange(scenario, kind, now_on or was_on, (), price_before, price_after, dollars)
        elif differences or price_before != price_after or dollars:
            yield RouteChange(scenario, "changed", now_on, differences, price_before, price_after, dollars)


def _by_scenario(plan: Plan) -> Mapping[str, Route]:
    return {route.scenario: route for route in plan.routes}


def _machines(plan: Plan, scenario: str) -> tuple[str, ...]:
    hosts = {id(m) for m in plan.machines.values() if any(route.scenario == scenario for route in m.routes)}
    return tuple(sorted(name for name, machine in plan.machines.items() if id(machine) in hosts))


def _differences(
    was: Route, now: Route, was_on: tuple[str, ...], now_on: tuple[str, ...], after: Compiled
) -> Iterator[Difference]:
    place = after.policies.scenario_place(now.scenario, "scenario")
    first = now.hops[0].place
    sides = [
        ("primary", was.hops[0].model, now.hops[0].model, first),
        ("fallbacks", _models(was), _models(now), now.hops[1].place if now.hops[1:] else first),
        ("key", was.hops[0].key, now.hops[0].key, first),
        ("provider", _wishes(was.hops[0].preferences), _wishes(now.hops[0].preferences), first),
        ("labels", ", ".join(was.labels), ", ".join(now.labels), place),
        ("slots", ", ".join(was.slots), ", ".join(now.slots), place),
        ("tier", was.tier, now.tier, place),
        ("ticket", was.ticket or "", now.ticket or "", place),
        ("alias", was.alias or "", now.alias or "", place),
        ("machines", ", ".join(was_on), ", ".join(now_on), place),
    ]
    return (Difference(what, old, new, where) for what, old, new, where in sides if old != new)


def _models(route: Route) -> str:
    return ", ".join(hop.model for hop in route.hops[1:])


def _wishes(preferences: Preferences) -> str:
    wishes = ((name, getattr(preferences, name)) for name in Preferences.__slots__)
    return ", ".join(f"{name}: {_word(value)}" for name, value in wishes if value not in (None, ()))


def _word(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value).lower()


def _price(route: Route | None, side: Compiled | None) -> Decimal | None:
    """List price of a route's primary in USD per million tokens, blended by market.yaml's prompt share."""
    if route is None or side is None:
        return None
    facts = side.policies.lock.facts(route.hops[0].model)
    if facts is None or facts.is_mlx:
        return Decimal(0) if facts else None
    if facts.prompt_price is None or facts.completion_price is None:
        return None
    prompts = side.policies.market.volume.prompt_share if side.policies.market else Decimal(1)
    return prompts * facts.prompt_price + (1 - prompts) * facts.completion_price


def _month(scenario: str, price: Decimal | None, side: Compiled) -> Decimal:
    """Dollars a month of a scenario at list price, by its expected share of market.yaml's volume."""
    known = side.policies.scenarios.get(scenario)
    if price is None or known is None or known.expected_share is None or side.policies.market is None:
        return Decimal(0)
    return price * known.expected_share * side.policies.market.volume.tokens_per_month / MILLION


def _touched(before: Compiled | None, after: Compiled) -> Iterator[str]:
    """Macs of which any standing file appears, disappears or changes."""
    old, new = (_files_of(side) if side else {} for side in (before, after))
    return (name for name in {*old, *new} if old.get(name) != new.get(name))


def _files_of(side: Compiled) -> dict[str, dict[str, bytes]]:
    standing = (bundle for bundle in side.bundles if not bundle.folder)
    return {m: {a.path: a.content for a in b.artifacts} for b in standing for m in b.machines}


def _loosened(before: Policies, after: Policies) -> Iterator[Loosened]:
    """Every way in which labels protect less: a model admitted, a requirement or a place of data dropped."""
    top = after.place("sensitive-data.yaml")
    for name, label in before.sensitive.labels.items():
        if name not in after.sensitive.labels:
            yield Loosened(f"label {name!r} is gone", top)
            continue
        here = after.place("sensitive-data.yaml", "labels", name, key=True)
        for kind in ("repos", "paths"):
            for gone in sorted(set(getattr(label, kind)) - set(getattr(after.sensitive.labels[name], kind))):
                yield Loosened(f"label {name!r} no longer covers {kind[:-1]} {gone!r}", here)
        admitted = sorted(_denied(name, before) - _denied(name, after))
        if admitted:
            yield Loosened(f"label {name!r} may now reach {', '.join(admitted)}", here)
        for wish in sorted(_required(name, before) - _required(name, after)):
            yield Loosened(f"label {name!r} no longer requires {wish}", here)
    for name, scenario in before.scenarios.items():
        for carried in scenario.data if name in after.scenarios else ():
            if carried in after.sensitive.labels and carried not in after.scenarios[name].data:
                where = after.scenario_place(name, "data", key=True)
                yield Loosened(f"scenario {name!r} no longer carries label {carried!r}", where)


def _denied(label: str, policies: Policies) -> set[str]:
    """Models that the label may not reach, and the patterns and classes as they stand: models come and go."""
    blocks = [block for _, block in blocks_on(policies, (label,))]
    known = (*policies.lock.models, *policies.lock.mlx)
    models = {model for model in known for block in blocks if denial(block, model, policies)}
    return models | {f"everything {word!r} stands for" for block in blocks for word in block.deny}


def _required(label: str, policies: Policies) -> set[str]:
    wishes = (block.require.model_dump(exclude_none=True) for _, block in blocks_on(policies, (label,)))
    return {f"{key}: {_word(value)}" for wish in wishes for key, value in wish.items() if value}
