"""Two compiles → what changes for people: routes, Macs, dollars, blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from compiler.compile import Compiled
from compiler.diagnostics import Place
from compiler.loosened import Loosened, loosened
from compiler.plan import Plan, Preferences, Route
from compiler.policy import Policies

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
        return self.kind != "changed" or any(
            d.what in ("primary", "key", "machines", "paused") for d in self.differences
        )


@dataclass(frozen=True, slots=True)
class Change:
    """All that changes between two compiles. `dollars`: change of the month's bill at list price."""

    routes: tuple[RouteChange, ...]
    loosened: tuple[Loosened, ...]
    machines_touched: tuple[str, ...]
    machines: int
    scenarios: int
    dollars: Decimal
    #: changes of the routes as they would be if no track were downgraded: what thresholds are for. A downgrade is a
    #: switch to what was compiled ahead and reviewed, and its end a switch back
    reviewed: tuple[RouteChange, ...]
    #: whether nothing but `downgraded` changes
    is_downgrade_alone: bool


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What turns list prices into a month's bill. Both sides are held against one, or a change could lower its own."""

    prompt_share: Decimal
    tokens_per_month: Decimal
    #: scenario → part of the tokens
    shares: Mapping[str, Decimal]

    def price(self, route: Route | None, side: Compiled | None) -> Decimal | None:
        """List price of a route's primary in USD per million tokens, prompt and completion blended."""
        if route is None or side is None or route.paused is not None:
            return None
        facts = side.policies.lock.facts(route.hops[0].model)
        if facts is None or facts.is_mlx:
            return Decimal(0) if facts else None
        if facts.prompt_price is None or facts.completion_price is None:
            return None
        return self.prompt_share * facts.prompt_price + (1 - self.prompt_share) * facts.completion_price

    def month(self, scenario: str, price: Decimal | None) -> Decimal:
        """Dollars a month of a scenario at a list price."""
        return (price or 0) * self.shares.get(scenario, Decimal(0)) * self.tokens_per_month / MILLION


def yardstick(before: Compiled | None, after: Compiled) -> Yardstick:
    """Volume and shares as they were reviewed: the base's, and the new ones only where the base has none."""
    sides = [side.policies for side in (after, before) if side]
    shares = {
        name: scenario.expected_share
        for side in sides
        for name, scenario in side.scenarios.items()
        if scenario.expected_share is not None
    }
    volumes = [side.market.volume for side in sides if side.market]
    if not volumes:
        return Yardstick(Decimal(1), Decimal(0), shares)
    return Yardstick(volumes[-1].prompt_share, Decimal(volumes[-1].tokens_per_month), shares)


Files = Mapping[str, bytes]


def compare(before: Compiled | None, after: Compiled, was_files: Files, now_files: Files) -> Change:
    """What `after` changes. Without a `before` everything is new. Files: what generated/ holds on each side."""
    routes = tuple(_route_changes(before, after, _standing))
    touched = tuple(sorted(_touched(was_files, now_files)))
    old_machines = before.plans[0].machines if before else {}
    old_scenarios = before.policies.scenarios if before else {}
    return Change(
        routes=routes,
        loosened=tuple(loosened(before.policies, after.policies)) if before else (),
        machines_touched=touched,
        machines=len({*after.plans[0].machines, *old_machines}),
        scenarios=len({*after.policies.scenarios, *old_scenarios}),
        dollars=sum((route.dollars for route in routes), Decimal(0)),
        reviewed=tuple(_route_changes(before, after, _usual)),
        is_downgrade_alone=before is not None and _is_downgrade_alone(before.policies, after.policies),
    )


def _is_downgrade_alone(before: Policies, after: Policies) -> bool:
    """Whether the policies differ, and are the same without what tracks.yaml says of a downgrade."""
    was, now = (_without_downgrade(side) for side in (before, after))
    return was == now and before.tracks != after.tracks


def _without_downgrade(policies: Policies) -> tuple[object, ...]:
    dollar = policies.tracks.dollar_track
    bare = dollar and dollar.model_copy(update={"downgraded": None})
    others = {name: document.data for name, document in policies.documents.files.items() if name != "tracks.yaml"}
    return policies.tracks.model_copy(update={"dollar_track": bare}), others


def compiled_files(side: Compiled | None) -> Files:
    """Every artifact of a compile by its path inside generated/."""
    return {path: artifact.content for path, artifact in side.files()} if side else {}


def _standing(plan: Plan) -> tuple[Route, ...]:
    return plan.routes


def _usual(plan: Plan) -> tuple[Route, ...]:
    return plan.usual


def _route_changes(
    before: Compiled | None, after: Compiled, routes: Callable[[Plan], tuple[Route, ...]]
) -> Iterator[RouteChange]:
    measure = yardstick(before, after)
    old = {route.scenario: route for route in routes(before.plans[0])} if before else {}
    new = {route.scenario: route for route in routes(after.plans[0])}
    for scenario in sorted({*old, *new}):
        was, now = old.get(scenario), new.get(scenario)
        was_on = _machines(before.plans[0], scenario) if before else ()
        now_on = _machines(after.plans[0], scenario)
        differences: tuple[Difference, ...] = ()
        if before and was and now:
            differences = tuple(_differences(was, now, was_on, now_on, before.policies, after.policies))
            differences += tuple(_shares(scenario, before.policies, after.policies))
        price_before, price_after = measure.price(was, before), measure.price(now, after)
        dollars = measure.month(scenario, price_after) - measure.month(scenario, price_before)
        if was is None or now is None:
            kind: Literal["added", "removed"] = "added" if was is None else "removed"
            yield RouteChange(scenario, kind, now_on or was_on, (), price_before, price_after, dollars)
        elif differences or price_before != price_after or dollars:
            yield RouteChange(scenario, "changed", now_on, differences, price_before, price_after, dollars)


def _machines(plan: Plan, scenario: str) -> tuple[str, ...]:
    macs = plan.machines.values()
    hosts = {id(mac) for mac in macs if any(route.scenario == scenario for route in (*mac.routes, *mac.paused))}
    return tuple(sorted(name for name, machine in plan.machines.items() if id(machine) in hosts))


def _differences(
    was: Route, now: Route, was_on: tuple[str, ...], now_on: tuple[str, ...], before: Policies, after: Policies
) -> Iterator[Difference]:
    place = after.scenario_place(now.scenario, "scenario")
    sides = [
        ("downgraded", _downgrade(was, before), _downgrade(now, after), _moved_at(now, after)),
        ("paused", was.paused or "", now.paused or "", _moved_at(now, after)),
        *_where_calls_go(was, now),
        ("labels", ", ".join(was.labels), ", ".join(now.labels), place),
        ("slots", ", ".join(was.slots), ", ".join(now.slots), place),
        ("tier", was.tier, now.tier, place),
        ("ticket", was.ticket or "", now.ticket or "", place),
        ("alias", was.alias or "", now.alias or "", place),
        ("machines", ", ".join(was_on), ", ".join(now_on), place),
    ]
    return (Difference(what, old, new, where) for what, old, new, where in sides if old != new)


def _where_calls_go(was: Route, now: Route) -> Iterator[tuple[str, str, str, Place]]:
    """Models, keys and preferences; of a paused side there is no more to say than that it has none."""
    first = now.hops[0].place if now.hops else now.trace[-1].place
    yield "primary", _primary(was), _primary(now), first
    if was.hops and now.hops:
        yield "fallbacks", _fallbacks(was), _fallbacks(now), now.hops[1].place if now.hops[1:] else first
        yield "key", was.hops[0].key, now.hops[0].key, first
        yield "provider", _wishes(was.hops[0].preferences), _wishes(now.hops[0].preferences), first


def _downgrade(route: Route, policies: Policies) -> str:
    """The downgrade that took a scenario off the dollar track, in words; nothing where none did."""
    dollar = policies.tracks.dollar_track
    if dollar is None or dollar.downgraded is None or route.track == policies.scenarios[route.scenario].track:
        return ""
    return f"to {dollar.downgraded.to} until {dollar.downgraded.until}"


def _moved_at(route: Route, policies: Policies) -> Place:
    """The line that took a scenario off its track, else the one that put it there."""
    moves = [step.place for step in route.trace if step.decided_by in ("apply_downgraded", "apply_situation")]
    return moves[-1] if moves else policies.scenario_place(route.scenario, "track")


def _fallbacks(route: Route) -> str:
    return ", ".join(hop.model for hop in route.hops[1:])


def _primary(route: Route) -> str:
    return route.hops[0].model if route.hops else ""


def _wishes(preferences: Preferences) -> str:
    wishes = ((name, getattr(preferences, name)) for name in Preferences.__slots__)
    return ", ".join(f"{name}: {_word(value)}" for name, value in wishes if value not in (None, ()))


def _word(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value).lower()


def _shares(scenario: str, before: Policies, after: Policies) -> Iterator[Difference]:
    was, now = (side.scenarios[scenario].expected_share for side in (before, after))
    if was != now:
        old, new = ("" if share is None else f"{(share * 100).normalize():f} %" for share in (was, now))
        yield Difference("expected share", old, new, after.scenario_place(scenario, "expected_share"))


def _touched(old: Files, new: Files) -> Iterator[str]:
    """Macs of which any standing file appears, disappears or changes."""
    was, now = _by_machine(old), _by_machine(new)
    return (name for name in {*was, *now} if was.get(name) != now.get(name))


def _by_machine(files: Files) -> dict[str, dict[str, bytes]]:
    found: dict[str, dict[str, bytes]] = {}
    for path, content in files.items():
        folder, _, below = path.partition("/")
        machine, _, name = below.partition("/")
        if folder == "machines":
            found.setdefault(machine, {})[name] = content
    return found
