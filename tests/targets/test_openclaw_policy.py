"""The policy.jsonc of the openclaw target: what OpenClaw's own check holds a Mac against."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from compiler.plan import MachinePlan
from compiler.targets.openclaw import TARGET
from compiler.targets.openclaw.conformance import fingerprint
from tests.plans import AUDIT, gateway_plan, laptop_plan
from tests.targets.openclaw_files import emitted_files, gateway_with


def policy(plan: MachinePlan) -> dict[str, Any]:
    text = emitted_files(plan)["policy.jsonc"].decode()
    found: dict[str, Any] = json.loads("".join(line for line in text.splitlines() if not line.startswith("//")))
    return found


def problems(data: dict[str, Any]) -> list[str]:
    return list(TARGET.check("policy.jsonc", json.dumps(data).encode()))


@pytest.mark.parametrize(("name", "plan"), [("gateway", gateway_plan()), ("laptop", laptop_plan())])
def test_golden(name: str, plan: MachinePlan, golden: Callable[[str, bytes], None]) -> None:
    golden(f"targets/openclaw/{name}.policy.jsonc", emitted_files(plan)["policy.jsonc"])


@pytest.mark.parametrize("plan", [gateway_plan(), laptop_plan()])
def test_what_we_write_passes_our_check_and_is_locked_by_its_hash(plan: MachinePlan) -> None:
    files = emitted_files(plan)
    assert list(TARGET.check("policy.jsonc", files["policy.jsonc"])) == []
    settings = json.loads(files["openclaw.json"])["plugins"]["entries"]["policy"]["config"]
    assert settings["expectedHash"] == fingerprint(policy(plan))


def test_the_hash_ignores_the_order_of_keys_and_heeds_every_value() -> None:
    rules = policy(gateway_plan())
    assert fingerprint(dict(reversed(rules.items()))) == fingerprint(rules)
    assert fingerprint({**rules, "mcp": {"servers": {"allow": ["docs"]}}}) != fingerprint(rules)


def test_only_providers_of_the_file_may_be_configured() -> None:
    plan = gateway_plan()
    configured = json.loads(emitted_files(plan)["openclaw.json"])["models"]["providers"]
    assert policy(plan)["models"]["providers"]["allow"] == sorted(configured)
    assert policy(gateway_with(AUDIT))["models"]["providers"]["allow"] == ["openrouter", "openrouter-dollar"]


def test_each_agent_is_held_to_the_tools_that_it_goes_without() -> None:
    files = emitted_files(gateway_plan())
    data, rules = json.loads(files["openclaw.json"]), policy(gateway_plan())
    assert set(rules["tools"]["denyTools"]) == set(data["tools"]["deny"])
    for name, agent in data["agents"]["entries"].items():
        held = [scope["tools"]["denyTools"] for scope in rules["scopes"].values() if name in scope["agentIds"]]
        assert {tool for tools in held for tool in tools} >= set(agent["tools"]["deny"])
        assert len(held) == (1 if agent["tools"]["deny"] else 0)


def test_a_client_of_a_gateway_serves_nobody() -> None:
    gateway = policy(laptop_plan())["gateway"]
    assert gateway["http"]["denyEndpoints"] == ["chatCompletions", "responses"]
    assert "remote" not in gateway


@pytest.mark.parametrize(
    ("section", "value", "expected"),
    [
        ("mcp", {"servers": {"allow": ["docs"]}}, "mcp.servers.allow"),
        ("network", {}, "'privateNetwork' is a required property"),
        ("routing", {}, "'routing' was unexpected"),
        ("models", {"providers": {"allow": ["openai"]}}, "models.providers.allow[0]"),
        (
            "scopes",
            {"loose": {"agentIds": ["batch"], "tools": {"denyTools": ["pdf"]}}},
            "scopes.loose.tools.denyTools: lacks 'image_generate'",
        ),
    ],
)
def test_check_finds(section: str, value: Any, expected: str) -> None:
    assert any(expected in problem for problem in problems({**policy(gateway_plan()), section: value}))


def test_check_refuses_what_is_no_json() -> None:
    assert any("not the JSON" in problem for problem in TARGET.check("policy.jsonc", b"// fine\n{"))
    assert any("stands twice" in problem for problem in TARGET.check("policy.jsonc", b'{"mcp": {}, "mcp": {}}'))
