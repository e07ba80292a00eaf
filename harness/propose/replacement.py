"""The best model that may stand in for another: by what the work needs, by the blocks, by price and by volume."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import get_args

from compiler.plan import MLX_PREFIX
from compiler.policy import Policies
from compiler.policy.blocks import blocks_on, denial
from compiler.policy.lock import LockedModel
from compiler.policy.tests import ModelClass
from compiler.rules.models import EXPIRY_NOTICE
from harness.market.catalogue import blended
from harness.market.exposure import permaslug, unmet
from harness.market.families import parse
from harness.propose.week_evidence import WeekEvidence

#: The article's mix, for a team that has no market.yaml.
_PROMPT_SHARE = Decimal("0.8")


@dataclass(frozen=True, slots=True)
class Choice:
    """A model that may stand in, and what speaks for it."""

    model: str
    #: USD per token of the team's mix of prompt and completion
    price: Decimal
    #: tokens on the platform in the week; None where it is not listed, or the week is not known
    tokens: int | None
    is_successor: bool


def choices(evidence: WeekEvidence, gone: str, scenarios: Sequence[str], *, gray: bool = False) -> tuple[Choice, ...]:
    """All that may, the best first: the same family's next; then what costs from half as much to as much, price being
    all that a catalogue says of a class; then what costs less; then the rest. In each by volume.

    None is taken that a block denies, that lacks what one of the scenarios needs, or that is about to go itself.
    """
    was = price_of(gone, evidence)
    found = (_choice(model, gone, evidence) for model in evidence.policies.lock.models if model != gone)
    fit = [c for c in found if c and not next(objections(c.model, scenarios, evidence, gray=gray), None)]

    def order(choice: Choice) -> tuple[bool, int, int, Decimal, str]:
        group = 0 if was is None else 2 if choice.price > was else 1 if choice.price * 2 < was else 0
        volume = 0 if group == 2 else choice.tokens or 0
        return not choice.is_successor, group, -volume, choice.price, choice.model

    return tuple(sorted(fit, key=order))


def objections(model: str, scenarios: Sequence[str], evidence: WeekEvidence, *, gray: bool = False) -> Iterator[str]:
    """Why a model may not do the work of these scenarios."""
    policies = evidence.policies
    locked = policies.lock.models.get(model)
    if locked is None:
        yield "it is not in the lock"
        return
    if evidence.catalogue:  # this week's facts, where there are some
        locked = evidence.catalogue.models.get(model, locked)
    yield from _leaving(model, locked, evidence)
    if locked.pricing.is_router:
        yield "it picks any model by itself"
    if not gray and policies.is_gray(model):
        yield "it is on trial in the gray pool"
    for scenario in scenarios:
        yield from _unfit(model, locked, scenario, policies)


def price_of(model: str, evidence: WeekEvidence) -> Decimal | None:
    """The price for the team's mix: the week's, else the lock's, else that of before; None where none has one."""
    market = evidence.policies.market
    share = market.volume.prompt_share if market else _PROMPT_SHARE
    now, before = (of.models if of else {} for of in (evidence.catalogue, evidence.catalogue_before))
    sides = (now, evidence.policies.lock.models, before)
    known = next((side[model] for side in sides if model in side), None)
    return blended(known.pricing, share) if known else None


def _choice(model: str, gone: str, evidence: WeekEvidence) -> Choice | None:
    price = price_of(model, evidence)
    if price is None:
        return None
    name, other = (parse(permaslug(each, evidence.policies)) for each in (model, gone))
    line = evidence.moved.moves.line_of(permaslug(model, evidence.policies)) if evidence.moved else None
    is_successor = name.family == other.family and ":" not in model
    return Choice(model, price, line.now.tokens if line and line.now else None, is_successor)


def _leaving(model: str, locked: LockedModel, evidence: WeekEvidence) -> Iterator[str]:
    now = evidence.catalogue
    if now and model not in now.slugs:
        yield "it is no longer in OpenRouter's catalogue"
    if locked.expires and locked.expires <= evidence.week.sunday + EXPIRY_NOTICE:
        yield f"it expires on {locked.expires}"


def _unfit(model: str, locked: LockedModel, scenario: str, policies: Policies) -> Iterator[str]:
    of = policies.scenarios[scenario]
    yield from (f"{scenario} needs {lack}" for lack in sorted(unmet(of.needs, locked)))
    for _, block in blocks_on(policies, of.data):
        if why := denial(block, model, policies):
            yield f"{block.label} is blocked from it: {why}"
        elif block.require.zdr and locked.zdr is False:
            yield f"{block.label} requires zero retention, and nobody offers it with that"
    for test in policies.tests.tests if policies.tests else ():
        if test.scenario == scenario or test.label in of.data:
            if why := _refused(test.never, model, locked, policies):
                yield f"tests.yaml, {test.name!r}: {why}"
            limit = test.max_price
            if limit and _is_dearer(locked, limit.prompt, limit.completion):
                yield f"tests.yaml, {test.name!r}: it costs more than that"


def _refused(never: Sequence[str], model: str, locked: LockedModel, policies: Policies) -> str | None:
    classes = {
        "cloud": not model.startswith(MLX_PREFIX),
        "free": locked.pricing.is_free or model.endswith(":free"),
        "gray": policies.is_gray(model),
    }
    for each in never:
        if classes.get(each, each == model if each not in get_args(ModelClass) else False):
            return f"never {each}"
    return None


def _is_dearer(locked: LockedModel, prompt: Decimal | None, completion: Decimal | None) -> bool:
    pairs = ((locked.pricing.prompt, prompt), (locked.pricing.completion, completion))
    priced = ((locked.pricing.per_million(price), most) for price, most in pairs)
    return any(price is not None and most is not None and price > most for price, most in priced)
