"""`vane explain SCENARIO`: a route, the lines that decided it, and everything that it can reach."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import simplejson

from compiler.commands.asking import compiled_or_shown, named, refuse_unknown, say
from compiler.explain import Candidate, Contingency, Denied, Explanation, Reached, explain
from compiler.plan import Route, Step
from compiler.redact import redact
from compiler.targets import installed


def run(asked: argparse.Namespace) -> int:
    """0: explained; 1: the policies do not compile; 2: no such scenario or machine."""
    targets = installed()
    compiled = compiled_or_shown(asked.project, targets)
    if compiled is None:
        return 1
    if asked.scenario not in compiled.policies.scenarios:
        return refuse_unknown("scenario", asked.scenario, compiled.policies.scenarios)
    if asked.machine is not None and asked.machine not in compiled.machine_places:
        return refuse_unknown("machine", asked.machine, compiled.machine_places)
    found = explain(compiled, targets, asked.scenario, asked.machine)
    if asked.json:
        print(redact(simplejson.dumps(_as_json(found), use_decimal=True, indent=2, ensure_ascii=False)))
    else:
        _print(found, asked.machine)
    return 0


def _print(found: Explanation, machine: str | None) -> None:
    route = found.route
    say(f"{route.scenario}: {route.title}")
    say(f"  surface {route.surface}, tier {route.tier}, track {route.track}{_extras(route)}")
    taken = f"  taken up by {named(found.machines)}" if found.machines else "  taken up by no machine"
    say(taken if machine is None or machine in found.machines else f"{taken}, not by {machine}")
    _head("route")
    if route.paused is not None:
        say(f"  paused: {route.paused}")
    for number, candidate in enumerate(found.candidates, 1):
        _print_candidate(number, candidate)
    _head("why")
    for step in route.trace:
        _print_step(step)
    _head("reach")
    for reached in found.reached:
        _print_reached(reached)
    if not found.reached:
        say(f"  nothing on {machine}" if machine else "  nothing")
    if found.denied:
        _head("blocks")
    for denied in found.denied:
        _print_denied(denied)
    if found.contingencies:
        _head("contingencies")
    for contingency in found.contingencies:
        _print_contingency(contingency)


def _head(title: str) -> None:
    say()
    say(title)


def _extras(route: Route) -> str:
    said = [f"slots {', '.join(route.slots)}"] if route.slots else []
    said += [f"alias {route.alias}"] if route.alias else []
    said += [f"ticket {route.ticket}"] if route.ticket else []
    return "".join(f", {each}" for each in said)


def _print_candidate(number: int, candidate: Candidate) -> None:
    hop = candidate.hop
    key = "no key" if hop.key == "local" else f"key {hop.key}"
    say(f"  {number} {hop.model}   {key}   {_prices(candidate)}   {hop.place}")
    if wishes := _words(candidate.preferences):
        say(f"      {wishes}")


def _prices(candidate: Candidate) -> str:
    if candidate.prompt_price is None or candidate.completion_price is None:
        return "runs on our own Mac" if candidate.hop.key == "local" else "price unknown"
    return f"${_plain(candidate.prompt_price)} in, ${_plain(candidate.completion_price)} out per million tokens"


def _plain(price: Decimal) -> str:
    return format(price, "f")


def _words(wishes: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {_word(value)}" for name, value in wishes.items())


def _word(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    return _plain(value) if isinstance(value, Decimal) else str(value).lower() if value in (True, False) else str(value)


def _print_step(step: Step, indent: str = "  ") -> None:
    say(f"{indent}{step.place}  {step.what}  ({step.decided_by})")


def _print_reached(reached: Reached) -> None:
    say(f"  on {named(reached.machines)}")
    for model, paths in reached.models.items():
        say(f"    {model}")
        for path in paths:
            say(f"      {path}")


def _print_denied(denied: Denied) -> None:
    say(f"  {denied.label}   {denied.place}")
    say(f"    {denied.reason}")
    if denied.require:
        say(f"    calls must ask for {_words(denied.require)}")
    for why, models in denied.models.items():
        say(f"    denied, {why}: {', '.join(models)}")
    if not denied.models:
        say("    denies none of the pinned models")


def _print_contingency(contingency: Contingency) -> None:
    if contingency.route is None:
        say(f"  when {contingency.situation}: the same route")
        return
    hops = ", then ".join(f"{hop.model} ({hop.key})" for hop in contingency.route.hops)
    say(f"  when {contingency.situation}: {hops or f'paused: {contingency.route.paused}'}")
    for step in contingency.steps:
        _print_step(step, "    ")


def _as_json(found: Explanation) -> dict[str, Any]:
    route = found.route
    return {
        "scenario": route.scenario,
        "title": route.title,
        "surface": route.surface,
        "tier": route.tier,
        "track": route.track,
        "slots": route.slots,
        "alias": route.alias,
        "ticket": route.ticket,
        "paused": route.paused,
        "labels": route.labels,
        "machines": found.machines,
        "route": [_candidate_json(candidate) for candidate in found.candidates],
        "trace": _trace_json(route.trace),
        "reach": [{"machines": each.machines, "models": each.models} for each in found.reached],
        "blocks": [
            {
                "label": each.label,
                "reason": each.reason,
                "place": str(each.place),
                "require": each.require,
                "denied": [{"why": why, "models": models} for why, models in each.models.items()],
            }
            for each in found.denied
        ],
        "contingencies": [
            {
                "situation": each.situation,
                "changed": each.route is not None,
                "route": [{"model": hop.model, "key": hop.key, "place": str(hop.place)} for hop in each.route.hops]
                if each.route
                else None,
                "paused": each.route.paused if each.route else None,
                "trace": _trace_json(each.steps),
            }
            for each in found.contingencies
        ],
    }


def _candidate_json(candidate: Candidate) -> dict[str, Any]:
    prices = {"prompt": candidate.prompt_price, "completion": candidate.completion_price}
    return {
        "model": candidate.hop.model,
        "key": candidate.hop.key,
        "place": str(candidate.hop.place),
        # text, as in the lock: a JSON number loses digits in most readers
        "usd_per_million": {kind: None if price is None else _plain(price) for kind, price in prices.items()},
        "priced_at": str(candidate.priced_at),
        "preferences": {
            name: _plain(value) if isinstance(value, Decimal) else value
            for name, value in candidate.preferences.items()
        },
    }


def _trace_json(steps: tuple[Step, ...]) -> list[dict[str, str]]:
    return [{"pass": step.decided_by, "what": step.what, "place": str(step.place)} for step in steps]
