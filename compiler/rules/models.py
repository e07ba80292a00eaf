"""Rules about models: they exist, they stay, and they can do what the scenario needs."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterator
from functools import partial
from typing import get_args

from compiler.advice import Advice, nearest
from compiler.diagnostics import Place, Severity
from compiler.plan import MLX_PREFIX, Hop, Plan
from compiler.policy import TRACK_KEYS, Policies
from compiler.policy.lock import LockedMlxModel, LockedModel
from compiler.policy.scenario import Needs
from compiler.policy.tests import ModelClass
from compiler.rules.registry import Problem, plan_rule, policy_rule

#: How long before its last day a model is reported: time for two weekly reviews and a change.
EXPIRY_NOTICE = datetime.timedelta(days=30)


def named_models(policies: Policies) -> Iterator[tuple[str, Place]]:
    """Every model that any policy names, with its place."""
    yield from routed_models(policies)
    for index, model in enumerate(policies.market.watch if policies.market else ()):
        yield model, policies.place("market.yaml", "watch", index)
    for index, test in enumerate(policies.tests.tests if policies.tests else ()):
        if test.primary:
            yield test.primary, policies.place("tests.yaml", "tests", index, "primary")


def _refused_models(policies: Policies) -> Iterator[tuple[str, Place]]:
    """What assertions say is never reached: a misspelling there would always hold."""
    for index, test in enumerate(policies.tests.tests if policies.tests else ()):
        for number, model in enumerate(test.never):
            if model in get_args(ModelClass):
                continue
            yield model, policies.place("tests.yaml", "tests", index, "never", number)


def routed_models(policies: Policies) -> Iterator[tuple[str, Place]]:
    """Every model that tracks, scenarios and machines name: those that really get work.

    A model that many machines name comes once, at the first: a thousand equal findings help nobody.
    """
    for track in TRACK_KEYS:
        yield from policies.track_models(track)
    for name, scenario in policies.scenarios.items():
        if scenario.route:
            yield scenario.route.primary, policies.scenario_place(name, "route", "primary")
            for index, model in enumerate(scenario.route.fallbacks):
                yield model, policies.scenario_place(name, "route", "fallbacks", index)
    first = {machine.mlx.model: name for name, machine in reversed(policies.fleet.machines.items()) if machine.mlx}
    for model, name in first.items():
        yield model, policies.place("fleet.yaml", "machines", name, "mlx", "model")


@policy_rule(
    "VN203", "unknown-model", "A policy names a model that OpenRouter does not serve",
    fix="use a slug of OpenRouter's model list, or run `vane lock` if the model is newer than the lock",
)  # fmt: skip
def unknown_model(policies: Policies) -> Iterator[Problem]:
    """OpenClaw takes any model id without a word and fails at the first request; retired slugs may even be redirected
    to a dearer model. The lock holds every slug of OpenRouter's answer, so a misspelling is caught here."""
    catalogue, advice = policies.lock.catalogue, Advice()
    for model, place in (*named_models(policies), *_refused_models(policies)):
        if model.startswith(MLX_PREFIX) or model in policies.lock.models or model in catalogue:
            continue
        fix = advice.on(model, partial(_did_you_mean, model, catalogue))
        yield Problem(place, f"unknown model {model!r}", fix)


def _did_you_mean(model: str, catalogue: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(model, catalogue, 1, cutoff=0.75)
    if not near:  # minimax/m2.7 → minimax/minimax-m2.7: people leave the family's name out
        author, _, name = model.partition("/")
        near = [slug for slug in catalogue if slug.startswith(f"{author}/") and slug.endswith(name)]
    if not near:
        near = difflib.get_close_matches(model, catalogue, 1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else ""


@policy_rule(
    "VN204", "unpinned-model", "A model has no pinned facts in the lock",
    fix="run `vane lock` (for an MLX model: `vane lock --mlx FOLDER`) and commit models.lock.json",
)  # fmt: skip
def unpinned_model(policies: Policies) -> Iterator[Problem]:
    """Prices, context and abilities are checked against pinned facts. Without them nothing can be said of a route."""
    lock, advice = policies.lock, Advice()
    for model, place in named_models(policies):
        if model.startswith(MLX_PREFIX):
            if model not in lock.mlx:
                fix = advice.on(model, partial(nearest, model, lock.mlx, 0.8))
                yield Problem(place, f"no facts about {model!r}", fix)
        elif model in lock.catalogue and model not in lock.models:
            yield Problem(place, f"{model!r} is served by OpenRouter but not pinned")


@policy_rule(
    "VN205",
    "expired-model",
    "A model is gone on the day of the lock",
    fix="route to its successor, or refresh the lock",
)
def expired_model(policies: Policies) -> Iterator[Problem]:
    """OpenRouter says until when it serves a model. After that day requests fail, or go to another model."""
    for model, place, expires in _expiring(policies):
        if expires <= policies.lock.as_of:
            yield Problem(place, f"{model!r} expired on {expires}")


@policy_rule(
    "VN206", "expiring-model", "A model will be gone soon", severity=Severity.WARNING,
    fix="choose a successor before that day",
)  # fmt: skip
def expiring_model(policies: Policies) -> Iterator[Problem]:
    """Thirty days leave time for two weekly reviews. The lock's date is the clock: the compiler has none."""
    for model, place, expires in _expiring(policies):
        if policies.lock.as_of < expires <= policies.lock.as_of + EXPIRY_NOTICE:
            yield Problem(
                place, f"{model!r} expires on {expires}, {(expires - policies.lock.as_of).days} days after the lock"
            )


def _expiring(policies: Policies) -> Iterator[tuple[str, Place, datetime.date]]:
    for model, place in named_models(policies):
        locked = policies.lock.models.get(model)
        if locked and locked.expires:
            yield model, place, locked.expires


@policy_rule(
    "VN208", "router-in-route", "A route names a router instead of a model", fix="name the models that you accept"
)
def router_in_route(policies: Policies) -> Iterator[Problem]:
    """openrouter/auto and its like pick a model by themselves: neither the price nor what sensitive data can reach is
    known. OpenRouter marks them with the price -1."""
    for model, place in routed_models(policies):
        locked = policies.lock.models.get(model)
        if locked and locked.pricing.is_router:
            yield Problem(place, f"{model!r} picks any model by itself")


@policy_rule("VN209", "repeated-model", "A route asks the same model twice", fix="remove the repetition")
def repeated_model(policies: Policies) -> Iterator[Problem]:
    """A fallback that is the primary again sends the whole prompt once more to what has just failed."""
    routes = [list(policies.track_models(track)) for track in TRACK_KEYS]
    for name, scenario in policies.scenarios.items():
        if scenario.route:
            below = enumerate(scenario.route.fallbacks)
            fallbacks = [(m, policies.scenario_place(name, "route", "fallbacks", i)) for i, m in below]
            routes.append([(scenario.route.primary, policies.scenario_place(name, "route", "primary")), *fallbacks])
    for route in routes:
        asked: set[str] = set()
        for model, place in route:
            if model in asked:
                yield Problem(place, f"{model!r} is already in this route")
            asked.add(model)


@plan_rule(
    "VN207", "needs-not-met", "A model of the route cannot do what the scenario needs",
    fix="route to a model that can, or lower the need",
)  # fmt: skip
def needs_not_met(plan: Plan, policies: Policies) -> Iterator[Problem]:
    """A fallback that cannot call tools, see pictures or hold the context fails exactly when it is needed. So every
    model of a route is checked, also those that a cap's downgrade adds."""
    for route in plan.routes:
        needs = policies.scenarios[route.scenario].needs
        for hop in route.hops:
            for lack in lacks(hop, needs, policies):
                yield Problem(hop.place, f"{hop.model!r} in scenario {route.scenario!r}: {lack}")
    yield from _short_servers(plan, policies)


def _short_servers(plan: Plan, policies: Policies) -> Iterator[Problem]:
    """A Mac may hold less context than its model could."""
    for name, machine in plan.machines.items():
        for route in machine.routes if machine.mlx else ():
            needed = policies.scenarios[route.scenario].needs.context_tokens
            serves = machine.mlx and any(hop.model == machine.mlx.model for hop in route.hops)
            if machine.mlx and serves and needed > machine.mlx.context_tokens:
                place = policies.place("fleet.yaml", "machines", name, "mlx", "context_tokens")
                held = f"{name!r} holds {machine.mlx.context_tokens:,} tokens of context"
                yield Problem(place, f"{held}, scenario {route.scenario!r} needs {needed:,}")


def lacks(hop: Hop, needs: Needs, policies: Policies) -> Iterator[str]:
    """What a model cannot do of what a scenario needs."""
    locked = policies.lock.models.get(hop.model) or policies.lock.mlx.get(hop.model)
    if isinstance(locked, LockedModel):
        yield from _api_lacks(locked, needs)
    elif isinstance(locked, LockedMlxModel):
        yield from _mlx_lacks(locked, needs)


def _api_lacks(locked: LockedModel, needs: Needs) -> Iterator[str]:
    if needs.tools and "tools" not in locked.supported_parameters:
        yield "it cannot call tools"
    if needs.structured_output and "structured_outputs" not in locked.supported_parameters:
        yield "it does not do structured output"
    if needs.context_tokens > locked.context_length:
        yield f"context of {locked.context_length:,} tokens, {needs.context_tokens:,} needed"
    for modality in needs.modalities:
        if modality not in locked.input_modalities:
            yield f"it takes no {modality} input"


def _mlx_lacks(locked: LockedMlxModel, needs: Needs) -> Iterator[str]:
    if needs.tools and not locked.tools:
        yield "it cannot call tools"
    if needs.structured_output:
        yield "mlx_lm.server ignores response_format, so there is no structured output"
    if needs.context_tokens > locked.context_length:
        yield f"context of {locked.context_length:,} tokens, {needs.context_tokens:,} needed"
    for modality in needs.modalities:
        if modality != "text":
            yield f"mlx_lm.server takes no {modality} input"
