"""Tokens and money of a group of ledger rows, and how they are cut into whole pieces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from decimal import Context, Decimal, Inexact
from fractions import Fraction
from typing import Any

from harness.market.spend.money import part_of, whole

NOTHING = Decimal(0)
#: Sums of products of prices of thirty places stay exact; where they would not, it is an error and no rounding.
EXACT = Context(prec=200, traps=[Inexact])


@dataclass(frozen=True, slots=True)
class Amounts:
    """Sums over rows."""

    requests: int = 0
    prompt: int = 0
    completion: int = 0
    #: part of `completion`
    reasoning: int = 0
    #: part of `prompt`: read from a cache, where the source tells
    cached: int = 0
    #: part of `prompt`: of rows that do not tell what was read from a cache
    uncounted: int = 0
    #: part of `prompt`: written to a cache, where the source tells
    written: int = 0
    #: part of `prompt`: not read from a cache, of rows that do not tell what was written to one
    unwritten: int = 0
    #: USD: what OpenRouter charged, and what a provider charged to a key of the team's own
    billed: Decimal = NOTHING

    @property
    def tokens(self) -> int:
        """Prompt and completion."""
        return self.prompt + self.completion

    def __add__(self, other: Amounts) -> Amounts:
        return _of(one + another for one, another in zip(_values(self), _values(other), strict=True))

    def __bool__(self) -> bool:
        return self != Amounts()

    def fits(self, bill: Amounts) -> bool:
        """Whether a bill has all of it."""
        tokens = self.prompt <= bill.prompt and self.completion <= bill.completion
        return tokens and self.requests <= bill.requests and self.billed <= bill.billed

    def beyond(self, calls: Amounts) -> Amounts:
        """What no call of a bill tells. A bill never says what caches took in, and may not say what they gave."""
        prompt = self.prompt - calls.prompt
        uncounted = min(self.uncounted, prompt)
        cached = min(max(0, self.cached - calls.cached), prompt - uncounted)
        return Amounts(
            requests=self.requests - calls.requests,
            prompt=prompt,
            completion=self.completion - calls.completion,
            reasoning=max(0, self.reasoning - calls.reasoning),
            cached=cached,
            uncounted=uncounted,
            unwritten=prompt - cached,
            billed=self.billed - calls.billed,
        )

    def part(self, told: Amounts, of: Amounts) -> Amounts:
        """As much as `told` is of `of`. What caches did goes with the prompt: whoever bills a day knows it better."""
        by_prompt, by_completion = (told.prompt, of.prompt), (told.completion, of.completion)
        return Amounts(
            requests=part_of(self.requests, told.requests, of.requests),
            prompt=part_of(self.prompt, *by_prompt),
            completion=part_of(self.completion, *by_completion),
            reasoning=part_of(self.reasoning, *by_completion),
            cached=part_of(self.cached, *by_prompt),
            uncounted=part_of(self.uncounted, *by_prompt),
            written=part_of(self.written, *by_prompt),
            unwritten=part_of(self.unwritten, *by_prompt),
            billed=part_of(self.billed, told.billed, of.billed),
        )

    def less(self, part: Amounts) -> Amounts:
        """What is left without a part."""
        return _of(one - another for one, another in zip(_values(self), _values(part), strict=True))

    def split(self, weights: Sequence[Fraction]) -> tuple[Amounts, ...]:
        """In pieces by weights that add up to one: whole tokens and whole parts of money, nothing lost."""
        places = max(0, -_exponent(self.billed))
        units = int(self.billed.scaleb(places))
        shares = [whole([weight * count for weight in weights]) for count in (*_values(self)[:-1], units)]
        return tuple(_of((*piece[:-1], Decimal(piece[-1]).scaleb(-places))) for piece in zip(*shares, strict=True))


def _values(amounts: Amounts) -> tuple[Any, ...]:
    return tuple(getattr(amounts, field.name) for field in fields(amounts))


def _of(values: Iterable[Any]) -> Amounts:
    return Amounts(*values)


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)  # no infinity is money
    return exponent
