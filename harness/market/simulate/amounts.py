"""Tokens and money of a group of ledger rows, and how they are cut into whole pieces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from decimal import Context, Decimal, Inexact
from fractions import Fraction
from typing import Any

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


def whole(parts: Sequence[Fraction]) -> list[int]:
    """Whole numbers near the parts that add up to the rounded sum: the largest fractions are rounded up."""
    floors = [part.__floor__() for part in parts]
    left = round(sum(parts, Fraction(0))) - sum(floors)
    by_rest = sorted(range(len(parts)), key=lambda i: (floors[i] - parts[i], i))
    for index in by_rest[:left]:
        floors[index] += 1
    return floors
