"""What a call may cost at most, what it did cost, and a limit that no call may pass."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from compiler.policy.lock import Pricing
from harness.bench.attempt import Usage
from harness.bench.case import Case

Basis = Literal["billed", "list", "free", "unknown"]
NOTHING = Decimal(0)
#: What providers put around messages and tools: marks of roles, and Anthropic's prompt for tools, the longest known.
_TOKENS_A_MESSAGE, _TOKENS_FOR_TOOLS = 16, 600
#: The most that a provider of the shipped models counts for one picture.
_TOKENS_A_PICTURE = 6_000


@dataclass(frozen=True, slots=True)
class Prices:
    """USD per token, per request and per picture, as listed."""

    prompt: Decimal
    completion: Decimal
    cache_read: Decimal | None = None
    request: Decimal = NOTHING
    image: Decimal = NOTHING
    #: the dearest that a prompt's length or the hour can make them
    most_prompt: Decimal = NOTHING
    most_completion: Decimal = NOTHING


FREE = Prices(NOTHING, NOTHING)


def listed(pricing: Pricing) -> Prices | None:
    """A pinned model's prices; None for a router, whose pick has the price."""
    if pricing.is_router:
        return None
    off = 1 - (pricing.discount or NOTHING)
    prompts = (pricing.prompt, *(each.prices.get("prompt", NOTHING) for each in pricing.overrides))
    completions = (pricing.completion, *(each.prices.get("completion", NOTHING) for each in pricing.overrides))
    return Prices(
        prompt=pricing.prompt * off,
        completion=pricing.completion * off,
        cache_read=None if pricing.input_cache_read is None else pricing.input_cache_read * off,
        request=max(pricing.other.get("request", NOTHING), NOTHING),
        image=max(pricing.other.get("image", NOTHING), NOTHING),
        most_prompt=max(prompts),
        most_completion=max(completions),
    )


def most_tokens(case: Case, body: bytes) -> int:
    """A bound on a prompt's tokens: no tokeniser makes more of them than there are bytes. Pictures count apart."""
    pictures = picture_urls(case.messages)
    text = len(body) - sum(len(url) for url in pictures)
    around = _TOKENS_A_MESSAGE * len(case.messages) + (_TOKENS_FOR_TOOLS if case.tools else 0)
    return text + around + _TOKENS_A_PICTURE * len(pictures)


def picture_urls(messages: tuple[Mapping[str, Any], ...]) -> list[str]:
    """The data: URLs of a prompt's pictures."""
    contents = [message.get("content") for message in messages]
    parts = [part for content in contents if not isinstance(content, str) for part in content or ()]
    return [part["image_url"]["url"] for part in parts if part.get("type") == "image_url"]


def worst_case(case: Case, body: bytes, prices: Prices) -> Decimal:
    """prompt × price + max_tokens × price, at the dearest."""
    pictures = prices.image * len(picture_urls(case.messages))
    prompt = max(prices.prompt, prices.most_prompt) * most_tokens(case, body)
    return prices.request + pictures + prompt + max(prices.completion, prices.most_completion) * case.max_tokens


def cost_of(usage: Usage, prices: Prices | None) -> tuple[Decimal | None, Basis]:
    """As billed; else by list price; nothing on a Mac of ours."""
    if usage.cost_usd is not None:
        return usage.cost_usd, "billed"
    if prices == FREE:
        return NOTHING, "free"
    if prices is None or usage.prompt_tokens is None or usage.completion_tokens is None:
        return None, "unknown"
    cached = min(usage.cached_tokens or 0, usage.prompt_tokens)
    read = prices.prompt if prices.cache_read is None else prices.cache_read
    prompt = prices.prompt * (usage.prompt_tokens - cached) + read * cached
    return prices.request + prompt + prices.completion * usage.completion_tokens, "list"


class Budget:
    """Money spent, and money that calls in flight may still cost. With a limit, no call starts that may pass it."""

    def __init__(self, limit: Decimal | None, spent: Decimal = NOTHING) -> None:
        self.limit = limit
        self.spent = spent
        self._reserved = NOTHING
        self._settled = asyncio.Event()
        #: how far a bill went above its worst case by list price: a provider may be dearer than the list
        self._above = Decimal(1)

    async def reserve(self, worst: Decimal) -> Decimal | None:
        """Set aside what a call may cost; None if that may pass the limit. Waits for calls in flight to make room."""
        while self.limit is not None and worst and self.spent + self._reserved + worst * self._above > self.limit:
            if not self._reserved or self.spent + worst * self._above > self.limit:
                return None
            self._settled.clear()
            await self._settled.wait()
        self._reserved += worst * self._above
        return worst * self._above

    def settle(self, reserved: Decimal, cost: Decimal | None) -> None:
        """A call ended. Where nobody knows what it cost, it cost the worst."""
        self._reserved -= reserved
        self.spent += reserved if cost is None else cost
        if cost is not None and reserved and cost > reserved:
            self._above *= cost / reserved
        self._settled.set()
