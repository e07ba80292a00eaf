"""An openclaw.json from a plan, and what can be asked about one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import simplejson

from compiler.plan import Guard, MachinePlan, Route
from compiler.targets import Reach
from compiler.targets.openclaw import TARGET
from tests.plans import (
    FLASH,
    OPUS,
    gateway_plan,
)

FLASH_REF = f"openrouter/{FLASH.slug}"
OPUS_REF = f"openrouter-dollar/{OPUS.slug}"
STRICT_BODY = {"data_collection": "deny", "zdr": True, "sort": "price", "require_parameters": True}


def emitted(plan: MachinePlan) -> bytes:
    return emitted_files(plan)["openclaw.json"]


def emitted_files(plan: MachinePlan) -> dict[str, bytes]:
    found = {artifact.path: artifact.content for artifact in TARGET.emit(plan)}
    assert list(found)[:3] == ["openclaw.json", "policy.jsonc", "guard/guard.json"]
    assert all(path.endswith("/AGENTS.md") for path in list(found)[3:])
    return found


def config(plan: MachinePlan) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(emitted(plan))
    return found


def reaches(data: Mapping[str, Any]) -> list[Reach]:
    return list(TARGET.read({"openclaw.json": json.dumps(data).encode()}))


def gateway_with(*routes: Route) -> MachinePlan:
    """A gateway with these routes, whose guard knows nothing of them and so lets no label through."""
    return replace(gateway_plan(), routes=routes, guard=Guard())


def problems(data: Mapping[str, Any]) -> list[str]:
    return list(TARGET.check("openclaw.json", simplejson.dumps(data, use_decimal=True).encode()))


def models_by_agent(found: list[Reach]) -> dict[str, set[str]]:
    by_agent: dict[str, set[str]] = {}
    for reach in found:
        by_agent.setdefault(reach.scenario, set()).add(reach.model)
    return by_agent


PROVIDERS: dict[str, Any] = {
    "openrouter": {
        "baseUrl": "https://openrouter.ai/api/v1",
        "models": [{"id": "safe/text", "name": "t", "input": ["text"]}],
    },
    "mlx": {"baseUrl": "http://localhost:8080/v1", "models": [{"id": "org/small", "name": "s"}]},
    "studio": {"baseUrl": "https://studio.example/v1", "models": [{"id": "openclaw/main", "name": "m"}]},
}
SAFE = "openrouter/safe/text"


def closed() -> dict[str, Any]:
    """A file in which the agents `a` and `b` reach one model, and everything that OpenClaw adds is off."""
    off = {"enabled": False}
    agent = {"model": {"primary": SAFE, "fallbacks": []}}
    return {
        "models": {"providers": json.loads(json.dumps(PROVIDERS))},
        "agents": {
            "ownership": "explicit",
            "defaults": {"utilityModel": "", "modelPolicy": {"allow": [SAFE]}},
            "entries": {"a": agent, "b": json.loads(json.dumps(agent))},
        },
        "memory": {"search": dict(off)},
        "tools": {
            "deny": ["view_image", "pdf", "image_generate", "music_generate", "video_generate"],
            "agentToAgent": dict(off),
            "web": {"search": dict(off)},
            "media": {"image": dict(off), "audio": dict(off), "video": dict(off)},
        },
    }


def merged(base: dict[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in change.items():
        base[key] = (
            merged(base[key], value) if isinstance(value, Mapping) and isinstance(base.get(key), dict) else value
        )
    return base


def in_a(change: Mapping[str, Any]) -> dict[str, Any]:
    return {"agents": {"entries": {"a": change}}}


def in_defaults(change: Mapping[str, Any]) -> dict[str, Any]:
    return {"agents": {"defaults": change}}


A, D = "agents.entries.a", "agents.defaults"
X = "openrouter/evil/x"
