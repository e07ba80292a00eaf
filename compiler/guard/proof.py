"""Whether a guard.json holds what the policies say: every label, ticket and limit, none of them looser.

It shares no code with what writes the file. Which models a label may reach is not asked here: those are ways to a
model, which the targets read back and `compiler.verify` holds against the blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from compiler.guard.detectors import DETECTORS
from compiler.openclaw_names import PROVIDERS, model_ref
from compiler.plan import GuardedRoute, Hop, Label, MachinePlan, Model, Route
from compiler.strict_json import strict_json

#: Where the file lies, and the file beside it that makes a program ask its guard.
PLACES = (("guard/guard.json", "openclaw.json"), ("cursor/guard.json", "cursor/hooks.json"))


def unguarded(files: Mapping[str, bytes], plan: MachinePlan) -> Iterator[tuple[str, str]]:
    """(path, what is wrong) for the files of one Mac; nothing where each guard knows all that it must."""
    for path, asked_by in PLACES:
        if asked_by not in files:
            continue
        content = files.get(path)
        if content is None:
            yield path, "the guard's data is missing, so it holds nothing back"
            continue
        try:
            yield from ((path, problem) for problem in _problems(strict_json(content.decode("utf-8")), plan))
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
            yield path, f"no guard can read it: {type(error).__name__}: {error}"


def _problems(data: Mapping[str, Any], plan: MachinePlan) -> Iterator[str]:
    for label in plan.labels:
        known = data["labels"].get(label.name)
        yield from _label(label, known) if known else (f"the label {label.name!r} is missing",)
    yield from _detectors(data, plan)
    for route in plan.on("openclaw"):
        scenario = data["scenarios"].get(route.scenario)
        yield from _scenario(route, scenario, plan) if scenario else (f"scenario {route.scenario!r} is missing",)
    yield from _limits(data, plan)
    yield from _prices(data, plan)
    if "cursor" in plan.roles:
        yield from _cursor(data["cursor"], plan)


def _label(label: Label, known: Mapping[str, Any]) -> Iterator[str]:
    for field in ("repos", "paths", "detectors", "patterns"):
        for missing in sorted(set(getattr(label, field)) - set(known[field])):
            yield f"label {label.name!r}: {field} lacks {missing!r}"
    if known["when_denied"] != label.when_denied:
        yield f"label {label.name!r}: when_denied is {known['when_denied']!r}, the policy says {label.when_denied!r}"


def _detectors(data: Mapping[str, Any], plan: MachinePlan) -> Iterator[str]:
    named = {name for label in plan.labels for name in label.detectors}
    listed = {(each["name"], each["pattern"], each["check"]) for each in data["detectors"]}
    for detector in DETECTORS:
        if detector.name in named and (detector.name, detector.pattern, detector.check) not in listed:
            yield f"detector {detector.name!r} lacks the pattern {detector.pattern!r}"


def _scenario(route: Route, scenario: Mapping[str, Any], plan: MachinePlan) -> Iterator[str]:
    planned = plan.guard.of(route) or GuardedRoute(route.scenario, ())
    wanted = {
        "ticket": route.ticket,
        "incident": planned.is_incident,
        "cap": planned.cap,
        "past_share": _refs(planned.past_share),
        "past_cap": _refs(planned.past_cap),
    }
    for field, value in wanted.items():
        if scenario[field] != value:
            yield f"scenario {route.scenario!r}: {field} is {scenario[field]!r}, the policies say {value!r}"
    yield from (
        f"scenario {route.scenario!r}: it lacks label {n!r}" for n in route.labels if n not in scenario["labels"]
    )
    for choice in (*scenario["candidates"], *scenario["instead"]):
        name = choice["model"].partition("/")[0]
        if PROVIDERS.get(choice["key"]) != name:
            yield f"scenario {route.scenario!r}: {choice['model']!r} is not paid for by the {choice['key']} key"


def _refs(hops: tuple[Hop, ...] | None) -> list[str] | None:
    return None if hops is None else [model_ref(hop) for hop in hops]


def _limits(data: Mapping[str, Any], plan: MachinePlan) -> Iterator[str]:
    gray, ceiling = data["gray"], plan.guard.gray
    if ceiling is not None:
        if gray is None:
            yield "the ceiling of the gray pool is missing"
        elif Decimal(gray["max_share"]) > ceiling.max_share or gray["window_hours"] != ceiling.window_days * 24:
            yield "the ceiling of the gray pool is not the policies'"
    caps = {cap["name"]: cap for cap in data["caps"]}
    for line in plan.guard.caps:
        cap = caps.get(line.name)
        if cap is None:
            yield f"the cap {line.name!r} is missing"
        elif (Decimal(cap["limit_usd"]), cap["key"], cap["period"], cap["soft_percent"]) != (
            line.limit_usd, line.key, line.period, line.soft_percent,
        ):  # fmt: skip
            yield f"the cap {line.name!r} is not the policies'"


def _prices(data: Mapping[str, Any], plan: MachinePlan) -> Iterator[str]:
    """A price that is too low would let a budget run over."""
    facts = {model.slug: model for model in plan.models}
    hops = [hop for route in plan.on("openclaw") for hop in route.hops]
    hops += plan.guard.instead_of(*plan.on("openclaw"))
    for ref, slug in sorted({(model_ref(hop), hop.model) for hop in hops}):
        price = data["prices"].get(ref) or {}
        if any(Decimal(price.get(kind, 0)) < least for kind, least in _least(facts[slug])):
            yield f"the price of {ref!r} is below that of the lock"


def _least(model: Model) -> Iterator[tuple[str, Decimal]]:
    prompt = model.prompt_price or Decimal(0)
    yield "prompt", prompt
    yield "completion", model.completion_price or Decimal(0)
    yield "cache_read", prompt if model.cache_read_price is None else model.cache_read_price
    yield "cache_write", prompt if model.cache_write_price is None else model.cache_write_price


def _cursor(cursor: Mapping[str, Any] | None, plan: MachinePlan) -> Iterator[str]:
    if cursor is None:
        yield "it says nothing of Cursor"
        return
    for route in plan.on("cursor"):
        if cursor["tickets"].get(route.alias) != route.ticket:
            yield f"the ticket of alias {route.alias!r} is not the policies'"
    for route in plan.paused:
        if route.surface == "cursor" and route.alias not in cursor["paused"]:
            yield f"the alias {route.alias!r} is not paused"
