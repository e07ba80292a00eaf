"""models.lock.json: pinned facts of every model in use. Written by `vane lock`, reviewed like any lock file.

Field names and meanings follow OpenRouter's `GET /models` (prices: decimal strings, USD per token) and, for MLX, the
model folder's config.json and weight files.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from compiler.plan import Model
from compiler.policy.types import Count, Flag, ModelSlug, Policy, PolicyFile, Positive, Text

PER_MILLION = Decimal(1_000_000)
#: OpenRouter's way to say "not sunsetting".
NO_EXPIRY = datetime.date(2098, 12, 31)
#: Few digits before the point and a short exponent: 1E300 is small to write, and a number of 300 digits to print.
_PRICE = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,30})?([eE]-[0-9]{1,2})?")


def _price(value: Any) -> Any:
    if not isinstance(value, str) or not _PRICE.fullmatch(value):
        raise PydanticCustomError("price", "a price is a decimal string, USD per token")
    return value


def _date(value: Any) -> Any:
    if not isinstance(value, str):  # pydantic would take a number for seconds since 1970
        raise PydanticCustomError("iso_date", "expected a date as YYYY-MM-DD, not {shown}", {"shown": repr(value)})
    return datetime.date.fromisoformat(value)


#: USD per token (or per request, image …: as OpenRouter's key says). -1 marks a router: its pick has the price.
Price = Annotated[Decimal, BeforeValidator(_price, json_schema_input_type=str), Field(ge=-1, allow_inf_nan=False)]
Day = Annotated[datetime.date, BeforeValidator(_date, json_schema_input_type=str)]


class PriceOverride(Policy):
    """Prices that hold for long prompts or at some hours; the last applicable override wins."""

    min_prompt_tokens: Count | None = None
    """Applies strictly above this many prompt tokens."""
    utc_start: Annotated[str, Field(pattern=r"^[0-2][0-9][0-5][0-9]$")] | None = None
    utc_end: Annotated[str, Field(pattern=r"^[0-2][0-9][0-5][0-9]$")] | None = None
    """HHMM, half open, may wrap over midnight."""
    utc_days: tuple[Any, ...] | None = None
    prices: Mapping[str, Price] = Field(default_factory=dict)


class Pricing(Policy):
    """All prices of a model."""

    prompt: Price
    completion: Price
    input_cache_read: Price | None = None
    input_cache_write: Price | None = None
    other: Mapping[str, Price] = Field(default_factory=dict)
    """Prices per request, image, web search … under OpenRouter's names."""
    discount: Annotated[Price, Field(ge=0, le=1)] | None = None
    """A price counts times (1 - discount)."""
    overrides: tuple[PriceOverride, ...] = ()

    @property
    def is_router(self) -> bool:
        """Whether the price is that of whichever model the router picks."""
        return self.prompt < 0 or self.completion < 0

    @property
    def is_free(self) -> bool:
        """Whether tokens cost nothing."""
        return self.prompt == 0 and self.completion == 0

    def per_million(self, price: Decimal | None) -> Decimal | None:
        """List price in USD per million tokens after the discount; None for routers and unpriced tokens."""
        if price is None or price < 0:
            return None
        return (price * (1 - (self.discount or 0)) * PER_MILLION).normalize() + Decimal(0)


class Priced(Policy):
    """Where a model's list price comes from."""

    as_of: Day
    """The day of the answer that held it."""
    route: Text
    """The tag of the provider's endpoint that has this price; `GET /models` where no endpoint was asked."""


class LockedModel(Policy):
    """A model that OpenRouter serves."""

    canonical_slug: Text
    """The permanent name: rankings and account answers use it."""
    name: Text
    context_length: Count
    max_completion_tokens: Count | None = None
    input_modalities: tuple[str, ...]
    output_modalities: tuple[str, ...]
    supported_parameters: tuple[str, ...]
    is_moderated: Flag | None = None
    expiration_date: Day | None = None
    pricing: Pricing
    priced: Priced | None = None
    """Null in locks of older versions."""
    providers: tuple[Text, ...] | None = None
    """Tags of the endpoints that serve it; null where nobody asked for them."""
    zdr: Flag | None = None
    """Whether an endpoint with zero data retention exists; null where the answer did not say."""

    @property
    def expires(self) -> datetime.date | None:
        """Day from which it is gone."""
        return None if self.expiration_date == NO_EXPIRY else self.expiration_date

    def facts(self, slug: str) -> Model:
        """What targets need to know."""
        price = self.pricing
        return Model(
            slug=slug,
            title=self.name,
            context_tokens=self.context_length,
            max_completion_tokens=self.max_completion_tokens,
            input_modalities=self.input_modalities,
            tools="tools" in self.supported_parameters,
            reasoning="reasoning" in self.supported_parameters,
            prompt_price=price.per_million(price.prompt),
            completion_price=price.per_million(price.completion),
            cache_read_price=price.per_million(price.input_cache_read),
            cache_write_price=price.per_million(price.input_cache_write),
        )


class LockedMlxModel(Policy):
    """A model that runs on a Mac."""

    parameters: Positive
    quantization_bits: Annotated[Positive, Field(le=32)]
    quantization_group_size: Positive | None = None
    weight_bytes: Positive
    kv_bytes_per_token: Positive
    """2 × layers × KV heads × head size × bytes of the cache's number type."""
    context_length: Positive
    tools: Flag
    source: Text
    """Where the figures come from."""

    def facts(self, slug: str) -> Model:
        """What targets need to know."""
        return Model(
            slug=slug,
            title=slug.rpartition("/")[2],
            context_tokens=self.context_length,
            max_completion_tokens=None,
            input_modalities=("text",),
            tools=self.tools,
            reasoning=False,
        )

    def bytes_for(self, context_tokens: int) -> int:
        """Memory for the weights and one KV cache of that many tokens."""
        return self.weight_bytes + self.kv_bytes_per_token * context_tokens


class Lock(PolicyFile):
    """All pinned models."""

    as_of: Day
    """The day of OpenRouter's answer: what "expired" and "expiring" are measured against."""
    source: Text
    models: Mapping[ModelSlug, LockedModel]
    mlx: Mapping[ModelSlug, LockedMlxModel] = Field(default_factory=dict)
    catalogue: tuple[str, ...]
    """Every slug of the answer, so that a misspelt model can be told from one that is not pinned yet."""

    def facts(self, slug: str) -> Model | None:
        """Facts of a pinned model, from either list."""
        locked = self.models.get(slug) or self.mlx.get(slug)
        return locked.facts(slug) if locked else None
