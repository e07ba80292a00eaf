"""Money as it is shown: exact until here, rounded once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, Decimal
from typing import TypeVar

_CENT = Decimal("0.01")
_Name = TypeVar("_Name")


def shown_usd(amount: Decimal | int) -> str:
    """$1,234.57; a part of a cent says so, because nothing and almost nothing are not the same."""
    if 0 < amount < _CENT:
        return "< $0.01"
    return f"${Decimal(amount).quantize(_CENT):,}"


def plain_usd(amount: Decimal | None) -> str | None:
    """For programs: every digit that is known, as text."""
    return None if amount is None else f"{amount.normalize():f}"


def to_cents(parts: Mapping[_Name, Decimal]) -> Mapping[_Name, Decimal]:
    """The parts of a total in whole cents whose sum is the total's: what rounding leaves goes to the largest remainders
    (the method of Hare and Niemeyer). So a table's column adds up to its last line.
    """
    floors = {name: amount.quantize(_CENT, ROUND_DOWN) for name, amount in parts.items()}
    total = sum(parts.values(), Decimal(0)).quantize(_CENT)
    left = int((total - sum(floors.values(), Decimal(0))) / _CENT)
    order: Sequence[_Name] = sorted(parts, key=lambda name: floors[name] - parts[name])
    return {**floors, **{name: floors[name] + _CENT for name in order[:left]}}
