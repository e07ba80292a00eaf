"""A log of generations: answers of `GET /generation`, one JSON object a line, with or without their `data` around them.

The fields are those of OpenRouter's description (OpenAPI 3.1.0, August 2026). Who writes the log may put
`scenario`, `ticket`, `machine` and `api_key_name` beside `data`: OpenRouter does not know them, and they make a log
worth keeping. Native token counts are the billed ones.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from harness.answer_json import parsed
from harness.market.spend import amounts
from harness.market.spend.amounts import OddError
from harness.market.spend.findings import ODD_ROW
from harness.market.spend.importing import Names, checked_id, once, placed, utc
from harness.market.spend.rows import NAMED, NO_KEY, Call

SOURCE = "generation"


def read_generations(text: str, file: Path, names: Names, now: datetime.datetime) -> tuple[Call, ...]:
    """The calls of a log. Raises PolicyError where one line is odd: then none is taken."""
    lines = ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())
    return once(placed(file, number, partial(_call, line, names, now)) for number, line in lines)


def _call(words: str, names: Names, now: datetime.datetime) -> Call:
    try:
        around = parsed(words.encode())
    except (ValueError, RecursionError):
        raise OddError(ODD_ROW, "the line is not a JSON object, or it is cut off") from None
    data = around.get("data", around) if isinstance(around, dict) else None
    if not isinstance(data, dict):
        raise OddError(ODD_ROW, "the line is not an answer of GET /generation")
    id = checked_id(amounts.text(data, "id"))
    at = utc(amounts.text(data, "created_at"), id, now)
    model, permaslug = names.both(amounts.text(data, "model"))
    key, session = amounts.optional_text(around, "api_key_name"), amounts.optional_text(data, "session_id")
    return Call(
        id=id,
        at=at,
        day=at.date(),
        key=f"{NAMED}{key}" if key else NO_KEY,
        model=model,
        permaslug=permaslug,
        endpoint="",
        provider=amounts.optional_text(data, "provider_name") or "",
        usd=amounts.usd(data, "total_cost"),
        byok_usd=_byok(data),
        prompt_tokens=_tokens(data, "prompt"),
        completion_tokens=_tokens(data, "completion"),
        reasoning_tokens=amounts.optional_count(data, "native_tokens_reasoning") or 0,
        cached_tokens=amounts.optional_count(data, "native_tokens_cached"),
        cache_write_tokens=None,
        scenario=amounts.optional_text(around, "scenario"),
        ticket=amounts.optional_text(around, "ticket"),
        machine=amounts.optional_text(around, "machine"),
        session=hashlib.sha256(session.encode()).hexdigest() if session else None,
        source=SOURCE,
    )


def _byok(data: Mapping[str, Any]) -> Decimal:
    """What the provider charged, where the key was the team's own."""
    if data.get("is_byok") is not True:
        return Decimal(0)
    return amounts.optional_usd(data, "upstream_inference_cost") or Decimal(0)


def _tokens(data: Mapping[str, Any], of: str) -> int:
    """The native count, which is billed; the normalised one where there is none."""
    native = amounts.optional_count(data, f"native_tokens_{of}")
    return native if native is not None else amounts.optional_count(data, f"tokens_{of}") or 0
