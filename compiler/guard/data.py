"""Plan to guard.json: the answers that a guard looks up, in OpenClaw's names of models and Cursor's aliases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from compiler.diagnostics import Place
from compiler.guard.detectors import used
from compiler.openclaw_names import model_ref
from compiler.plan import CapLine, GrayCeiling, GuardedRoute, Hop, MachinePlan, Model, Route
from compiler.templates import templates

FORMAT = "weathervane/guard/1"


@dataclass(frozen=True, slots=True)
class _Scenario:
    """A route as the template fills it in."""

    route: Route
    known: GuardedRoute
    candidates: list[dict[str, Any]]
    instead: list[dict[str, Any]]
    past_share: list[str] | None
    past_cap: list[str] | None


@lru_cache(maxsize=8)  # two targets write the same file
def guard_json(plan: MachinePlan) -> bytes:
    """The file for one Mac; equal for equal plans."""
    scenarios = [_scenario(route, plan) for route in sorted(plan.on("openclaw"), key=lambda route: route.scenario)]
    labels = sorted(plan.labels, key=lambda label: label.name)
    text = templates(__package__ or "").get_template("guard.json.j2").render(
        format=FORMAT,
        labels=labels,
        detectors=used(name for label in labels for name in label.detectors),
        scenarios=scenarios,
        gray=_gray(plan.guard.gray),
        caps=[_cap(cap) for cap in plan.guard.caps],
        prices=list(_prices(plan)),
        cursor=_cursor(plan) if "cursor" in plan.roles else None,
    )  # fmt: skip
    return (json.dumps(json.loads(text), ensure_ascii=False, indent=1) + "\n").encode()


def sources(plan: MachinePlan) -> tuple[Place, ...]:
    """The policy lines behind the file."""
    routes = (*plan.routes, *plan.paused)
    places = [place for route in routes for place in (*route.places, *(hop.place for hop in route.hops))]
    places += [hop.place for hop in plan.guard.instead_of(*plan.routes)]
    return tuple(sorted({*places, *(label.place for label in plan.labels), *plan.places}))


def _scenario(route: Route, plan: MachinePlan) -> _Scenario:
    every = tuple(sorted(label.name for label in plan.labels))
    # of a route that nobody decided about nothing is known, so no label may reach it
    known = plan.guard.of(route) or GuardedRoute(route.scenario, (every,) * len(route.hops))
    return _Scenario(
        route,
        known,
        [_choice(hop, denied) for hop, denied in zip(route.hops, known.denied, strict=True)],
        [_choice(hop, denied) for hop, denied in zip(known.instead, known.instead_denied, strict=True)],
        _refs(known.past_share),
        _refs(known.past_cap),
    )


def _choice(hop: Hop, denied: tuple[str, ...]) -> dict[str, Any]:
    return {"model": model_ref(hop), "key": hop.key, "denied": list(denied)}


def _refs(hops: tuple[Hop, ...] | None) -> list[str] | None:
    return None if hops is None else [model_ref(hop) for hop in hops]


def _gray(ceiling: GrayCeiling | None) -> dict[str, Any] | None:
    return (
        None if ceiling is None else {"max_share": f"{ceiling.max_share:f}", "window_hours": ceiling.window_days * 24}
    )


def _cap(cap: CapLine) -> dict[str, Any]:
    return {**asdict(cap), "limit_usd": f"{cap.limit_usd:f}"}


def _prices(plan: MachinePlan) -> Iterator[tuple[str, dict[str, str] | None]]:
    """What each model costs that a turn may go to."""
    hops = [hop for route in plan.on("openclaw") for hop in route.hops]
    hops += plan.guard.instead_of(*plan.on("openclaw"))
    facts = {model.slug: model for model in plan.models}
    for ref, slug in sorted({(model_ref(hop), hop.model) for hop in hops}):
        yield ref, _price(facts[slug])


def _price(model: Model) -> dict[str, str] | None:
    """USD per million tokens, as text."""
    rates = model.rates
    if not rates.prompt and not rates.completion:
        return None
    return {kind: f"{price:f}" for kind, price in rates._asdict().items()}


def _cursor(plan: MachinePlan) -> dict[str, Any]:
    """Aliases, and who may see what. A route that does not carry a label was never proved for it: it is not cleared."""
    routes = {route.alias or route.scenario: route for route in plan.on("cursor")}
    paused = {route.alias or route.scenario: route.paused for route in plan.paused if route.surface == "cursor"}
    return {
        "aliases": {alias: route.scenario for alias, route in sorted(routes.items())},
        # the account keeps a preset for ever, so a person who kept its name in Cursor must be stopped
        "paused": dict(sorted(paused.items())),
        "tickets": {alias: route.ticket for alias, route in sorted(routes.items()) if route.ticket is not None},
        "cleared": {
            label.name: [alias for alias, route in sorted(routes.items()) if label.name in route.labels]
            for label in sorted(plan.labels, key=lambda label: label.name)
        },
    }
