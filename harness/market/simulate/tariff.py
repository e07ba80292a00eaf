"""What a model asks by the lock: its prices, and those that hold for long prompts or at some hours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from compiler.policy.lock import PriceOverride, Pricing
from harness.market.simulate.amounts import NOTHING

_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Rates:
    """USD per token of each kind, and per request."""

    prompt: Decimal = NOTHING
    completion: Decimal = NOTHING
    cache_read: Decimal = NOTHING
    cache_write: Decimal = NOTHING
    request: Decimal = NOTHING


#: A model on a Mac of our own.
FREE = Rates()


@dataclass(frozen=True, slots=True)
class Condition:
    """What an override may ask of a call. A minute of the UTC day, or None where nobody knows the hour."""

    prompt_tokens: Decimal
    minute: int | None
    #: whether it was a day on which overrides with days hold: OpenRouter's numbers for days are not described
    on_days: bool = False


@dataclass(frozen=True, slots=True)
class Tariff:
    """A pinned model's prices."""

    pricing: Pricing

    @property
    def has_days(self) -> bool:
        """Whether some price depends on the day of the week."""
        return any(override.utc_days for override in self.pricing.overrides)

    def rates(self, condition: Condition) -> Rates:
        """The last override that applies wins, price by price; then the discount."""
        pricing = self.pricing
        asked: dict[str, Decimal] = {"prompt": pricing.prompt, "completion": pricing.completion}
        asked |= {key: price for key in _CACHE if (price := getattr(pricing, key)) is not None}
        asked |= {"request": pricing.other["request"]} if "request" in pricing.other else {}
        for override in pricing.overrides:
            if _applies(override, condition):
                asked |= override.prices
        return _rates(asked, 1 - (pricing.discount or NOTHING))


_CACHE = ("input_cache_read", "input_cache_write")


def _rates(asked: Mapping[str, Decimal], factor: Decimal) -> Rates:
    prompt = asked["prompt"]
    write = asked.get("input_cache_write", prompt)
    return Rates(
        prompt=prompt * factor,
        completion=asked["completion"] * factor,
        cache_read=asked.get("input_cache_read", prompt) * factor,
        # below the price of a prompt it is what storing costs, on top of reading the prompt (Gemini)
        cache_write=(write if write >= prompt else prompt + write) * factor,
        request=max(asked.get("request", NOTHING), NOTHING) * factor,
    )


def _applies(override: PriceOverride, condition: Condition) -> bool:
    if override.min_prompt_tokens is not None and condition.prompt_tokens <= override.min_prompt_tokens:
        return False
    if override.utc_days and not condition.on_days:
        return False
    if override.utc_start is None or override.utc_end is None:
        return True
    if condition.minute is None:
        return False
    start, end = _minute(override.utc_start), _minute(override.utc_end)
    inside = (start <= condition.minute, condition.minute < end)
    return all(inside) if start < end else any(inside)


def _minute(hhmm: str) -> int:
    return int(hhmm[:2]) * _MINUTES + int(hhmm[2:])


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where a price may change: prompt lengths, and minutes of the UTC day. Between two of them calls cost alike."""

    lengths: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    #: a length in each band, a minute in each slot
    of_band: tuple[int, ...] = field(init=False)
    of_slot: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        last = self.lengths[-1] + 1 if self.lengths else 0
        object.__setattr__(self, "of_band", (*self.lengths, last))
        object.__setattr__(self, "of_slot", (0, *self.minutes))


def cuts(tariffs: Iterable[Tariff], factors: Iterable[Decimal]) -> Cuts:
    """All limits of some tariffs, for prompts as they were and as another model would count them."""
    overrides = [override for tariff in tariffs for override in tariff.pricing.overrides]
    limits = {each.min_prompt_tokens for each in overrides if each.min_prompt_tokens is not None}
    scales = {Decimal(1), *factors}
    lengths = {int(limit // scale) for limit in limits for scale in scales}
    return Cuts(tuple(sorted(lengths)), tuple(sorted({minute for each in overrides for minute in _window(each)})))


def _window(override: PriceOverride) -> Iterator[int]:
    if override.utc_start is not None and override.utc_end is not None:
        yield from (_minute(override.utc_start), _minute(override.utc_end))
