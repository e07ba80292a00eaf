"""The openclaw target: what it reads back, from its own files and from any other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from compiler.plan import MachinePlan, Preferences, Route
from compiler.targets import Reach
from compiler.targets.openclaw import TARGET
from tests.plans import (
    AUDIT,
    BATCH,
    BIG_MLX,
    DOCS,
    DRAFTS,
    FLASH,
    GEMINI,
    STRICT,
    TRIALS,
    gateway_plan,
    hop,
    laptop_plan,
)
from tests.targets.openclaw_files import (
    SAFE,
    STRICT_BODY,
    A,
    D,
    X,
    closed,
    config,
    gateway_with,
    in_a,
    in_defaults,
    merged,
    models_by_agent,
    reaches,
)


def test_read_finds_routes_and_seats_and_nothing_else() -> None:
    plan = gateway_plan()
    seats = {GEMINI.slug, BIG_MLX.slug}
    expected = {route.scenario: {hop.model for hop in route.hops} | seats for route in plan.on("openclaw")}
    assert models_by_agent(reaches(config(plan))) == expected


@pytest.mark.parametrize("routes", [(replace(BATCH, slots=()),), (replace(DOCS, slots=()),), (TRIALS, AUDIT)])
def test_read_finds_no_open_end_without_seats(routes: tuple[Route, ...]) -> None:
    expected = {route.scenario: {hop.model for hop in route.hops} for route in routes}
    assert models_by_agent(reaches(config(gateway_with(*routes)))) == expected


def test_read_tells_place_and_provider_object() -> None:
    found = reaches(config(gateway_plan()))
    path = "agents.entries.security-audit.model.fallbacks[0]"
    assert Reach("security-audit", FLASH.slug, path, STRICT_BODY) in found
    assert Reach("batch", FLASH.slug, "agents.defaults.model.primary", STRICT_BODY) in found
    assert Reach("gray-trials", BIG_MLX.slug, "agents.defaults.compaction.model", {}) in found


def test_read_wants_its_own_artifact() -> None:
    assert list(TARGET.read({"cursor/desired.json": b"{}"})) == []


@pytest.mark.parametrize("content", [b"[]", b"// comment\n{}"])
def test_read_refuses_what_it_cannot_understand(content: bytes) -> None:
    with pytest.raises(ValueError):
        list(TARGET.read({"openclaw.json": content}))


def test_every_strict_preference_is_read_back() -> None:
    found = reaches(config(laptop_with(STRICT)))
    assert {tuple(sorted(reach.provider)) for reach in found} == {tuple(sorted(STRICT_BODY))}


def laptop_with(preferences: Preferences) -> MachinePlan:
    return replace(laptop_plan(), routes=(replace(DRAFTS, hops=(hop(FLASH.slug, "token", preferences),)),))


def test_a_primary_of_its_own_is_strict_except_in_cron_jobs() -> None:
    data = merged(closed(), in_defaults({"model": {"primary": X, "fallbacks": ["openrouter/evil/spare"]}}))
    data["agents"]["entries"]["a"] = {"model": {"primary": SAFE}}
    found = models_by_agent(reaches(data))
    assert found["a"] == {"safe/text", "evil/spare"}
    assert found["b"] == {"safe/text"}


def test_fallbacks_alone_inherit_the_primary() -> None:
    data = merged(closed(), in_defaults({"model": {"primary": X, "fallbacks": ["openrouter/evil/spare"]}}))
    data["agents"]["entries"]["a"] = {"model": {"fallbacks": []}}
    assert models_by_agent(reaches(data))["a"] == {"safe/text", "evil/x"}


def test_an_agent_without_a_model_inherits_all() -> None:
    data = merged(closed(), in_defaults({"model": {"primary": X, "fallbacks": ["openrouter/evil/spare"]}}))
    data["agents"]["entries"]["a"] = {}
    assert models_by_agent(reaches(data))["a"] == {"safe/text", "evil/x", "evil/spare"}


def test_the_owner_of_ambient_work_has_the_default_model() -> None:
    change = in_defaults({"model": X, "systemAgent": {"agentId": "b"}})
    assert models_by_agent(reaches(merged(closed(), change))) == {"a": {"safe/text"}, "b": {"safe/text", "evil/x"}}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (in_a({"subagents": {"allowAgents": ["b"]}}), f"{A}.subagents.allowAgents"),
        (in_a({"subagents": {"allowAgents": ["*"]}}), f"{A}.subagents.allowAgents"),
        (in_defaults({"subagents": {"allowAgents": ["b"]}}), f"{D}.subagents.allowAgents"),
        ({"tools": {"agentToAgent": {"enabled": True}}}, "tools.agentToAgent"),
        ({"tools": {"agentToAgent": {"enabled": True, "allow": ["A*", "b"]}}}, "tools.agentToAgent"),
        ({"tools": {"swarm": {"defaultAgentId": "b"}}}, "tools.swarm.defaultAgentId"),
    ],
)
def test_another_agent_s_models_count_where_text_can_go_there(change: dict[str, Any], path: str) -> None:
    data = merged(closed(), change)
    data["agents"]["entries"]["b"]["model"]["primary"] = X
    expected = Reach("a", "evil/x", f"{path} > agents.entries.b.model.primary", {})
    assert expected in reaches(data)


def test_handovers_go_on_from_agent_to_agent() -> None:
    data = merged(closed(), in_a({"subagents": {"allowAgents": ["b"]}}))
    data["agents"]["entries"]["b"]["subagents"] = {"allowAgents": ["c"]}
    data["agents"]["entries"]["c"] = {"model": {"primary": X, "fallbacks": []}}
    assert "evil/x" in models_by_agent(reaches(data))["a"]


@pytest.mark.parametrize(
    "change",
    [
        {"tools": {"agentToAgent": {"enabled": True, "allow": ["a"]}}},
        {"tools": {"swarm": {"enabled": False, "defaultAgentId": "b"}}},
        {"tools": {"swarm": False}},
    ],
)
def test_no_handover_where_the_file_says_no(change: dict[str, Any]) -> None:
    data = merged(closed(), change)
    data["agents"]["entries"]["b"]["model"]["primary"] = X
    assert models_by_agent(reaches(data))["a"] == {"safe/text"}


@pytest.mark.parametrize(
    ("name", "model"),
    [
        (X, "evil/x"),
        ("OPENROUTER/evil/x", "evil/x"),
        ("openrouter/auto", "openrouter/auto"),
        ("fast", "evil/x"),
        ("FAST", "evil/x"),
        ("safe/text", "safe/text"),  # no provider is called `safe`: kept as it stands
        ("small-one", "mlx/small-one"),
        ("nowhere", "nowhere"),
        ("mlx/org/small", "mlx/org/small"),
        (f"{SAFE}@work", "safe/text"),
        ("studio/openclaw/main", "https://studio.example/v1!openclaw/main"),
        ("odd/m", "not a url!m"),
        ("moved/m", "mlx/m"),
        ("plain-http/m", "http://openrouter.ai/api/v1!m"),
        ("anthropic/claude", "anthropic/claude"),
        ("${MODEL}", "*"),
    ],
)
def test_a_name_leads_to_the_model_that_answers(name: str, model: str) -> None:
    data = merged(closed(), in_a({"model": {"primary": name, "fallbacks": []}}))
    data["agents"]["defaults"]["models"] = {X: {"alias": "fast"}}
    data["agents"]["defaults"]["embeddedAgent"] = {"cyberFailover": {"mode": "off"}}
    data["models"]["providers"] |= {
        "odd": {"baseUrl": "not a url"},
        "moved": {"baseUrl": "https://x.example", "models": [{"id": "m", "name": "m", "baseUrl": "http://[::1]:1/v1"}]},
        "plain-http": {"baseUrl": "http://openrouter.ai/api/v1"},
    }
    data["models"]["providers"]["mlx"]["models"].append({"id": "small-one", "name": "s"})
    (found,) = [reach.model for reach in reaches(data) if reach.path == f"{A}.model.primary"]
    assert found == model


def test_openrouter_is_known_without_a_provider_entry() -> None:
    data = merged(closed(), in_a({"model": {"primary": X, "fallbacks": []}}))
    del data["models"]
    assert "evil/x" in models_by_agent(reaches(data))["a"]


def body(zdr: bool) -> dict[str, Any]:
    return {"extraBody": {"provider": {"zdr": zdr}}}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {}),
        (in_defaults({"params": body(True)}), {"zdr": True}),
        (merged(in_defaults({"params": body(True)}), in_defaults({"models": {SAFE: {"params": body(False)}}})),
         {"zdr": False}),
        ({"agents": {"defaults": {"models": {SAFE: {"params": body(False)}}},
                     "entries": {"a": {"models": {SAFE: {"params": body(True)}}}}}}, {"zdr": True}),
        (in_a({"models": {SAFE: {"params": body(True)}}, "params": {"extra_body": {}}}), {}),
        ({"models": {"providers": {"openrouter": {"params": {"provider": {"zdr": True, "sort": "price"}}}}},
          **in_a({"models": {SAFE: {"params": {"provider": {"sort": "latency"}}}}})}, {"zdr": True, "sort": "latency"}),
        (merged(in_a({"params": body(True)}), {"models": {"providers": {"openrouter": {"api": "anthropic-messages"}}}}),
         {}),
        ({"models": {"providers": {"openrouter": {
            "baseUrl": "https://p.example", "params": {"provider": {"zdr": True}}}}}}, {}),
        ({"models": {"providers": {"openrouter": {"models": [
            {"id": "safe/text", "name": "t", "compat": {"openRouterRouting": {"zdr": True}}}]}}}}, {}),
    ],
)  # fmt: skip
def test_the_provider_object_is_the_one_on_the_wire(change: dict[str, Any], expected: dict[str, Any]) -> None:
    found = [r.provider for r in reaches(merged(closed(), change)) if r.path == f"{A}.model.primary"]
    assert found == [expected]


def test_pictures_go_with_the_provider_object_of_the_model_s_row() -> None:
    data = merged(closed(), in_defaults({"imageModel": SAFE, "models": {SAFE: {"params": body(False)}}}))
    data["models"]["providers"]["openrouter"]["models"][0]["compat"] = {"openRouterRouting": {"zdr": True}}
    assert Reach("a", "safe/text", f"{D}.imageModel", {"zdr": True}) in reaches(data)


def test_lists_of_agents_from_before_are_read_too() -> None:
    data = closed()
    del data["agents"]["entries"]
    data["agents"]["list"] = [{"id": "a", "model": X}]
    assert Reach("a", "evil/x", "agents.list.a.model", {}) in reaches(data)


def test_a_file_without_agents_runs_one_with_the_defaults() -> None:
    data = merged(closed(), in_defaults({"model": X}))
    del data["agents"]["entries"]
    assert models_by_agent(reaches(data)) == {"main": {"safe/text", "evil/x"}}


def test_an_empty_file_reaches_anything() -> None:
    assert ("main", "*") in {(reach.scenario, reach.model) for reach in reaches({})}
