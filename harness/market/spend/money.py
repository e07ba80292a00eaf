"""Money as it is shown: exact until here, rounded once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from harness.market.spend.rows import PLACES

_CENT = Decimal("0.01")
_PLACES: int = PLACES.as_tuple().exponent  # type: ignore[assignment]  # no infinity is money
_Amount = TypeVar("_Amount", int, Decimal)


def shown_usd(amount: Decimal | int) -> str:
    """$1,234.57; a part of a cent says so, because nothing and almost nothing are not the same."""
    if 0 < amount < _CENT:
        return "< $0.01"
    return f"${Decimal(amount).quantize(_CENT):,}"


def signed_usd(amount: Decimal) -> str:
    """+$1.50, -$0.10, $0.00."""
    return f"{'+' if amount > 0 else '-' if amount < 0 else ''}{shown_usd(abs(amount))}"


def plain_usd(amount: Decimal | None) -> str | None:
    """For programs: every digit that is known, as text."""
    return None if amount is None else f"{amount.normalize():f}"


def to_cents(parts: Iterable[Decimal]) -> list[Decimal]:
    """The parts of a total, of either sign, in whole cents whose sum is the total's: so a table's column adds up to its
    last line.
    """
    return [Decimal(cents).scaleb(-2) for cents in whole([Fraction(part) * 100 for part in parts])]


def whole(parts: Sequence[Fraction]) -> list[int]:
    """Whole numbers near the parts that add up to the rounded sum: the largest remainders are rounded up (the method of
    Hare and Niemeyer).
    """
    floors = [part.__floor__() for part in parts]
    left = round(sum(parts, Fraction(0))) - sum(floors)
    by_rest = sorted(range(len(parts)), key=lambda i: (floors[i] - parts[i], i))
    for index in by_rest[:left]:
        floors[index] += 1
    return floors


def part_of(amount: _Amount, told: _Amount, of: _Amount) -> _Amount:
    """As much of an amount as `told` is of `of`, in whole units (money: of the ledger's places) rounded down; all of
    it where `told` is more.
    """
    if isinstance(amount, int):
        return amount * min(told, of) // of if of else 0
    units = (int(each.scaleb(-_PLACES)) for each in (amount, told, of))
    return Decimal(part_of(*units)).scaleb(_PLACES)
