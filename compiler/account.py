"""What the routes ask of the team's OpenRouter account: one key a track, its limit, and the models it may reach."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diagnostics import Place
from compiler.plan import AccountPlan, Hop, KeyPlan, Route
from compiler.policy import TRACK_KEYS, Policies


def plan_account(routes: tuple[Route, ...], usual: tuple[Route, ...], policies: Policies) -> AccountPlan:
    """Keys and presets that these routes need. A key that only waits for the end of a downgrade stays as it was: a new
    one would have a new secret, to be brought to every Mac."""
    keys = tuple(_keys(routes, usual, policies))
    locked = policies.lock.models
    models = sorted({model for key in keys for model in key.models if model in locked})
    presets = tuple(route for route in routes if route.surface == "cursor" and route.paused is None)
    return AccountPlan(keys, presets, tuple((model, locked[model].canonical_slug) for model in models))


def _keys(routes: tuple[Route, ...], usual: tuple[Route, ...], policies: Policies) -> Iterator[KeyPlan]:
    for name, section in TRACK_KEYS.items():
        hops = _paid_by(name, routes) or _paid_by(name, usual)
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


def _paid_by(key: str, routes: tuple[Route, ...]) -> list[Hop]:
    return [hop for route in routes for hop in route.hops if hop.key == key]
