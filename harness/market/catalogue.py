"""What OpenRouter offered in a week: facts and prices of the models in use, their providers, and every slug there was.

Prices are decimals in USD per token (or per request, image …), as OpenRouter writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from compiler.policy.lock import LockedModel, Pricing

#: Prices that are not per token; all others are shown per million.
_EACH = frozenset({"request", "image", "image_output", "web_search"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One provider's offer of a model."""

    provider: str
    #: the provider as routes name it, with region or quantization: `deepinfra/fp4`
    tag: str
    pricing: Pricing
    parameters: frozenset[str]
    #: zero or above: it takes calls
    status: int = 0


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A week's offer."""

    models: Mapping[str, LockedModel]
    #: every slug of the answer
    slugs: frozenset[str]
    #: by slug, for the models whose providers were asked for
    endpoints: Mapping[str, tuple[Endpoint, ...]] = field(default_factory=dict)


def prices(pricing: Pricing) -> Mapping[str, Decimal]:
    """Every price of a model by name, after the discount: also those that hold for long prompts or at some hours."""
    if pricing.is_router:  # -1 says that the model it picks has the price
        return {}
    factor = 1 - (pricing.discount or Decimal(0))
    return {name: value * factor for name, value in _listed(pricing) if value >= 0}


def _listed(pricing: Pricing) -> Iterator[tuple[str, Decimal]]:
    named = ("prompt", "completion", "input_cache_read", "input_cache_write")
    for name in named:
        if (value := getattr(pricing, name)) is not None:
            yield name, value
    yield from sorted(pricing.other.items())
    for override in pricing.overrides:
        over = f" above {override.min_prompt_tokens} tokens" if override.min_prompt_tokens is not None else ""
        hours = f" {override.utc_start}–{override.utc_end} UTC" if override.utc_start and override.utc_end else ""
        days = f" on days {', '.join(map(str, override.utc_days))}" if override.utc_days else ""
        for name, value in sorted(override.prices.items()):
            yield f"{name}{over}{hours}{days}", value


def shown(name: str, price: Decimal) -> str:
    """A price as people say it: $0.112/M, or $0.01 each."""
    each = name.partition(" ")[0] in _EACH
    value = price if each else price * 1_000_000
    return f"${value.normalize() + Decimal(0):f}{' each' if each else '/M'}"


def blended(pricing: Pricing, prompt_share: Decimal) -> Decimal | None:
    """USD per token for a mix of prompt and completion at list price; None for routers."""
    listed = prices(pricing)
    if not {"prompt", "completion"} <= listed.keys():
        return None
    return listed["prompt"] * prompt_share + listed["completion"] * (1 - prompt_share)
