"""Names, tokens and changes as a picture writes them: short, rounded only here, and safe to draw."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal

from harness.weeks import Week

_RELEASE = re.compile(r"-20[0-9]{6}(?=$|:)")
_UNITS = ((12, "T"), (9, "B"), (6, "M"), (3, "k"))
#: One glyph that the picture's font lacks makes another font of the machine step in. The font has these.
_LAST_LATIN, _TYPOGRAPHY, _SOFT_HYPHEN, _STRANGE = "\u017f", "–—’…−", "\u00ad", "□"
_LONGEST = 64
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def safe(text: str, longest: int = _LONGEST) -> str:
    """Text from outside as the picture's font can draw it, on one line, and never long enough to fill a picture."""
    drawn = "".join(letter if _is_drawable(letter) else _STRANGE for letter in text[:longest])
    return drawn + ("…" if len(text) > longest else "")


def _is_drawable(letter: str) -> bool:
    return letter in _TYPOGRAPHY or (letter.isprintable() and letter <= _LAST_LATIN and letter != _SOFT_HYPHEN)


def vendor_of(permaslug: str) -> str:
    """`anthropic` of `anthropic/claude-4.7-opus-20260416`."""
    return permaslug.partition("/")[0]


def model_name(permaslug: str) -> str:
    """A permaslug without vendor and release date, which a reader of a chart can do without."""
    _, slash, name = permaslug.partition("/")
    return _RELEASE.sub("", name if slash else permaslug) or permaslug


def tokens(count: int, exact: bool) -> str:
    """`4.17T`, or `~4.17T` where the source has rounded."""
    for power, unit in _UNITS:
        if count >= 10**power:
            return f"{'' if exact else '~'}{_three_digits(Decimal(count).scaleb(-power))}{unit}"
    return f"{'' if exact else '~'}{count}"


def _three_digits(number: Decimal) -> str:
    places = max(0, 2 - number.adjusted())
    return str(number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN))


def change(now: int, before: int, exact: bool) -> str:
    """`+66 %`, `−12 %`, or `×12` where a percentage says little."""
    about = "" if exact else "~"
    ratio = Decimal(now) / before
    if ratio >= 10:
        return f"{about}×{ratio.quantize(Decimal(1), ROUND_HALF_EVEN)}"
    return f"{about}{signed_percent(int(((ratio - 1) * 100).quantize(Decimal(1), ROUND_HALF_EVEN)))}"


def signed_percent(value: int) -> str:
    """`+66 %`, with a real minus sign."""
    return f"{'+' if value > 0 else '−' if value < 0 else '±'}{abs(value)} %"


def percent(part: int, whole: int) -> str:
    """`17 %`; `<1 %` rather than a nought that is none."""
    share = Decimal(part) * 100 / whole
    return "<1 %" if 0 < share < 1 else f"{share.quantize(Decimal(1), ROUND_HALF_EVEN)} %"


def span(week: Week) -> str:
    """`15–21 Jun 2026`."""
    first, last = week.monday, week.sunday
    month = "" if first.month == last.month else f" {_MONTHS[first.month - 1]}"
    year = "" if first.year == last.year else f" {first.year}"
    return f"{first.day}{month}{year}–{last.day} {_MONTHS[last.month - 1]} {last.year}"
