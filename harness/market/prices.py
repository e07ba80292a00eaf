"""prices.json of a week: what the models that policies name cost, at which provider, and what else there was.

A model is kept in the lock's own form, so that a week and a lock can be compared key by key. Strings that OpenRouter
gives as decimal strings stay decimal strings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from compiler.diagnostics import Finding, Place, PolicyError
from compiler.lock import Answers, names_of, pinned, pricing_of
from compiler.policy.lock import Pricing
from harness.market.findings import ODD_PRICE
from harness.market.form import dumped
from harness.weeks import Week

FILE = "prices.json"
#: USD per token. The dearest model on record asks 0.0006; a price per million tokens begins here.
MOST_USD = Decimal("0.01")
_PER_TOKEN = ("prompt", "completion", "input_cache_read", "input_cache_write")


def prices_json(
    week: Week,
    wanted: frozenset[str],
    answers: Answers,
    zdr: Any,
    raw: Mapping[str, str],
    place: Place,
) -> bytes:
    """The file. `zdr` is the answer of GET /endpoints/zdr; `raw` has the SHA-256 of each answer, by question."""
    by_slug = {model["id"]: model for model in answers.models}
    served = sorted(wanted & by_slug.keys())
    models = {slug: pinned(by_slug[slug], answers, place) for slug in served}
    keepers = _zero_retention(zdr)
    endpoints = {
        slug: sorted(
            (_endpoint(slug, found, by_slug[slug], keepers, place) for found in answers.endpoints.get(slug, ())),
            key=lambda endpoint: (endpoint["tag"], endpoint["provider"], str(endpoint["pricing"])),
        )
        for slug in served
    }
    if odd := [*_too_dear(models, endpoints, place)]:
        raise PolicyError(odd)
    return dumped(
        {
            "version": 1,
            "week": str(week),
            "as_of": answers.as_of.isoformat(),
            "source": "GET /models, GET /models/{author}/{slug}/endpoints and GET /endpoints/zdr",
            "raw_sha256": dict(raw),
            "models": models,
            "endpoints": endpoints,
            "not_served": sorted(wanted - by_slug.keys()),
            "catalogue": sorted(by_slug),
        }
    )


def _zero_retention(zdr: Any) -> frozenset[tuple[str, str]]:
    """Model and tag of every endpoint that keeps nothing."""
    return frozenset((str(endpoint["model_id"]), str(endpoint.get("tag"))) for endpoint in zdr["data"])


def _endpoint(
    slug: str, found: Mapping[str, Any], model: Mapping[str, Any], keepers: frozenset[tuple[str, str]], place: Place
) -> dict[str, Any]:
    try:
        pricing = pricing_of(found["pricing"])
        Pricing.model_validate(pricing)
        return {
            "tag": found["tag"],
            "provider": str(found.get("provider_name")),
            "quantization": _optional(str, found, "quantization"),
            "status": _optional(int, found, "status"),
            "context_length": _optional(int, found, "context_length"),
            "max_completion_tokens": _optional(int, found, "max_completion_tokens"),
            "supported_parameters": sorted(found.get("supported_parameters") or ()),
            "pricing": pricing,
            "zdr": any((name, found["tag"]) in keepers for name in names_of(model)),
        }
    except (ValidationError, TypeError, ValueError, AttributeError, KeyError) as error:
        why = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        said = f"GET /models/{slug}/endpoints: {found.get('tag')!a:.80}: {why:.200}"
        raise PolicyError([ODD_PRICE.at(place, said)]) from error


def _optional(kind: type[int] | type[str], found: Mapping[str, Any], name: str) -> Any:
    if (value := found.get(name)) is not None and type(value) is not kind:
        raise ValueError(f"{name} is {value!a:.60}")
    return value


def _too_dear(
    models: Mapping[str, Any], endpoints: Mapping[str, list[dict[str, Any]]], place: Place
) -> Iterator[Finding]:
    offers = [("GET /models", slug, model["pricing"]) for slug, model in models.items()]
    offers += [
        (f"GET /models/{slug}/endpoints", offer["tag"], offer["pricing"])
        for slug in endpoints
        for offer in endpoints[slug]
    ]
    for question, name, pricing in offers:
        for key in _PER_TOKEN:
            if key in pricing and Decimal(pricing[key]) > MOST_USD:
                said = f"{question}: {name}: {key} costs {pricing[key]} USD a token, and {MOST_USD} is the most"
                yield ODD_PRICE.at(place, said)
