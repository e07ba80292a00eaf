"""Account plan to desired state: one key a track with its limit, one guardrail a key, one preset a Cursor scenario.

What is ours on the account is known by its name alone: keys and guardrails begin with `vane-`. Presets are ours when
presets.json names them; the API has no call that removes one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import simplejson

from compiler.diagnostics import Place
from compiler.plan import AccountPlan, KeyPlan
from compiler.targets import Artifact
from compiler.targets.wire import preset_provider
from compiler.templates import templates

VARIABLES = {"token": "OPENROUTER_TOKEN_KEY", "dollar": "OPENROUTER_DOLLAR_KEY", "gray": "OPENROUTER_GRAY_KEY"}
#: Vendors for which a guardrail has a zero-retention switch of its own; all others share one.
ZDR_SWITCHES = {"anthropic": "anthropic", "openai": "openai", "google": "google", "x-ai": "xai"}


def emit(plan: AccountPlan) -> Iterator[Artifact]:
    """The three files below openrouter/."""
    places = tuple(dict.fromkeys(place for key in plan.keys for place in key.places))
    keys = [_key(key) for key in plan.keys]
    yield _artifact("keys", places, keys=keys)
    yield _artifact("guardrails", places, guardrails=[_guardrail(key, dict(plan.canonical_slugs)) for key in plan.keys])
    routes = sorted(plan.routes, key=lambda route: route.alias or route.scenario)
    presets = [
        {
            "slug": route.alias or route.scenario,
            "scenario": route.scenario,
            "title": route.title,
            "models": list(dict.fromkeys(hop.model for hop in route.hops)),
            "provider": preset_provider(route),
        }
        for route in routes
    ]
    yield _artifact("presets", tuple(dict.fromkeys(p for route in routes for p in route.places)), presets=presets)


def _artifact(name: str, sources: tuple[Place, ...], **shape: Any) -> Artifact:
    text = templates(__package__ or "").get_template(f"{name}.json.j2").render(**shape)
    data = simplejson.loads(text, use_decimal=True)
    pretty = simplejson.dumps(data, use_decimal=True, ensure_ascii=False, indent=2)
    return Artifact(f"openrouter/{name}.json", f"{pretty}\n".encode(), sources)


def _name(key: KeyPlan) -> str:
    return f"vane-{key.key}"


def _key(key: KeyPlan) -> dict[str, Any]:
    return {
        "name": _name(key),
        "variable": VARIABLES[key.key],
        "limit": key.limit_usd,
        "limit_reset": key.period,
    }


def _guardrail(key: KeyPlan, canonical: dict[str, str]) -> dict[str, Any]:
    """What the key may reach. Only the gray key admits free endpoints, which train on and may publish prompts."""
    return {
        "name": _name(key),
        "key": _name(key),
        "allowed_models": {model: canonical[model] for model in key.models if model in canonical},
        "zdr": dict.fromkeys((*ZDR_SWITCHES.values(), "other"), False) | _zdr(key),
        "is_gray": key.key == "gray",
    }


def _zdr(key: KeyPlan) -> dict[str, bool]:
    """Switches of all vendors whose models sensitive data reaches by this key."""
    return {ZDR_SWITCHES.get(model.partition("/")[0], "other"): True for model in key.zdr_models}
