"""What the routes ask of the team's OpenRouter account: one key a track, its limit, and the models it may reach."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diagnostics import Place
from compiler.plan import AccountPlan, KeyPlan, Route
from compiler.policy import TRACK_KEYS, Policies


def plan_account(routes: tuple[Route, ...], policies: Policies) -> AccountPlan:
    """Keys and presets that these routes need."""
    keys = tuple(_keys(routes, policies))
    locked = policies.lock.models
    models = sorted({model for key in keys for model in key.models if model in locked})
    presets = tuple(route for route in routes if route.surface == "cursor")
    return AccountPlan(keys, presets, tuple((model, locked[model].canonical_slug) for model in models))


def _keys(routes: tuple[Route, ...], policies: Policies) -> Iterator[KeyPlan]:
    for name, section in TRACK_KEYS.items():
        hops = [hop for route in routes for hop in route.hops if hop.key == name]
        track = policies.track(name)
        if track is None or not hops:
            continue
        places: list[Place] = [policies.place("tracks.yaml", section, key=True), *(hop.place for hop in hops)]
        cap = policies.caps[track.cap] if track.cap else None
        if track.cap:
            places.append(policies.place("caps.yaml", "caps", track.cap, "limit_usd"))
        yield KeyPlan(
            key=hops[0].key,
            models=tuple(sorted({hop.model for hop in hops})),
            zdr_models=tuple(sorted({hop.model for hop in hops if hop.preferences.zdr})),
            limit_usd=cap.limit_usd if cap else None,
            period=cap.period if cap else None,
            places=tuple(dict.fromkeys(places)),
        )
