"""prices.json of an archived week, read back as a catalogue. The refresh writes it (harness/market/prices.py)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from compiler.policy.lock import LockedModel, Pricing
from harness.market import archive
from harness.market.catalogue import Catalogue, Endpoint
from harness.market.form import broken
from harness.market.prices import FILE
from harness.weeks import Week


class _Offer(BaseModel):
    """An endpoint; what the comparison does not need is let through unread."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    tag: str
    provider: str
    pricing: Pricing
    supported_parameters: tuple[str, ...] = ()
    status: int | None = None


class _Prices(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    week: str
    models: Mapping[str, LockedModel]
    endpoints: Mapping[str, tuple[_Offer, ...]]
    catalogue: tuple[str, ...]


def catalogue(project: Path, week: Week) -> Catalogue | None:
    """What was offered in a week; None where no prices were archived. Raises PolicyError for a broken file."""
    place = archive.place(week, FILE)
    try:
        content = (archive.folder(project, week) / FILE).read_bytes()
    except FileNotFoundError:
        return None
    try:
        stored = _Prices.model_validate(json.loads(content))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise broken(place, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise broken(place, "it is not JSON") from error
    if stored.week != str(week):
        raise broken(place, f"it holds {stored.week}")
    endpoints = {slug: tuple(map(_endpoint, offers)) for slug, offers in stored.endpoints.items()}
    return Catalogue(stored.models, frozenset(stored.catalogue), endpoints)


def _endpoint(offer: _Offer) -> Endpoint:
    return Endpoint(offer.provider, offer.tag, offer.pricing, frozenset(offer.supported_parameters), offer.status or 0)
