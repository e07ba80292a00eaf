"""Money, counts, days and names of other people's answers and files, read strictly. Each raises OddError with words."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from compiler.diagnostics import Code
from harness.market.form import MOST_TOKENS
from harness.market.spend.findings import ODD_AMOUNT, ODD_DAY, ODD_ROW, OTHER_CURRENCY
from harness.market.spend.rows import PLACES

#: No row of a team's day comes near; a number in cents, or in another currency's thousands, does.
MOST_USD = Decimal(1_000_000)
_PLAIN_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?")
_MOST_DIGITS, _MOST_LETTERS = 60, 300
#: JSON can escape it, and neither UTF-8 nor the ledger can hold it.
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_FOREIGN = re.compile(r"[€£¥₹₽]|\b(?!USD\b)[A-Z]{3}\b")


class OddError(ValueError):
    """What is wrong with a value, and the code that it is found under."""

    def __init__(self, code: Code, message: str) -> None:
        self.code = code
        super().__init__(message)


def usd(data: Mapping[str, Any], name: str, most: Decimal = MOST_USD) -> Decimal:
    """An amount in USD, as a JSON number or as text; nothing where an export leaves it empty."""
    value = data.get(name)
    if isinstance(value, str):
        value = _number(name, value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise OddError(ODD_AMOUNT, f"{name} is {value!a:.60}, not an amount in USD")
    if not 0 <= value <= most:
        raise OddError(ODD_AMOUNT, f"{name} is {value!s:.60} USD, which is not between 0 and {most:,}")
    return Decimal(value).quantize(PLACES)


def optional_usd(data: Mapping[str, Any], name: str, most: Decimal = MOST_USD) -> Decimal | None:
    """The same, or None where there is none."""
    return None if data.get(name) in (None, "") else usd(data, name, most)


def _number(name: str, text: str) -> Decimal:
    text = text.strip()
    if _FOREIGN.search(text):
        raise OddError(OTHER_CURRENCY, f"{name} is {text!a:.60}, which is not USD")
    text = text.removesuffix("USD").strip().removeprefix("$")
    if len(text) > _MOST_DIGITS or not _PLAIN_NUMBER.fullmatch(text):
        raise OddError(ODD_AMOUNT, f"{name} is {text!a:.60}, not an amount in USD")
    return Decimal(text)


def count(data: Mapping[str, Any], name: str) -> int:
    """A whole number of tokens or requests."""
    value = data.get(name)
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < _MOST_DIGITS:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_TOKENS:
        raise OddError(ODD_AMOUNT, f"{name} is {value!a:.60}, not a whole number from 0 on")
    return value


def optional_count(data: Mapping[str, Any], name: str) -> int | None:
    """The same, or None where the source does not tell."""
    return None if data.get(name) in (None, "") else count(data, name)


def text(data: Mapping[str, Any], name: str) -> str:
    """A name that is not empty."""
    value = data.get(name)
    if not isinstance(value, str) or not value or len(value) > _MOST_LETTERS or _HALF_CHARACTER.search(value):
        raise OddError(ODD_ROW, f"{name} is {value!a:.60}, not a name")
    return value


def optional_text(data: Mapping[str, Any], name: str) -> str | None:
    """The same, or None where there is none."""
    return None if data.get(name) in (None, "") else text(data, name)


def day(data: Mapping[str, Any], name: str) -> datetime.date:
    """A UTC day. The description writes YYYY-MM-DD; real answers also add a midnight."""
    value = data.get(name)
    try:
        return datetime.date.fromisoformat(str(value).removesuffix(" 00:00:00"))
    except ValueError:
        raise OddError(ODD_DAY, f"{name} is {value!a:.60}, not a day such as 2026-05-18") from None
