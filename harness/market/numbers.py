"""Shares and changes of whole token counts: exact fractions, rounded once, where they are shown."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

_UNITS = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K"))


def change(new: int | None, old: int | None) -> Fraction | None:
    """The change from old to new as a part of old; None where one is not known or old is nothing."""
    return None if new is None or not old else Fraction(new - old, old)


def share(part: int, whole: int | None) -> Fraction | None:
    """A part of the whole; None where the whole is not known."""
    return None if not whole else Fraction(part, whole)


def percent(value: Fraction | None) -> Decimal | None:
    """In percent with one decimal, halves to even."""
    return None if value is None else Decimal(round(value * 1000)).scaleb(-1)


def tokens(count: int) -> str:
    """A count as people say it: 4.94 T, 996 B. No float: exact fractions, rounded once."""
    for unit, letter in _UNITS:
        if count * 2000 < unit * 1999:  # less than 999.5 of the next smaller unit
            continue
        hundredths = round(Fraction(count * 100, unit))
        whole = hundredths >= 10_000
        return f"{round(Fraction(count, unit)) if whole else f'{hundredths // 100}.{hundredths % 100:02d}'} {letter}"
    return str(count)


def signed(value: Fraction | None) -> str:
    """+11.8 %, or – where it is not known."""
    shown = percent(value)
    return "–" if shown is None else f"{shown:+f} %" if shown else "0.0 %"


def unsigned(value: Fraction | None) -> str:
    """11.8 %, or – where it is not known."""
    shown = percent(value)
    return "–" if shown is None else f"{shown:f} %"
