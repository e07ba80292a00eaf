"""What moved in prices: against the lock, between providers, between a vendor's own endpoint and the cheapest other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from compiler.policy.lock import Lock
from harness.market.catalogue import Catalogue, Endpoint, blended, prices
from harness.market.vendors import is_own_provider, vendor

#: An endpoint without them does not serve what the model is used for.
_TOOLS = frozenset({"tools"})


@dataclass(frozen=True, slots=True)
class PriceChange:
    """One price of one model against the lock. None: it has no such price."""

    model: str
    name: str
    old: Decimal | None
    new: Decimal | None
    #: whether it passes market.yaml's threshold
    passes: bool

    @property
    def change(self) -> Fraction | None:
        """As a part of the old price; None where it comes, goes, or was nothing."""
        return Fraction(self.new - self.old) / Fraction(self.old) if self.old and self.new is not None else None


@dataclass(frozen=True, slots=True)
class CheaperProvider:
    """A provider that asks less for a model in use than the lock says, for the team's mix of prompt and completion."""

    model: str
    provider: str
    tag: str
    #: USD per token of the mix
    price: Decimal
    locked: Decimal
    #: whether the week before knew it at this price or less; None where no providers were archived then
    is_new: bool | None


@dataclass(frozen=True, slots=True)
class OwnOrOther:
    """A vendor's own endpoint and the cheapest of the other providers."""

    model: str
    own: Endpoint
    own_price: Decimal
    other: Endpoint
    other_price: Decimal


@dataclass(frozen=True, slots=True)
class PriceMoves:
    """All of it. `reason` says why there is nothing to say; without it the lists are complete."""

    changes: tuple[PriceChange, ...] = ()
    cheaper: tuple[CheaperProvider, ...] = ()
    own_or_other: tuple[OwnOrOther, ...] = ()
    reason: str | None = None


def price_moves(
    now: Catalogue, before: Catalogue | None, lock: Lock, threshold_percent: Decimal, prompt_share: Decimal
) -> PriceMoves:
    """Compare a week's offer with the lock, for the models that are locked."""
    models = sorted(lock.models)
    return PriceMoves(
        tuple(change for model in models for change in _changes(model, now, lock, threshold_percent)),
        tuple(found for model in models for found in _cheaper(model, now, before, lock, prompt_share)),
        tuple(found for model in models if (found := _own_or_other(model, now, lock, prompt_share))),
    )


def _changes(model: str, now: Catalogue, lock: Lock, threshold: Decimal) -> Iterator[PriceChange]:
    if model not in now.models:
        return
    old, new = prices(lock.models[model].pricing), prices(now.models[model].pricing)
    for name in sorted(old.keys() | new.keys()):
        was, now_asked = old.get(name), new.get(name)
        if was != now_asked:
            yield PriceChange(model, name, was, now_asked, _passes(was, now_asked, threshold))


def _passes(old: Decimal | None, new: Decimal | None, threshold: Decimal) -> bool:
    """A price that comes, goes, or was nothing has no percentage and always matters."""
    if not old or new is None:
        return True
    return abs(new - old) * 100 >= threshold * old


def _cheaper(
    model: str, now: Catalogue, before: Catalogue | None, lock: Lock, prompt_share: Decimal
) -> Iterator[CheaperProvider]:
    locked = blended(lock.models[model].pricing, prompt_share)
    known = _cheapest_by_tag(before, model, lock, prompt_share)
    for endpoint, price in _offers(now, model, lock, prompt_share):
        if locked is not None and price < locked:
            old = None if known is None else known.get(endpoint.tag)
            is_new = None if known is None else old is None or price < old
            yield CheaperProvider(model, endpoint.provider, endpoint.tag, price, locked, is_new)


def _cheapest_by_tag(
    before: Catalogue | None, model: str, lock: Lock, prompt_share: Decimal
) -> Mapping[str, Decimal] | None:
    if before is None or model not in before.endpoints:
        return None
    found: dict[str, Decimal] = {}
    for endpoint, price in _offers(before, model, lock, prompt_share):
        found.setdefault(endpoint.tag, price)  # the cheapest comes first
    return found


def _own_or_other(model: str, now: Catalogue, lock: Lock, prompt_share: Decimal) -> OwnOrOther | None:
    offers = _offers(now, model, lock, prompt_share)
    maker = vendor(model)
    own = [pair for pair in offers if is_own_provider(maker, pair[0].tag)]
    others = [pair for pair in offers if not is_own_provider(maker, pair[0].tag)]
    if not own or not others:
        return None
    return OwnOrOther(model, *own[0], *others[0])


def _offers(of: Catalogue, model: str, lock: Lock, prompt_share: Decimal) -> list[tuple[Endpoint, Decimal]]:
    """Endpoints that take calls and serve what the lock's model does, the cheapest first."""
    needed = _TOOLS.intersection(lock.models[model].supported_parameters)
    usable = (end for end in of.endpoints.get(model, ()) if end.status >= 0 and needed <= end.parameters)
    priced = ((end, price) for end in usable if (price := blended(end.pricing, prompt_share)) is not None)
    return sorted(priced, key=lambda pair: (pair[1], pair[0].tag))
