"""From what a file calls a model to OpenRouter's slug, as far as a lock or a saved answer tells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from compiler.importing.found import Prices
from compiler.plan import MLX_PREFIX
from compiler.policy.lock import PER_MILLION, Lock
from compiler.policy.types import MODEL_PATTERN

_MODEL = re.compile(MODEL_PATTERN[1:-1])
#: Models of OpenRouter that pick another one by themselves.
_ROUTERS = frozenset({"openrouter/auto", "openrouter/free", "openrouter/fusion", "openrouter/bodybuilder"})
#: Vendors that OpenClaw and LiteLLM call as OpenRouter does. Other names mean nothing without a catalogue.
SAME_NAMES = frozenset({"anthropic", "cohere", "deepseek", "google", "minimax", "openai", "qwen", "x-ai"})


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What OpenRouter serves, and at which price; nothing is known without a lock or a saved answer."""

    slugs: frozenset[str] = frozenset()
    prices: Mapping[str, Prices] = field(default_factory=dict)
    routers: frozenset[str] = _ROUTERS

    @property
    def is_known(self) -> bool:
        """Whether an absent slug means something."""
        return bool(self.slugs)


@dataclass(frozen=True, slots=True)
class Settled:
    """A slug with what is worth saying about it; or no slug, and why."""

    slug: str | None
    said: str = ""


def of_lock(lock: Lock) -> Catalogue:
    """What a lock knows."""
    prices, routers = {}, set(_ROUTERS)
    for slug, model in lock.models.items():
        if model.pricing.is_router:
            routers.add(slug)
            continue
        cost = model.pricing
        prices[slug] = Prices(
            cost.per_million(cost.prompt) or Decimal(0), cost.per_million(cost.completion) or Decimal(0)
        )
    return Catalogue(frozenset(lock.catalogue), prices, frozenset(routers))


def of_models(models: Iterable[Mapping[str, Any]]) -> Catalogue:
    """What an answer of GET /models knows."""
    slugs, prices, routers = set(), {}, set(_ROUTERS)
    for model in models:
        slug = str(model["id"])
        slugs.add(slug)
        if (cost := _prices(model["pricing"])) is None:
            continue
        if min(cost.prompt, cost.completion) < 0:
            routers.add(slug)
        else:
            prices[slug] = cost
    return Catalogue(frozenset(slugs), prices, frozenset(routers))


def _prices(pricing: Mapping[str, Any]) -> Prices | None:
    try:
        return Prices(Decimal(pricing["prompt"]) * PER_MILLION, Decimal(pricing["completion"]) * PER_MILLION)
    except InvalidOperation:
        return None


def settle(name: str, catalogue: Catalogue) -> Settled:
    """The slug of a model that is asked at OpenRouter."""
    if not _MODEL.fullmatch(name) or name.startswith(MLX_PREFIX):
        return Settled(None, f"{name!r} is no OpenRouter slug (author/model)")
    if name in catalogue.routers:
        return Settled(None, f"{name!r} picks any model by itself; a route names the models that it accepts")
    if not catalogue.is_known or name in catalogue.slugs:
        return Settled(name)
    if known := corrected(name, catalogue):
        return Settled(known, f"the file says {name}, which OpenRouter does not serve")
    return Settled(name, "OpenRouter does not serve it on the day of the lock: correct it")


def settle_direct(name: str, catalogue: Catalogue) -> Settled:
    """The slug of a model that was asked at its vendor's own API."""
    vendor = name.partition("/")[0]
    known = corrected(name, catalogue) if catalogue.is_known else name if vendor in SAME_NAMES else None
    if known is None or not _MODEL.fullmatch(known):
        return Settled(None, f"{name!r} is asked at {vendor!r}, which is neither OpenRouter nor MLX on a Mac")
    was = f" as {name}" if known != name else ""
    return Settled(known, f"was asked at {vendor} itself{was}; now at OpenRouter, with another key and contract")


def corrected(name: str, catalogue: Catalogue) -> str | None:
    """The one slug that `name` can only mean: the same up to dots, hyphens and case, or without its family's name."""
    if name in catalogue.slugs:
        return name
    plain = _plain(name)
    same = [slug for slug in catalogue.slugs if _plain(slug) == plain]
    if len(same) == 1:
        return same[0]
    author, _, model = name.partition("/")
    longer = [slug for slug in catalogue.slugs if slug.startswith(f"{author}/") and slug.endswith(f"-{model}")]
    return longer[0] if len(longer) == 1 else None


def _plain(name: str) -> str:
    return re.sub(r"[._-]", "-", name.lower())
