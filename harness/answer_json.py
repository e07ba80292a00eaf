"""JSON of other people's servers and files: no float touches a number that may be money."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, NoReturn


def parsed(content: bytes) -> Any:
    """The data. Raises ValueError (or RecursionError) where it is cut off, not JSON, or holds NaN."""
    return json.loads(content, parse_float=Decimal, parse_constant=_refuse)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
