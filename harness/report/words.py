"""Words and numbers of the page. Every value that a template prints passes `shown` first, ours and others' alike."""

from __future__ import annotations

import re
from decimal import Decimal

from markupsafe import Markup

from compiler.diagnostics import Place
from harness.market.families import parse
from harness.market.numbers import tokens
from harness.outside import plain

LONGEST = 120
NONE = "–"
_LONGEST_SENTENCE = 600
_MINUS = re.compile(r"(?<![\w-])-(?=[0-9])")


def shown(value: object) -> object:
    """One line, nothing that hides or turns text, not longer than a sentence. Markup is a template's own, and stays."""
    if isinstance(value, Markup):
        return value
    return cut(str(value), _LONGEST_SENTENCE)


def cut(words: str, longest: int = LONGEST) -> str:
    """One line of at most so many letters; cut before it is read, because a name may have millions."""
    short = plain(words[: longest + 1])
    return short if len(short) <= longest else f"{short[: longest - 1]}…"


def model(name: str) -> str:
    """A slug or permaslug without vendor and release date, which a reader can do without."""
    found = parse(name[: 2 * LONGEST])
    preview = "-preview" if found.is_preview else ""
    return cut(f"{found.base}{preview}{f':{found.variant}' if found.variant else ''}")


def counted(count: int, exact: bool) -> str:
    """Every token, in groups of three; where the source has rounded, as people say it."""
    return f"{count:,}".replace(",", " ") if exact else about(count, exact)


def about(count: int, exact: bool) -> str:
    """Tokens as people say them; ~ where the source has rounded."""
    return f"{'' if exact else '~'}{tokens(count)}"


def minus(words: str) -> str:
    """Real minus signs before numbers; hyphens in names and dates stay."""
    return _MINUS.sub("−", words)


def dollars(amount: Decimal) -> str:
    """$1,940.20."""
    return f"${amount.quantize(Decimal('0.01')):,f}"


def where(place: Place) -> str:
    """A file and, if it is not the whole file, its line."""
    return place.file if place.line == 1 else f"{place.file}:{place.line}"


def several(count: int, one: str, many: str = "") -> str:
    """`1 model`, `3 models`."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"
