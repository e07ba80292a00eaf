"""The openclaw target: what it finds wrong."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.plan import MachinePlan
from compiler.targets.openclaw import TARGET
from tests.plans import (
    gateway_plan,
    laptop_plan,
)
from tests.targets.openclaw_files import (
    FLASH_REF,
    config,
    emitted,
    problems,
)


@pytest.mark.parametrize("plan", [gateway_plan(), laptop_plan()])
def test_check_likes_what_emit_writes(plan: MachinePlan) -> None:
    assert list(TARGET.check("openclaw.json", emitted(plan))) == []


def test_check_leaves_other_artifacts_alone() -> None:
    assert list(TARGET.check("cursor/hooks.json", b"{")) == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"{", "not the JSON"),
        (b'{"meta": 1, "meta": 2}', "'meta' stands twice"),
        (b'{"meta": NaN}', "NaN is no JSON number"),
        (b"\xff", "not the JSON"),
        (b"[]", "does not satisfy type"),
    ],
)
def test_check_wants_plain_json(content: bytes, expected: str) -> None:
    assert any(expected in problem for problem in TARGET.check("openclaw.json", content))


def set_at(data: dict[str, Any], path: str, value: object) -> None:
    *parents, last = path.split("/")
    node: Any = data
    for key in parents:
        node = node[int(key) if isinstance(node, list) else key]
    node[int(last) if isinstance(node, list) else last] = value


TYPO = "openrouter/deepseek/deepseek-v5"


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("token_track", {}, "'token_track' was unexpected"),
        ("agents/entries/batch/budget", 1, "'budget' was unexpected"),
        ("agents/entries/batch/model/primary", TYPO, "'openrouter/deepseek/deepseek-v5' is no model of a provider"),
        ("agents/entries/batch/model/fallbacks/0", "nowhere/x", "'nowhere/x' is no model of a provider"),
        ("agents/entries/batch/modelPolicy/allow/0", "openrouter/*", "'openrouter/*' is a pattern"),
        ("agents/entries/batch/modelPolicy/allow", [FLASH_REF], "lacks 'mlx/mlx-community/Qwen3-30B-A3B-4bit'"),
        ("agents/entries/gray-trials/modelPolicy/allow/0", FLASH_REF, f"has '{FLASH_REF}', which is not in"),
        ("agents/entries/batch/modelPolicy/allow", [], "minItems"),
        ("agents/entries/batch/models", {TYPO: {}}, "agents.entries.batch.models: "),
        ("agents/entries/batch/utilityModel", FLASH_REF, "utilityModel: does not satisfy const"),
        ("agents/entries/batch/subagents/allowAgents", ["*"], "allowAgents: does not satisfy const"),
        ("agents/entries/batch/subagents/model/primary", TYPO, "batch.subagents.model.primary"),
        ("agents/defaults/model/primary", TYPO, "agents.defaults.model.primary"),
        ("agents/defaults/imageModel/primary", TYPO, "agents.defaults.imageModel.primary"),
        ("agents/defaults/pdfModel/fallbacks", [TYPO], "agents.defaults.pdfModel.fallbacks[0]"),
        ("agents/defaults/compaction/model", TYPO, "agents.defaults.compaction.model"),
        ("agents/defaults/compaction/memoryFlush/model", TYPO, "agents.defaults.compaction.memoryFlush.model"),
        ("agents/defaults/compaction/memoryFlush", {"enabled": True}, "'model' is a required property"),
        ("agents/defaults/systemAgent/agentId", "nobody", "systemAgent.agentId: 'nobody' is no agent"),
        ("agents/defaults/heartbeat/agentId", "nobody", "heartbeat.agentId: 'nobody' is no agent"),
        ("agents/defaults/heartbeat/every", "30m", "'agentId' is a required property"),
        ("tools/byProvider", {TYPO: {"deny": []}}, "tools.byProvider: "),
        ("tools/web/search/enabled", True, "$.tools.web.search.enabled: does not satisfy const false"),
        ("models/providers/openrouter/baseUrl", "https://proxy.example/v1", "baseUrl: does not satisfy const"),
        ("models/providers/other", {}, "'other' was unexpected"),
        ("models/providers/mlx/baseUrl", "http://10.0.0.1:8080/v1", "baseUrl: does not satisfy pattern"),
        ("models/providers/openrouter/apiKey", "plain words", "apiKey: the credential stands in the file"),
        ("models/providers/openrouter/apiKey/id", "openrouter_key", "id: does not satisfy pattern"),
        ("models/providers/openrouter/apiKey/id", "OTHER_KEY", "lacks OTHER_KEY"),
        ("models/providers/openrouter/models/0/cost/input", "free", "cost.input: does not satisfy type"),
        ("models/providers/openrouter/models/0/compat/openRouterRouting", {"zdr": "yes"}, "does not satisfy type"),
        ("secrets/providers/default/allowlist", ["OPENCLAW_GATEWAY_TOKEN", "X"], "has X, which nothing refers to"),
        ("agents/entries/batch/name", "key sk-or-v1-0123456789abcdef", "batch.name: the text looks like a credential"),
        ("agents/entries/batch/tools/deny", ["ghp_" + "a" * 36], "deny[0]: the text looks like a credential"),
        ("sk-or-v1-0123456789", 1, "a key looks like a credential"),
        ("gateway/auth/token", "hunter2", "gateway.auth.token: the credential stands in the file"),
        ("gateway/bind", "0.0.0.0", "bind: does not satisfy const"),
        ("gateway", {"mode": "remote"}, "'remote' is a required property"),
        (
            f"agents/entries/batch/models/{FLASH_REF.replace('/', '~')}",
            {"params": {"extraBody": {"provider": {"data_collecton": "deny"}}}},
            "'data_collecton' was unexpected",
        ),
    ],
)
def test_check_finds(path: str, value: object, expected: str) -> None:
    data = config(gateway_plan())
    set_at(data, path, value)
    if "~" in path:
        models = data["agents"]["entries"]["batch"]["models"]
        models[FLASH_REF] = models.pop(FLASH_REF.replace("/", "~"))
    found = problems(data)
    assert any(expected in problem for problem in found), found


def test_check_never_repeats_a_secret() -> None:
    data = config(gateway_plan())
    data["models"]["providers"]["openrouter"]["apiKey"] = "sk-or-v1-0123456789abcdef"
    data["gateway"]["auth"]["token"] = {"source": "hunter2"}
    found = " ".join(problems(data))
    assert found
    assert "0123456789abcdef" not in found
    assert "hunter2" not in found


def test_check_of_a_client() -> None:
    data = config(laptop_plan())
    data["gateway"]["remote"]["url"] = "ws://studio.example.net"
    assert any("$.gateway.remote.url" in problem for problem in problems(data))
