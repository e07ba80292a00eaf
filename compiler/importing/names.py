"""Names that people gave → names that scenarios may have, and text that comments and titles may hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from pydantic import TypeAdapter, ValidationError

from compiler.formats import one_line
from compiler.policy.types import Name

_LONGEST = 56
_NAME: TypeAdapter[str] = TypeAdapter(Name)


def safe_name(old: str, taken: Collection[str]) -> str:
    """A scenario's name for something that is called `old`; a number is added where it is taken."""
    plain = unicodedata.normalize("NFKD", old).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not stem[:1].isalpha():
        stem = f"agent-{stem}".rstrip("-")
    stem = stem[:_LONGEST].rstrip("-")
    if not _is_safe(stem):
        stem = f"{stem}-agent"
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name


def _is_safe(name: str) -> bool:
    try:
        _NAME.validate_python(name)
    except ValidationError:
        return False
    return True


def title_of(text: str, fallback: str) -> str:
    """One printable line of at most 200 characters."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return one_line(" ".join(printable.split())[:200]) or fallback


def remark(text: str) -> str:
    """Text for a comment: one line, printable, credentials masked."""
    return one_line(text)
