"""Whether a given value is an accepted one: types are strict, an int may stand for a float.

Text is compared exactly, or loosely where a case asks for it. Loosely means as BFCL does, without regard to case,
spaces and ` ,./-_*^` ("April 1, 2024" is "april 1 2024"), but never across digits: to BFCL "10.5" is "105", "-5" is
"5" and "3,000" is "3000"; to us they are not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_IGNORED = re.compile(r"[ ,./\-_*^]+")
_SIGNS = ("-", ".")


def accepts(accepted: Any, given: Any, schema: Any, *, loose: bool) -> bool:
    """Whether `given` is `accepted`; `schema` says of which type it was declared."""
    if isinstance(accepted, str) and isinstance(given, str):
        # a text where the schema asks for something else is a word of its own, such as "dontcare"
        is_text = _below(schema, "type") in (None, "string")
        return accepted == given or (loose and is_text and loosened(accepted) == loosened(given))
    if isinstance(accepted, bool) or isinstance(given, bool) or accepted is None or given is None:
        return type(accepted) is type(given) and bool(accepted == given)
    if isinstance(accepted, int | float) and isinstance(given, int | float):
        return accepted == given and _type_fits(accepted, given, schema)
    if isinstance(accepted, list | tuple) and isinstance(given, list):
        items = _below(schema, "items")
        pairs = zip(accepted, given, strict=False)
        return len(accepted) == len(given) and all(accepts(one, other, items, loose=loose) for one, other in pairs)
    if isinstance(accepted, Mapping) and isinstance(given, Mapping):
        known = _below(schema, "properties")
        return accepted.keys() == given.keys() and all(
            accepts(accepted[key], given[key], _below(known, key), loose=loose) for key in accepted
        )
    return False


def _type_fits(accepted: float, given: float, schema: Any) -> bool:
    """5 may stand for 5.0; 5.0 stands for 5 only where the schema asks for any number."""
    return isinstance(given, int) or isinstance(accepted, float) or _below(schema, "type") == "number"


def _below(schema: Any, key: str) -> Any:
    return schema.get(key) if isinstance(schema, Mapping) else None


def loosened(text: str) -> str:
    """Text without what is ignored; between digits, and as the sign of a number, it is kept."""
    return _IGNORED.sub(lambda found: _kept(text, found), text).lower().replace("'", '"')


def _kept(text: str, found: re.Match[str]) -> str:
    before, after = text[found.start() - 1 : found.start()] if found.start() else "", text[found.end() :][:1]
    if not after.isdigit():
        return ""
    run = found.group()
    if before.isdigit():
        marks = run.replace(" ", "").replace(",", "")
        return marks or ","  # "1, 2024", "1,2024" and "1 2024" are one; "12024" is another
    is_sign = run.endswith(_SIGNS) and not (before and len(run) == 1)
    return run[-1] if is_sign else ""
