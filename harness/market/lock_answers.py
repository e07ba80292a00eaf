"""What `vane lock` asks OpenRouter: all models, the zero-retention endpoints, and who serves at what price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compiler.diagnostics import Place, PolicyError
from compiler.lock import BAD_ANSWER, Answers, endpoints_of, models_of, zdr_slugs
from compiler.plan import MLX_PREFIX
from harness.clock import Clock
from harness.openrouter import OpenRouter, UnansweredError

_LOCK = Place("policies/models.lock.json")
_NOT_FOUND = 404


def fetch(
    wanted: Iterable[str],
    api: str | None = None,
    key: str | None = None,
    timeout: float | None = None,
    clock: Clock | None = None,
) -> Answers:
    """Ask. Raises PolicyError when an answer does not come or is odd."""
    try:
        with OpenRouter(api, key, timeout=timeout, clock=clock) as client:
            answer = client.get("/models")
            models = models_of(answer.data)
            zdr = zdr_slugs(client.get("/endpoints/zdr").data)
            served = {model["id"] for model in models}
            slugs = sorted(slug for slug in {*wanted} if slug in served and not slug.startswith(MLX_PREFIX))
            endpoints = {slug: _endpoints(client, slug) for slug in slugs}
    except UnansweredError as error:
        fix = "check the network and OPENROUTER_API_KEY, or use a saved answer: vane lock --from FILE"
        raise PolicyError([BAD_ANSWER.at(_LOCK, str(error), fix)]) from error
    return Answers(models, zdr, answer.day, "GET /models and GET /endpoints/zdr", endpoints)


def _endpoints(client: OpenRouter, slug: str) -> tuple[Mapping[str, Any], ...]:
    """Who serves a model; nobody, where OpenRouter lists it without endpoints."""
    try:
        return endpoints_of(client.get(f"/models/{slug}/endpoints").data, slug)
    except UnansweredError as error:
        if error.status == _NOT_FOUND:
            return ()
        raise
