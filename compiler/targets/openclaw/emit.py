"""Plan to openclaw.json: one agent a scenario, one provider a key, nothing left to OpenClaw's own defaults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import simplejson

from compiler.guard.data import guard_json
from compiler.guard.data import sources as guard_sources
from compiler.openclaw_names import PROVIDERS, model_ref
from compiler.plan import GATEWAY_PORT, MLX_PREFIX, Hop, KeyClass, MachinePlan, Route
from compiler.strictest import combined, strictest
from compiler.targets import Artifact
from compiler.targets.openclaw import plugin
from compiler.targets.openclaw.conformance import INSTALLED_PATH, conformance, fingerprint, rendered
from compiler.targets.openclaw.conformance import PATH as POLICY_PATH
from compiler.targets.wire import provider_object
from compiler.templates import templates

PATH = "openclaw.json"
GUARD_PATH = "guard/guard.json"
#: As it lies below ~/.openclaw: the agent's workspace, which openclaw.json names.
INSTRUCTIONS = "workspace-{}/AGENTS.md"
ROLES = frozenset({"gateway", "openclaw"})
KEY_VARIABLES: Mapping[KeyClass, str] = {
    "token": "OPENROUTER_TOKEN_KEY",
    "dollar": "OPENROUTER_DOLLAR_KEY",
    "gray": "OPENROUTER_GRAY_KEY",
}
GATEWAY_VARIABLE = "OPENCLAW_GATEWAY_TOKEN"
#: An output budget for models whose maximum nobody tells: a quarter of the context, within reason.
MOST_OUTPUT_TOKENS = 32768
#: Tools that ask a model outside the agent's route. Each scenario gets what its own models can do, see `_denied`.
GENERATORS = ("image_generate", "music_generate", "video_generate", "tts")
#: The tool with which an agent sets up OpenClaw itself: channels, plugins, models.
SETUP = "openclaw"


def emit(plan: MachinePlan) -> Iterator[Artifact]:
    """openclaw.json, policy.jsonc, the guard's data and the instructions of agents that ask for a ticket; nothing for
    machines without one of OpenClaw's roles."""
    if ROLES.isdisjoint(plan.roles):
        return
    shape = _shape(plan)
    rules = _rules(shape)
    policy = {"path": INSTALLED_PATH, "hash": fingerprint(rules)}
    text = (
        templates(__package__ or "").get_template("openclaw.json.j2").render(shape, policy=policy, guard=plugin.build())
    )
    data = simplejson.loads(text, use_decimal=True)
    pretty = simplejson.dumps(data, use_decimal=True, ensure_ascii=False, indent=2)
    places = [place for route in plan.on("openclaw") for place in route.places]
    sources = tuple(dict.fromkeys((*places, *plan.places)))
    yield Artifact(PATH, f"{pretty}\n".encode(), sources)
    yield Artifact(POLICY_PATH, rendered(rules), sources)
    yield Artifact(GUARD_PATH, guard_json(plan), guard_sources(plan))
    for name, content in plugin.files().items():
        yield Artifact(f"{plugin.FOLDER}/{name}", content, plan.places)
    for route in plan.on("openclaw"):
        if route.ticket is not None:
            yield Artifact(INSTRUCTIONS.format(route.scenario), _instructions(route), route.places)


def _instructions(route: Route) -> bytes:
    """What OpenClaw puts in front of each turn of the agent: its workspace's AGENTS.md."""
    template = templates(__package__ or "").get_template("AGENTS.md.j2")
    return template.render(title=route.title, ticket=route.ticket).encode()


def _rules(shape: Mapping[str, Any]) -> Any:
    """What OpenClaw's own check shall hold such an openclaw.json against."""
    providers = (provider["name"] for provider in shape["providers"])
    by_agent = {agent["scenario"]: agent["deny"] for agent in shape["agents"]}
    return conformance(providers, shape["denied"], by_agent, is_gateway=shape["is_gateway"])


def _shape(plan: MachinePlan) -> dict[str, Any]:
    """What the template fills in."""
    routes = plan.on("openclaw")
    hops = [hop for route in routes for hop in route.hops]
    # the guard also sends turns to models that no route here has, and as privately as the route behind them asks for
    every = [*hops, *plan.guard.instead_of(*routes)]
    seats = {slot: route for route in routes for slot in route.slots}
    variables = {KEY_VARIABLES[hop.key] for hop in every if hop.key != "local"} | {GATEWAY_VARIABLE}
    return {
        "variables": sorted(variables),
        "providers": list(_providers(plan, every)),
        "default": model_ref(_ambient(hops, seats)) if hops else None,
        "shared": [(ref, provider_object(combined(same))) for ref, same in _by_ref(every).items()],
        "seats": seats,
        "seat_model": {slot: _model(route) for slot, route in seats.items()},
        "agents": [_agent(route, plan, seats) for route in routes],
        "local_refs": sorted({model_ref(hop) for hop in every if hop.key == "local"}),
        "denied": [*GENERATORS, SETUP],
        "is_gateway": "gateway" in plan.roles or plan.gateway is None,
        "remote": _socket(plan.gateway) if plan.gateway else None,
        "gateway_variable": GATEWAY_VARIABLE,
        "gateway_port": GATEWAY_PORT,
    }


def _socket(gateway: str) -> str:
    """The WebSocket address of a gateway whose HTTPS address is known."""
    parts = urlsplit(gateway)
    return f"wss://{parts.netloc}{parts.path.rstrip('/')}"


def _ambient(hops: list[Hop], seats: Mapping[str, Route]) -> Hop:
    """The candidate for work of nobody in particular: that of the agent who owns such work, else the strictest."""
    return seats["system"].hops[0] if "system" in seats else strictest(hops)


def _by_ref(hops: Iterable[Hop]) -> dict[str, list[Hop]]:
    """Candidates by name, in the order in which the routes have them."""
    found: dict[str, list[Hop]] = {}
    for hop in hops:
        found.setdefault(model_ref(hop), []).append(hop)
    return found


def _providers(plan: MachinePlan, hops: list[Hop]) -> Iterator[dict[str, Any]]:
    """One provider for each key in use, with the models that are used with it."""
    for key, name in PROVIDERS.items():
        used = _by_ref(hop for hop in hops if hop.key == key)
        if used:
            yield {
                "name": name,
                "url": _mlx_url(plan) if key == "local" else None,
                "variable": KEY_VARIABLES.get(key),
                "models": [_row(plan, same) for _, same in sorted(used.items())],
            }


def _mlx_url(plan: MachinePlan) -> str:
    if plan.mlx is None:
        raise ValueError("a route has a local model, and the machine has no MLX server")
    return f"http://127.0.0.1:{plan.mlx.port}/v1"


def _row(plan: MachinePlan, hops: list[Hop]) -> dict[str, Any]:
    """What OpenClaw must know of one model of a provider."""
    model = next(model for model in plan.models if model.slug == hops[0].model)
    context = model.context_tokens
    if plan.mlx and plan.mlx.model == model.slug:
        context = min(context, plan.mlx.context_tokens)
    return {
        "id": model.slug.removeprefix(MLX_PREFIX),
        "name": model.title,
        "reasoning": model.reasoning,
        "input": [kind for kind in ("text", "image") if kind in model.input_modalities],
        "context": context,
        "output": model.max_completion_tokens or min(MOST_OUTPUT_TOKENS, context // 4),
        "cost": dict(zip(("input", "output", "cacheRead", "cacheWrite"), model.rates, strict=True)),
        "routing": None if model.is_mlx else provider_object(combined(hops)),
    }


def _model(route: Route) -> dict[str, Any]:
    """A route as OpenClaw's selection: fallbacks are always written, else OpenClaw would choose its own."""
    first, *rest = _by_ref(route.hops)
    return {"primary": first, "fallbacks": rest}


def _agent(route: Route, plan: MachinePlan, seats: Mapping[str, Route]) -> dict[str, Any]:
    """One scenario's agent."""
    return {
        "scenario": route.scenario,
        "title": route.title,
        "model": _model(route),
        "bodies": [(ref, provider_object(same[0].preferences)) for ref, same in _by_ref(route.hops).items()],
        "deny": _denied(route, plan, seats),
    }


def _denied(route: Route, plan: MachinePlan, seats: Mapping[str, Route]) -> list[str]:
    """Tools that would take this scenario's pictures and documents to a model outside its route.

    Where no route has the seat, OpenClaw pairs these tools with a model that it finds by itself.
    """
    slugs = [hop.model for hop in route.hops]
    sighted = {model.slug for model in plan.models if "image" in model.input_modalities}
    own_eyes = slugs[0] in sighted
    seated = "image" in seats
    view = own_eyes and (seated or sighted.issuperset(slugs))
    pdf = own_eyes and (seated or "pdf" in seats)
    return [name for name, allowed in (("view_image", view), ("pdf", pdf)) if not allowed]
