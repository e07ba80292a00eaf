"""What rows cost at a model's prices, and between which bounds where something about them is not known.

Each guess settles everything that nobody knows of some rows, for both sides of the comparison alike. The first one
takes the counts as they stand; the bounds are the least and the most over all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product
from typing import Literal

from harness.market.simulate.amounts import NOTHING, Amounts
from harness.market.simulate.factors import Factor
from harness.market.simulate.tariff import FREE, Condition, Cuts, Rates, Tariff

Cache = Literal["counted", "all read", "all written"]
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Range:
    """USD: what the counts come to, and bounds."""

    point: Decimal = NOTHING
    low: Decimal = NOTHING
    high: Decimal = NOTHING

    def __add__(self, other: Range) -> Range:
        return Range(self.point + other.point, self.low + other.low, self.high + other.high)

    @property
    def is_exact(self) -> bool:
        """Whether nothing is unknown."""
        return self.low == self.high


def over(values: Iterable[Decimal]) -> Range:
    """The first value, the least and the most."""
    found = tuple(values)
    return Range(found[0], min(found), max(found))


@dataclass(frozen=True, slots=True)
class Guess:
    """One way in which it may have been."""

    cache: Cache
    condition: Condition
    #: factors of prompt and completion at the new model
    prompt_factor: Decimal
    completion_factor: Decimal
    #: whether the new model finds in its cache what the old one found
    stays_warm: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """A model's prices; None where it has none and costs what was billed."""

    tariff: Tariff | None
    is_ours: bool = False

    @property
    def has_price(self) -> bool:
        """Whether a bill can be computed."""
        return self.is_ours or self.tariff is not None

    def rates(self, at: Condition) -> Rates:
        """What it asks; nothing where nobody knows, or on a Mac of ours."""
        return FREE if self.tariff is None else self.tariff.rates(at)


@dataclass(frozen=True, slots=True)
class Change:
    """What some rows cost before and after, and the difference under one and the same guess."""

    before: Range
    after: Range
    change: Range


def price(
    amounts: Amounts, was: Offer, becomes: Offer, factor: Factor, under: tuple[Condition, ...], moved: bool
) -> Change:
    """Rows before and after, under the conditions that they may have met."""
    sides = [
        (_cost(amounts, was, _as_it_was(guess)), _cost(amounts, becomes, guess))
        for guess in _guesses(amounts, factor, _unlike(under, was, becomes, factor), moved)
    ]
    return Change(over(b for b, _ in sides), over(a for _, a in sides), over(a - b for b, a in sides))


def conditions(is_call: bool, band: int, slot: int, cuts: Cuts, has_days: bool) -> tuple[Condition, ...]:
    """Under which conditions rows may have been billed, the likeliest first."""
    days = (False, True) if has_days else (False,)
    likeliest = Condition(Decimal(cuts.of_band[band]), cuts.of_slot[slot] if is_call else None)
    if is_call:
        return tuple(replace(likeliest, on_days=on) for on in days)
    every = product(cuts.of_band, cuts.of_slot, days)
    return (likeliest, *(Condition(Decimal(tokens), minute, on) for tokens, minute, on in every))


def _unlike(under: tuple[Condition, ...], was: Offer, becomes: Offer, factor: Factor) -> tuple[Condition, ...]:
    """One of those that give the same prices: limits of other models make no difference here."""
    first: dict[tuple[Rates, ...], Condition] = {}
    for at in under:
        scaled = (replace(at, prompt_tokens=at.prompt_tokens * scale) for scale in factor.prompt.all)
        first.setdefault((was.rates(at), *map(becomes.rates, scaled)), at)
    return tuple(first.values())


def _guesses(amounts: Amounts, factor: Factor, under: tuple[Condition, ...], moved: bool) -> Iterator[Guess]:
    caches: list[Cache] = ["counted"]
    caches += ["all read"] if amounts.uncounted else []
    caches += ["all written"] if amounts.unwritten else []
    warm = (True, False) if moved and amounts.cached else (True,)
    for cache, condition, prompt, completion, stays in product(
        caches, under, factor.prompt.all, factor.completion.all, warm
    ):
        yield Guess(cache, condition, prompt, completion, stays)


def _as_it_was(guess: Guess) -> Guess:
    return Guess(guess.cache, guess.condition, _ONE, _ONE, True)


def _cost(amounts: Amounts, offer: Offer, guess: Guess) -> Decimal:
    if not offer.has_price:
        return amounts.billed
    at = replace(guess.condition, prompt_tokens=guess.condition.prompt_tokens * guess.prompt_factor)
    return charge(amounts, offer.rates(at), guess)


def charge(amounts: Amounts, rates: Rates, guess: Guess) -> Decimal:
    """Tokens of each kind times its price."""
    cached = amounts.cached if guess.stays_warm else 0
    cached += amounts.uncounted if guess.cache == "all read" else 0
    written = amounts.written + (amounts.unwritten if guess.cache == "all written" else 0)
    plain = amounts.prompt - cached - written
    prompt = plain * rates.prompt + cached * rates.cache_read + written * rates.cache_write
    completion = amounts.completion * rates.completion
    return prompt * guess.prompt_factor + completion * guess.completion_factor + amounts.requests * rates.request
