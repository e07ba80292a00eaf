"""Whose price a model's list price is: OpenRouter lists one price a model, and each of its providers asks its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

#: Where no endpoint was asked, the price is the one of the list of models.
LIST = "GET /models"
_COMPARED = ("prompt", "completion", "input_cache_read", "input_cache_write")
_UP = 0


def route_of(pricing: Mapping[str, Any], endpoints: Iterable[Mapping[str, Any]] | None) -> str:
    """The tag of the endpoint that has this list price: a healthy one before others, then by name."""
    if endpoints is None:
        return LIST
    same = [endpoint for endpoint in endpoints if _is_same(pricing, endpoint.get("pricing") or {})]
    by_health = sorted(same, key=lambda endpoint: (endpoint.get("status", _UP) != _UP, str(endpoint.get("tag"))))
    return str(by_health[0].get("tag")) if by_health else f"{LIST}: no endpoint has this price"


def _is_same(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    return all(_price(left, name) == _price(right, name) for name in _COMPARED)


def _price(pricing: Mapping[str, Any], name: str) -> Decimal | None:
    """0.1 and 0.10 are one price, and so are what is absent and what is free, in a cache."""
    try:
        value = Decimal(str(pricing[name])) * (1 - Decimal(str(pricing.get("discount") or 0)))
    except (KeyError, ArithmeticError):  # of decimal: what is no number, and what is too large for one
        return None
    return None if not value and name.startswith("input_cache") else value
