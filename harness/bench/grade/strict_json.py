"""JSON as JavaScript's JSON.parse takes it: Python's own reader lets NaN and Infinity pass."""

from __future__ import annotations

import json
from typing import Any

#: Python refuses to convert longer ones; JSON.parse gives a float.
_LONGEST_INT = 400


def parse(text: str) -> Any:
    """The value; ValueError for whatever JSON.parse throws on, and for nesting beyond what Python can read."""
    try:
        return json.loads(text, parse_constant=_refuse, parse_int=_whole)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INT else float(digits)
