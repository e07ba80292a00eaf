"""JSON of others, read with care: numbers keep every digit, and a field that is missing or odd says which it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, cast

import simplejson

from deploy.account.refusal import Refusal

Fields = Mapping[str, Any]


class Odd(ValueError):
    """A field is not there, or is not what it should be."""


def parsed(content: bytes | str) -> Any:
    """JSON with exact numbers. Raises ValueError, also for numbers that JSON does not have."""
    try:
        return simplejson.loads(content, use_decimal=True, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def written(data: Any, *, pretty: bool = False) -> str:
    """JSON of equal data is equal text."""
    layout: dict[str, Any] = {"indent": 2} if pretty else {"separators": (",", ":"), "sort_keys": True}
    return simplejson.dumps(data, use_decimal=True, ensure_ascii=False, **layout)


def fields(data: Any, what: str = "it") -> Fields:
    """An object."""
    if not isinstance(data, dict):
        raise Odd(f"{what} is no object")
    return cast(Fields, data)


def entries(data: Any, name: str) -> Iterator[Fields]:
    """The objects of a list in a field."""
    listed = fields(data).get(name)
    if not isinstance(listed, list):
        raise Odd(f"{name!r} is no list")
    return (fields(entry, f"an entry of {name!r}") for entry in listed)


def text(data: Fields, name: str) -> str:
    """A text that is not empty."""
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise Odd(f"{name!r} is no text")
    return value


def optional_text(data: Fields, name: str) -> str | None:
    """A text, or nothing."""
    return None if data.get(name) is None else text(data, name)


def flag(data: Fields, name: str) -> bool:
    """True or false."""
    value = optional_flag(data, name)
    if value is None:
        raise Odd(f"{name!r} is neither true nor false")
    return value


def optional_flag(data: Fields, name: str) -> bool | None:
    """True, false, or not set."""
    value = data.get(name)
    if value is not None and not isinstance(value, bool):
        raise Odd(f"{name!r} is neither true nor false")
    return value


def amount(data: Fields, name: str) -> Decimal | None:
    """Money, in its shortest form: 800, 800.0 and 8e2 are one amount."""
    value = data.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Odd(f"{name!r} is no number")
    return Decimal(format(Decimal(value).normalize(), "f"))


def texts(data: Fields, name: str) -> tuple[str, ...] | None:
    """A list of texts, or nothing."""
    value = data.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Odd(f"{name!r} is no list of texts")
    return tuple(value)


def odd_answer(place: str, error: ValueError) -> Refusal:
    """What the API answered cannot be used."""
    return Refusal("VA203", place, f"odd answer: {error}", "try again; if it stays, the API has changed: report it")


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")
