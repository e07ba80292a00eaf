"""OpenRouter's answers → models.lock.json: facts of every model that the policies name, and of no other.

Pure: answers come in as parsed JSON. Field names of the answers follow OpenRouter's API description (`GET /models`,
`GET /endpoints/zdr`).
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from compiler.diagnostics import Code, Finding, Place, PolicyError, Severity
from compiler.plan import MLX_PREFIX
from compiler.policy.lock import LockedMlxModel, LockedModel
from compiler.price_route import route_of

BAD_ANSWER = Code(
    "VN701", "bad-answer", "An answer of OpenRouter is not what its description says",
    "try again later; if it stays, report it: the API has changed",
    "An empty or odd answer must not become a lock without models or with prices of zero.",
)  # fmt: skip
NOT_SERVED = Code(
    "VN702", "not-served", "A model that the policies name is not in OpenRouter's answer",
    "correct the slug; `vane compile` suggests one", severity=Severity.WARNING,
    why="The lock is written all the same, so that the compile can say what is wrong and where.",
)  # fmt: skip
NO_MLX_FACTS = Code(
    "VN703", "no-mlx-facts", "Nothing is known of an MLX model", severity=Severity.WARNING,
    fix="run `vane lock --mlx FOLDER` with the downloaded model's folder",
    why="Parameter count, weights and KV cache are read from the model's own files; OpenRouter does not know them.",
)  # fmt: skip
UNNAMED_MLX = Code(
    "VN704", "unnamed-mlx", "An MLX model was read that no policy names", severity=Severity.WARNING,
    fix="name it `mlx/<author>/<repository>` in a policy, or correct the folder's name",
    why="The lock holds what the policies name, and nothing else: the folder's facts were not kept.",
)  # fmt: skip
CODES = (BAD_ANSWER, NOT_SERVED, NO_MLX_FACTS, UNNAMED_MLX)

#: JSON can escape it, and UTF-8 cannot hold it.
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_LOCK = Place("policies/models.lock.json")
_NAMED_PRICES = ("prompt", "completion", "input_cache_read", "input_cache_write", "discount", "overrides")
#: As an int, 1E+999999999 is a gigabyte of digits.
_MOST_CONDITION = 10**15
_OVERRIDE_CONDITIONS = ("min_prompt_tokens", "utc_start", "utc_end", "utc_days")


@dataclass(frozen=True, slots=True)
class Answers:
    """What OpenRouter said: the models, the slugs with a zero-retention endpoint (None: not asked), when and where."""

    models: tuple[Mapping[str, Any], ...]
    zdr: frozenset[str] | None
    as_of: datetime.date
    source: str
    #: who serves a model, by slug; a slug that is not here was not asked for
    endpoints: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)


def models_of(answer: Any, place: Place = _LOCK) -> tuple[Mapping[str, Any], ...]:
    """The models of a `GET /models` answer. Raises PolicyError where it is empty or odd."""
    models = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(models, list) or not models:
        raise PolicyError([BAD_ANSWER.at(place, "GET /models: no list of models under `data`")])
    links = answer.get("links")
    if isinstance(links, dict) and links.get("next"):
        fix = "save the whole answer: GET /models without limit and offset"
        raise PolicyError([BAD_ANSWER.at(place, f"GET /models: only a page of {len(models)} models", fix)])
    for number, model in enumerate(models):
        if why := _oddity(model):
            said = f"GET /models: entry {number} ({_slug(model)}): {why}"
            raise PolicyError([BAD_ANSWER.at(place, said)])
    return tuple(models)


def _oddity(model: Any) -> str | None:
    if not isinstance(model, dict) or not isinstance(model.get("id"), str):
        return "no id"
    if not _is_priced(model):
        return "no prices for prompt and completion as decimal strings"
    if not isinstance(model.get("architecture"), dict):
        return "no architecture"
    return None


def _slug(model: Any) -> str:
    return repr(model.get("id")) if isinstance(model, dict) else "not an object"


def zdr_slugs(answer: Any, place: Place = _LOCK) -> frozenset[str]:
    """Slugs that have an endpoint in a `GET /endpoints/zdr` answer. Raises PolicyError where it is odd."""
    endpoints = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(endpoints, list) or not all(isinstance(e, dict) and "model_id" in e for e in endpoints):
        raise PolicyError([BAD_ANSWER.at(place, "GET /endpoints/zdr: no list of endpoints with a model_id")])
    return frozenset(str(endpoint["model_id"]) for endpoint in endpoints)


def endpoints_of(answer: Any, slug: str, place: Place = _LOCK) -> tuple[Mapping[str, Any], ...]:
    """The endpoints of a `GET /models/{slug}/endpoints` answer. Raises PolicyError where it is odd."""
    data = answer.get("data") if isinstance(answer, dict) else None
    endpoints = data.get("endpoints") if isinstance(data, dict) else None
    if not isinstance(endpoints, list) or not all(map(_is_endpoint, endpoints)):
        said = f"GET /models/{slug}/endpoints: no list of endpoints with a tag and with prices as decimal strings"
        raise PolicyError([BAD_ANSWER.at(place, said)])
    return tuple(endpoints)


def _is_endpoint(endpoint: Any) -> bool:
    return isinstance(endpoint, dict) and isinstance(endpoint.get("tag"), str) and _is_priced(endpoint)


def _is_priced(thing: Mapping[str, Any]) -> bool:
    pricing = thing.get("pricing")
    return isinstance(pricing, dict) and all(isinstance(pricing.get(key), str) for key in ("prompt", "completion"))


def make_lock(
    wanted: Iterable[str], answers: Answers, mlx: Mapping[str, Mapping[str, Any]]
) -> tuple[str, tuple[Finding, ...]]:
    """The text of the lock for the models `wanted`, and what could not be pinned."""
    by_slug = {model["id"]: model for model in answers.models}
    models, mlx_models, findings = {}, {}, []
    for slug in sorted(set(wanted)):
        if slug.startswith(MLX_PREFIX):
            if slug in mlx:
                mlx_models[slug] = _valid(LockedMlxModel, slug, mlx[slug])
            else:
                findings.append(NO_MLX_FACTS.at(_LOCK, f"no facts about {slug!r}"))
        elif slug in by_slug:
            models[slug] = pinned(by_slug[slug], answers)
        else:
            findings.append(NOT_SERVED.at(_LOCK, f"{slug!r} is not among {len(by_slug)} models"))
    lock = {
        "version": 1,
        "as_of": answers.as_of.isoformat(),
        "source": answers.source,
        "models": models,
        "mlx": mlx_models,
        "catalogue": sorted(by_slug),
    }
    text = json.dumps(lock, indent=2, ensure_ascii=False) + "\n"
    if half := _HALF_CHARACTER.search(text):
        said = f"GET /models: a text holds U+{ord(half.group()):04X}, which is half a character"
        raise PolicyError([BAD_ANSWER.at(_LOCK, said)])
    return text, tuple(findings)


def pinned(model: Mapping[str, Any], answers: Answers, place: Place = _LOCK) -> dict[str, Any]:
    """A model of the answers as a lock keeps it. Raises PolicyError where a compile would not take it."""
    try:
        priced = {
            "as_of": answers.as_of.isoformat(),
            "route": route_of(model["pricing"], answers.endpoints.get(model["id"])),
        }
        facts = {
            **_facts(model),
            "priced": priced,
            **_providers(answers.endpoints.get(model["id"])),
            "zdr": has_zdr(model, answers.zdr),
        }
    except (TypeError, ValueError, AttributeError) as error:
        raise PolicyError([BAD_ANSWER.at(place, f"GET /models: {model['id']!r}: {error}")]) from error
    return _valid(LockedModel, model["id"], facts, place)


def _providers(endpoints: tuple[Mapping[str, Any], ...] | None) -> dict[str, list[str]]:
    """Who serves a model, where that was asked and anybody does: preferences are held against it."""
    return {"providers": sorted({endpoint["tag"] for endpoint in endpoints})} if endpoints else {}


def _valid(
    kind: type[LockedModel] | type[LockedMlxModel], slug: str, facts: Any, place: Place = _LOCK
) -> dict[str, Any]:
    """The facts, if a compile will take them: a lock that it refuses would be a finding without a way out."""
    try:
        kind.model_validate(facts)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise PolicyError([BAD_ANSWER.at(place, f"{slug!r}: {where}: {first['msg']}")]) from error
    return dict(facts)


def _facts(model: Mapping[str, Any]) -> dict[str, Any]:
    architecture, provider = model["architecture"], model.get("top_provider") or {}
    return {
        "canonical_slug": model.get("canonical_slug") or model["id"],
        "name": model.get("name") or model["id"],
        "context_length": model.get("context_length"),
        "max_completion_tokens": provider.get("max_completion_tokens"),
        "input_modalities": sorted(architecture.get("input_modalities") or ()),
        "output_modalities": sorted(architecture.get("output_modalities") or ()),
        "supported_parameters": sorted(model.get("supported_parameters") or ()),
        "is_moderated": provider.get("is_moderated"),
        "expiration_date": model.get("expiration_date"),
        "pricing": pricing_of(model["pricing"]),
    }


def has_zdr(model: Mapping[str, Any], zdr: frozenset[str] | None) -> bool | None:
    """Whether a zero-retention endpoint serves a model; None where nobody asked."""
    return None if zdr is None else not zdr.isdisjoint(names_of(model))


def names_of(model: Mapping[str, Any]) -> frozenset[str]:
    """What endpoints call a model.

    A free variant has the canonical slug of the paid model, whose promise of zero retention is not its own.
    """
    canonical = model.get("canonical_slug") or model["id"]
    _, colon, variant = model["id"].partition(":")
    return frozenset({model["id"], canonical.partition(":")[0] + colon + variant})


def pricing_of(pricing: Mapping[str, Any]) -> dict[str, Any]:
    """Prices as the lock has them: decimal strings under OpenRouter's names."""
    kept: dict[str, Any] = {"prompt": pricing["prompt"], "completion": pricing["completion"]}
    kept |= {key: pricing[key] for key in ("input_cache_read", "input_cache_write") if key in pricing}
    if other := {key: value for key, value in sorted(pricing.items()) if key not in _NAMED_PRICES}:
        kept["other"] = other
    if pricing.get("discount"):
        kept["discount"] = str(pricing["discount"])
    if pricing.get("overrides"):
        kept["overrides"] = [_override(override) for override in pricing["overrides"]]
    return kept


def _override(override: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: _condition(key, override[key]) for key in _OVERRIDE_CONDITIONS if override.get(key) is not None}
    return {**kept, "prices": {k: v for k, v in sorted(override.items()) if k not in _OVERRIDE_CONDITIONS}}


def _condition(key: str, value: Any) -> Any:
    """Thresholds are whole tokens, and 30 past midnight is the number 30 in the answer: in the lock it is 0030."""
    if isinstance(value, float | Decimal) and -_MOST_CONDITION < value < _MOST_CONDITION and value == int(value):
        value = int(value)
    return f"{value:04d}" if key in ("utc_start", "utc_end") and isinstance(value, int) else value
