"""Rules about sensitive data: what it may reach, and what must be asked of providers."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator
from functools import partial

from compiler.advice import Advice, nearest
from compiler.diagnostics import Place, Severity, source_lines
from compiler.plan import Hop, Plan, Preferences, Route
from compiler.policy import TRACK_KEYS, Policies
from compiler.policy.blocks import blocks_on, denial
from compiler.policy.lock import LockedModel
from compiler.redact import secrets
from compiler.rules.registry import Problem, plan_rule, policy_rule


@plan_rule(
    "VN301", "denied-model-reachable", "A blocked label can reach a model that the block denies",
    fix="remove the model from the route, or the label from the scenario's data",
)  # fmt: skip
def denied_model_reachable(plan: Plan, policies: Policies) -> Iterator[Problem]:
    """Free and gray models may store and train on what they are sent. A route reaches every model in it: fallbacks
    count as much as the primary. The finding is at the line that adds the model. Models that a downgrade would bring
    are left out instead, since nobody wrote them into the route (VN406 where that leaves none)."""
    machines = {id(machine): machine for machine in plan.machines.values()}.values()
    ways = [(route, hop) for route in plan.routes for hop in route.hops]
    ways += [(route, hop) for machine in machines for route in machine.routes for hop in machine.reachable_by(route)]
    for route, hop in dict.fromkeys(ways):
        for index, block in blocks_on(policies, route.labels):
            # a model without facts has a finding of its own (VN203, VN204)
            if policies.lock.facts(hop.model) and (why := denial(block, hop.model, policies)):
                where = policies.place("sensitive-data.yaml", "blocks", index, "label")
                said = f"{hop.model!r} is reachable with {block.label!r} in scenario {route.scenario!r}: {why}"
                yield Problem(hop.place, f"{said} ({where.file}:{where.line})")


@policy_rule(
    "VN304", "loosened-preference", "A provider preference contradicts a block", severity=Severity.WARNING,
    fix="remove the preference; the block's stricter one is compiled",
)  # fmt: skip
def loosened_preference(policies: Policies) -> Iterator[Problem]:
    """A block's requirement always wins. A scenario that says otherwise tells its readers something untrue."""
    for name, scenario in policies.scenarios.items():
        if not scenario.provider:
            continue
        for _, block in blocks_on(policies, scenario.data):
            if block.require.zdr and scenario.provider.zdr is False:
                yield Problem(policies.scenario_place(name, "provider", "zdr"), f"{block.label!r} requires zdr: true")
            if block.require.data_collection and scenario.provider.data_collection == "allow":
                place = policies.scenario_place(name, "provider", "data_collection")
                yield Problem(place, f"{block.label!r} requires data_collection: deny")


@policy_rule(
    "VN307", "deny-without-model", "A block denies something that no model is called", severity=Severity.WARNING,
    fix="correct the spelling, or delete it",
)  # fmt: skip
def deny_without_model(policies: Policies) -> Iterator[Problem]:
    """A misspelt model in a block denies nothing, and reads as if it did. It may also be a model that is gone: then the
    line can go as well."""
    known, advice = (*policies.lock.catalogue, *policies.lock.models, *policies.lock.mlx), Advice()
    for index, block in enumerate(policies.sensitive.blocks):
        for number, pattern in enumerate(block.deny):
            if "/" in pattern and not fnmatch.filter(known, pattern):
                fix = advice.on(pattern, partial(nearest, pattern, known))
                place = policies.place("sensitive-data.yaml", "blocks", index, "deny", number)
                yield Problem(place, f"no model is called {pattern!r}", fix)


@policy_rule(
    "VN305", "gray-model-off-track", "A gray-pool model is used outside the gray track",
    fix="remove it from the route, or put the scenario on `track: gray`",
)  # fmt: skip
def gray_model_off_track(policies: Policies) -> Iterator[Problem]:
    """The ceiling, the key and the rollback of the gray pool hold for scenarios on the gray track only. A gray model in
    another route escapes all three."""
    if policies.tracks.gray_pool is None:
        return
    for track in ("token", "dollar"):
        for model, place in policies.track_models(track):
            if policies.is_gray(model):
                yield Problem(place, f"{model!r} is in the gray pool")
    for name, scenario in policies.scenarios.items():
        for model, place in _own_models(policies, name):
            if scenario.track != "gray" and policies.is_gray(model):
                yield Problem(place, f"{model!r} is in the gray pool, scenario {name!r} on the {scenario.track} track")


def _own_models(policies: Policies, name: str) -> Iterator[tuple[str, Place]]:
    if route := policies.scenarios[name].route:
        yield route.primary, policies.scenario_place(name, "route", "primary")
        for index, model in enumerate(route.fallbacks):
            yield model, policies.scenario_place(name, "route", "fallbacks", index)


@policy_rule(
    "VN306", "literal-secret", "A policy file holds a credential",
    fix="revoke it now, then delete it: keys are named in the environment of each Mac, never written down",
)  # fmt: skip
def literal_secret(policies: Policies) -> Iterator[Problem]:
    """What is committed once stays in every clone. Policies need no keys: each track's key is an environment variable.
    Comments are searched too. The value is masked wherever the line is shown."""
    yield from secret_problems(policies.documents.texts.items())


def secret_problems(texts: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    """Credentials in any (file, text), also of files that do not parse."""
    for file, text in texts:
        if next(secrets(text), None) is None:
            continue
        for number, line in enumerate(source_lines(text), 1):
            for start, end in secrets(line):
                yield Problem(Place(file, number, start + 1, end - start), "this looks like a credential")


@plan_rule(
    "VN302", "unroutable-preferences", "Provider preferences leave no provider that could answer",
    fix="relax the preference, or route to a model that meets it",
)  # fmt: skip
def unroutable_preferences(plan: Plan, policies: Policies) -> Iterator[Problem]:
    """OpenRouter answers 404 when preferences exclude every endpoint of a model. OpenClaw does not look at them, so a
    contradiction is found at the first request, at night."""
    for route in plan.routes:
        for hop in route.hops:
            locked = policies.lock.models.get(hop.model)
            for why in _contradictions(hop.preferences, locked, hop.model) if locked else ():
                yield Problem(_preference_place(policies, route, hop), f"{hop.model!r} in {route.scenario!r}: {why}")


def _preference_place(policies: Policies, route: Route, hop: Hop) -> Place:
    if policies.scenarios[route.scenario].provider:
        return policies.scenario_place(route.scenario, "provider", key=True)
    if hop.key != "local" and hop.preferences != Preferences():
        track = policies.track(hop.key)
        if track and track.provider.model_fields_set:
            return policies.place("tracks.yaml", TRACK_KEYS[hop.key], "provider", key=True)
    return hop.place


def _serving(named: Iterable[str], tags: Iterable[str]) -> list[str]:
    """The endpoints that names stand for: `deepinfra` for deepinfra/fp4 too, `deepinfra/fp4` for itself."""
    wanted = set(named)
    return [tag for tag in tags if tag in wanted or tag.partition("/")[0] in wanted]


def _contradictions(wish: Preferences, locked: LockedModel, model: str) -> Iterator[str]:
    if wish.zdr and locked.zdr is False:
        yield "zdr is required, and it has no endpoint with zero data retention"
    if wish.data_collection == "deny" and model.endswith(":free"):
        yield "data_collection is denied, and free variants are paid for with data"
    if wish.only and set(wish.only) <= set(wish.ignore):
        yield "every provider in `only` is also in `ignore`"
    if wish.order and set(wish.order) <= set(wish.ignore) and wish.allow_fallbacks is False:
        yield "every provider in `order` is also in `ignore`, and others are not allowed"
    if wish.order and wish.only and not set(wish.order) & set(wish.only) and wish.allow_fallbacks is False:
        yield "`order` and `only` have no provider in common, and others are not allowed"
    if locked.providers is not None:
        served = f"it is served by {', '.join(locked.providers)}"
        if wish.only and not _serving(wish.only, locked.providers):
            yield f"no provider in `only` serves it: {served}"
        if wish.order and wish.allow_fallbacks is False and not _serving(wish.order, locked.providers):
            yield f"no provider in `order` serves it, and others are not allowed: {served}"
        if wish.ignore and set(_serving(wish.ignore, locked.providers)) == set(locked.providers):
            yield f"every provider that serves it is in `ignore`: {served}"
    price = locked.pricing
    for name, most, listed in (
        ("prompt", wish.max_prompt_price, price.per_million(price.prompt)),
        ("completion", wish.max_completion_price, price.per_million(price.completion)),
    ):
        if most is not None and listed is not None and listed > most:
            yield f"max_price.{name} is ${most:f} per million tokens, the list price ${listed:f}"


@plan_rule(
    "VN303", "zdr-unknown", "The lock does not say whether zero retention can be had", severity=Severity.NOTE,
    fix="run `vane lock` against the live API, which also reads /endpoints/zdr",
)  # fmt: skip
def zdr_unknown(plan: Plan, policies: Policies) -> Iterator[Problem]:
    """Calls with the label ask for zero retention all the same, and OpenRouter refuses them if nobody offers it: data
    is safe, but the route may be dry. A saved answer of /models alone cannot tell."""
    models = {hop.model for route in plan.routes for hop in route.hops if hop.preferences.zdr}
    unknown = sorted(m for m in models if m in policies.lock.models and policies.lock.models[m].zdr is None)
    if unknown and plan.is_standing:
        said = f"zero retention is asked of {len(unknown)} models and not known to be had: {', '.join(unknown)}"
        yield Problem(policies.place("models.lock.json", "source"), said)
