"""policies/tests.yaml held against what the policies compile to: the artifacts, in every situation, and the lock.

`primary` is asked of how things stand: contingencies exist to change it. What must never be reached, zero retention and
prices hold in contingencies, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Literal

from compiler.compile import Bundle, Compiled
from compiler.diagnostics import Code, Finding, Severity
from compiler.plan import MLX_PREFIX, AccountPlan
from compiler.policy import Policies
from compiler.policy.lock import Pricing
from compiler.policy.tests import Assertion
from compiler.targets import Reach, Target
from compiler.verify import LABEL_PREFIX, reaches

OTHER_PRIMARY = Code(
    "VN801", "test-primary", "A route does not start with the model that a test asks for",
    "change the route back, or the test with it",
    "The first model takes nearly all of a scenario's calls; a test makes its change a decision of two lines.",
)  # fmt: skip
REACHED = Code(
    "VN802", "test-never", "A model is reachable that a test rules out",
    "remove the model from the route that the message names, or from the test",
    "Every path of every artifact counts, in every situation: fallbacks, shared seats and downgrades, too.",
)  # fmt: skip
KEPT = Code(
    "VN803", "test-zdr", "A call asks for another retention than a test says",
    "set `provider: {zdr: true}` on the scenario or track, or require it in a block of sensitive-data.yaml",
    "What counts is the `provider` object that the artifact will send along, call by call.",
)  # fmt: skip
TOO_DEAR = Code(
    "VN804", "test-max-price", "A reachable model is dearer than a test allows",
    "remove the model from the route that the message names, or raise `max_price`",
    "The worst case counts: list prices of long prompts and of dear hours, of the last fallback as of the first model.",
)  # fmt: skip
NOTHING_HELD = Code(
    "VN805", "test-of-nothing", "A test holds nothing", "name a scenario or label that is in use, or remove the test",
    "A test about a label that no scenario carries passes whatever happens, and looks like protection.",
    Severity.WARNING,
)  # fmt: skip
CODES = (OTHER_PRIMARY, REACHED, KEPT, TOO_DEAR, NOTHING_HELD)

Kind = Literal["prompt", "completion"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One assertion and what is wrong with it; warnings alone do not fail it."""

    name: str
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether the assertion holds."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Call:
    """One way in which text of an assertion's subject gets to a model, and the plan behind it."""

    reach: Reach
    bundle: Bundle


def evaluate(compiled: Compiled, targets: Sequence[Target]) -> tuple[Outcome, ...]:
    """The outcome of every assertion, in the order of the file."""
    tests = compiled.policies.tests
    calls = [Call(reach, bundle) for bundle in compiled.bundles for reach in reaches(bundle.artifacts, targets)]
    return tuple(
        Outcome(test.name, tuple(dict.fromkeys(_findings(index, test, calls, compiled))))
        for index, test in enumerate(tests.tests if tests else ())
    )


def _findings(index: int, test: Assertion, calls: Sequence[Call], compiled: Compiled) -> Iterator[Finding]:
    policies = compiled.policies
    scenarios = _scenarios(test, policies)
    mine = [call for call in calls if _is_about(call.reach.scenario, test, scenarios)]
    paused = {route.scenario for route in compiled.plans[0].routes if route.paused is not None}
    if not mine and not (scenarios and scenarios <= paused):
        subject = f"label {test.label!r}" if test.label else f"scenario {test.scenario!r}"
        place = policies.place("tests.yaml", "tests", index, "label" if test.label else "scenario")
        yield NOTHING_HELD.at(place, f"{test.name!r}: nothing that is compiled touches {subject}")
    yield from _primary(index, test, scenarios, compiled)
    yield from _never(index, test, mine, policies)
    yield from _zdr(index, test, mine, policies)
    yield from _max_price(index, test, mine, policies)


def _scenarios(test: Assertion, policies: Policies) -> frozenset[str]:
    if test.scenario:
        return frozenset({test.scenario})
    return frozenset(name for name, scenario in policies.scenarios.items() if test.label in scenario.data)


def _is_about(subject: str, test: Assertion, scenarios: frozenset[str]) -> bool:
    own = test.label is not None and subject in (f"{LABEL_PREFIX}{test.label}", f"{LABEL_PREFIX}*")
    return subject in scenarios or own


def _primary(index: int, test: Assertion, scenarios: frozenset[str], compiled: Compiled) -> Iterator[Finding]:
    if test.primary is None:
        return
    place = compiled.policies.place("tests.yaml", "tests", index, "primary")
    for route in compiled.plans[0].usual:  # what a downgrade makes of it is no breach of what was promised
        first = route.hops[0]
        if route.scenario in scenarios and first.model != test.primary:
            said = f"{route.scenario} starts with {first.model!r}, not {test.primary!r}: {first.place} says so"
            yield OTHER_PRIMARY.at(place, f"{test.name!r}: {said}")


def _never(index: int, test: Assertion, calls: Sequence[Call], policies: Policies) -> Iterator[Finding]:
    for number, model in enumerate(test.never):
        place = policies.place("tests.yaml", "tests", index, "never", number)
        found = [call for call in calls if _may_be(call.reach.model, model, policies)]
        for first, others in _by_model(found):
            yield REACHED.at(place, f"{test.name!r}: {_way(first, others)}")


def _may_be(reached: str, wanted: str, policies: Policies) -> bool:
    """Whether what an artifact names, which may be a pattern, is the model, or of the class of models."""
    locked = policies.lock.models.get(reached)
    classes = {
        "cloud": not reached.startswith(MLX_PREFIX),
        "free": "*" in reached or reached.endswith(":free") or (locked is not None and locked.pricing.is_free),
        "gray": "*" in reached or policies.is_gray(reached),
    }
    if wanted in classes:
        return classes[wanted]
    return reached == wanted or ("*" in reached and fnmatchcase(wanted, reached.replace("[", "[[]")))


def _zdr(index: int, test: Assertion, calls: Sequence[Call], policies: Policies) -> Iterator[Finding]:
    if test.zdr is None:
        return
    place = policies.place("tests.yaml", "tests", index, "zdr")
    found = [call for call in calls if not _is_ours(call) and (call.reach.provider.get("zdr") is True) != test.zdr]
    for first, others in _by_model(found):
        said = "without asking for zero retention" if test.zdr else "and asks for zero retention"
        yield KEPT.at(place, f"{test.name!r}: {_way(first, others)} {said}")


def _is_ours(call: Call) -> bool:
    """Whether the model runs on a Mac of ours: nobody keeps or bills anything there."""
    return call.reach.model.startswith(MLX_PREFIX)


def _max_price(index: int, test: Assertion, calls: Sequence[Call], policies: Policies) -> Iterator[Finding]:
    if test.max_price is None:
        return
    limits: dict[Kind, Decimal | None] = {"prompt": test.max_price.prompt, "completion": test.max_price.completion}
    for kind, limit in limits.items():
        place = policies.place("tests.yaml", "tests", index, "max_price", kind)
        for first, others in _by_model([call for call in calls if limit is not None and not _is_ours(call)]):
            price = worst_price(first.reach.model, kind, policies)
            if price is None:
                said = f"{_way(first, others)}, whose price is not known"
                yield TOO_DEAR.at(place, f"{test.name!r}: {said}")
            elif limit is not None and price > limit:
                said = f"{_way(first, others)}, which costs up to ${price:f} per million {kind} tokens: ${limit:f} is"
                yield TOO_DEAR.at(place, f"{test.name!r}: {said} the most")


def worst_price(model: str, kind: Kind, policies: Policies) -> Decimal | None:
    """The highest list price in USD per million tokens, at any length of prompt and any hour; None: unknown."""
    locked = policies.lock.models.get(model)
    return None if locked is None else _worst(locked.pricing, kind)


def _worst(pricing: Pricing, kind: Kind) -> Decimal | None:
    prices = [getattr(pricing, kind), *(override.prices.get(kind, Decimal(0)) for override in pricing.overrides)]
    if pricing.is_router or min(prices) < 0:
        return None
    return max(price for each in prices if (price := pricing.per_million(each)) is not None)


def _by_model(calls: Sequence[Call]) -> Iterator[tuple[Call, int]]:
    """For each scenario and model the first call, standing plans before contingencies, and how many there are more."""
    groups: dict[tuple[str, str], list[Call]] = {}
    for call in calls:
        groups.setdefault((call.reach.scenario, call.reach.model), []).append(call)
    return ((group[0], len(group) - 1) for group in groups.values())


def _way(call: Call, others: int) -> str:
    """Who reaches what, where, by which path, and the policy line that put the model there."""
    reach, bundle = call.reach, call.bundle
    on = "the account" if isinstance(bundle.plan, AccountPlan) else bundle.machines[0]
    when = "" if bundle.situation == "standing" else f", when {bundle.situation}"
    more = f" and {others} more path{'s' if others > 1 else ''}" if others else ""
    lines = _lines(call)
    because = f" ({', '.join(lines)})" if lines else ""
    return f"{reach.scenario} on {on}{when} reaches {reach.model!r}{because} by {reach.path}{more}"


def _lines(call: Call) -> tuple[str, ...]:
    """The policy lines that put the model within reach: of the scenario's hops, of shared seats, of what guards do.

    A label that no scenario of a model carries gets to it by a guard, from any scenario.
    """
    subject, plan = call.reach.scenario, call.bundle.plan
    label = subject.removeprefix(LABEL_PREFIX) if subject.startswith(LABEL_PREFIX) else None
    routes = [route for route in plan.routes if route.scenario == subject or (label and label in route.labels)]
    hops = [hop for route in routes for hop in plan.reachable_by(route) if hop.model == call.reach.model]
    if label and not hops:
        hops = [hop for route in plan.routes for hop in plan.reachable_by(route) if hop.model == call.reach.model]
    return tuple(dict.fromkeys(f"{hop.place.file}:{hop.place.line}" for hop in hops))
