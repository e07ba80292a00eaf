"""Every key of OpenClaw's schema that names a model is a way to it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.targets.openclaw_files import (
    SAFE,
    A,
    D,
    X,
    closed,
    in_a,
    in_defaults,
    merged,
    models_by_agent,
    reaches,
)


def test_the_closed_file_reaches_one_model() -> None:
    assert models_by_agent(reaches(closed())) == {"a": {"safe/text"}, "b": {"safe/text"}}


#: change of the closed file, the way that must then be found for agent `a`, and whether it is open to `b` as well
WAYS: list[tuple[dict[str, Any], str, str, bool]] = [
    (in_a({"model": X}), f"{A}.model", "evil/x", False),
    (in_a({"model": {"primary": X}}), f"{A}.model.primary", "evil/x", False),
    (in_a({"model": {"fallbacks": [SAFE, X]}}), f"{A}.model.fallbacks[1]", "evil/x", False),
    (in_a({"modelPolicy": {"allow": [X]}}), f"{A}.modelPolicy.allow[0]", "evil/x", False),
    (in_a({"modelPolicy": {"allow": ["openrouter/*"]}}), f"{A}.modelPolicy.allow[0]", "*", False),
    (in_a({"modelPolicy": {"allow": ["openrouter/evil/*"]}}), f"{A}.modelPolicy.allow[0]", "evil/*", False),
    (in_a({"modelPolicy": {"allow": ["mlx/*"]}}), f"{A}.modelPolicy.allow[0]", "mlx/*", False),
    (in_a({"modelPolicy": {"allow": []}}), f"{A}.modelPolicy.allow", "*", False),
    (in_defaults({"modelPolicy": {"allow": []}}), f"{D}.modelPolicy.allow", "*", True),
    (in_a({"utilityModel": X}), f"{A}.utilityModel", "evil/x", False),
    (in_defaults({"utilityModel": X}), f"{D}.utilityModel", "evil/x", True),
    (in_a({"decisionModel": X}), f"{A}.decisionModel", "evil/x", False),
    (in_defaults({"decisionModel": X}), f"{D}.decisionModel", "evil/x", True),
    (in_a({"heartbeat": {"model": X}}), f"{A}.heartbeat.model", "evil/x", False),
    (in_defaults({"heartbeat": {"model": X}}), f"{D}.heartbeat.model", "evil/x", True),
    (in_a({"subagents": {"model": X}}), f"{A}.subagents.model", "evil/x", False),
    (in_a({"subagents": {"model": {"fallbacks": [X]}}}), f"{A}.subagents.model.fallbacks[0]", "evil/x", False),
    (in_defaults({"subagents": {"model": {"primary": X}}}), f"{D}.subagents.model.primary", "evil/x", True),
    (in_a({"tools": {"exec": {"reviewer": {"model": X}}}}), f"{A}.tools.exec.reviewer.model", "evil/x", False),
    ({"tools": {"exec": {"reviewer": {"model": {"primary": X}}}}}, "tools.exec.reviewer.model.primary", "evil/x", True),
    (in_a({"tts": {"summaryModel": X}}), f"{A}.tts.summaryModel", "evil/x", False),
    ({"tts": {"summaryModel": X}}, "tts.summaryModel", "evil/x", True),
    ({"tts": {"provider": "openai"}}, "tts.provider", "openai/*", True),
    (in_a({"tts": {"personas": {"p": {"provider": "openai"}}}}), f"{A}.tts.personas.p.provider", "openai/*", False),
    (in_a({"memory": {"search": {"enabled": True}}}), f"{A}.memory.search.provider", "openai/*", False),
    ({"memory": {"search": {"enabled": True, "provider": "gemini", "model": "e1"}}}, "memory.search.provider",
     "gemini/e1", True),
    ({"memory": {"search": {"enabled": True, "provider": "local", "fallback": "voyage"}}}, "memory.search.fallback",
     "voyage/*", True),
    ({"memory": {"search": {"enabled": True, "remote": {"baseUrl": "https://e.example/v1"}}}}, "memory.search.provider",
     "https://e.example/v1!*", True),
    (in_a({"runtime": {"type": "acp", "acp": {"agent": "codex"}}}), f"{A}.runtime.acp.agent", "acp:codex", False),
    (in_a({"models": {SAFE: {"agentRuntime": {"id": "claude-cli"}}}}), f"{A}.models.{SAFE}.agentRuntime.id",
     "runtime:claude-cli", False),
    (in_defaults({"models": {SAFE: {"agentRuntime": {"id": "codex"}}}}), f"{D}.models.{SAFE}.agentRuntime.id",
     "runtime:codex", True),
    ({"models": {"providers": {"mlx": {"agentRuntime": {"id": "codex"}}}}}, "models.providers.mlx.agentRuntime.id",
     "runtime:codex", True),
    ({"models": {"providers": {"mlx": {"models": [{"id": "m", "agentRuntime": {"id": "codex"}}]}}}},
     "models.providers.mlx.models[0].agentRuntime.id", "runtime:codex", True),
    (in_a({"params": {"extraBody": {"model": "evil/x"}}}), f"{A}.params.extraBody.model", "evil/x", False),
    (in_a({"params": {"models": ["evil/x"]}}), f"{A}.params.models[0]", "evil/x", False),
    (in_defaults({"params": {"extra_body": {"models": ["y", "evil/x"]}}}), f"{D}.params.extra_body.models[1]",
     "evil/x", True),
    (in_a({"models": {SAFE: {"params": {"extraBody": {"plugins": [{"analysis_models": ["evil/x"]}]}}}}}),
     f"{A}.models.{SAFE}.params.extraBody.plugins[0].analysis_models[0]", "evil/x", False),
    (in_defaults({"imageModel": X}), f"{D}.imageModel", "evil/x", True),
    (in_defaults({"imageModel": {"primary": SAFE, "fallbacks": [X]}}), f"{D}.imageModel.fallbacks[0]", "evil/x", True),
    (in_defaults({"pdfModel": {"primary": X}}), f"{D}.pdfModel.primary", "evil/x", True),
    (in_defaults({"voiceModel": {"primary": X}}), f"{D}.voiceModel.primary", "evil/x", True),
    (in_defaults({"mediaModels": {"image": X}}), f"{D}.mediaModels.image", "evil/x", True),
    (in_defaults({"mediaModels": {"video": {"primary": X}}}), f"{D}.mediaModels.video.primary", "evil/x", True),
    (in_defaults({"mediaModels": {"music": {"fallbacks": [X]}}}), f"{D}.mediaModels.music.fallbacks[0]", "evil/x",
     True),
    (in_defaults({"compaction": {"model": X}}), f"{D}.compaction.model", "evil/x", True),
    (in_defaults({"compaction": {"memoryFlush": {"model": X}}}), f"{D}.compaction.memoryFlush.model", "evil/x", True),
    (in_defaults({"compaction": {"provider": "p"}}), f"{D}.compaction.provider", "plugin:p", True),
    ({"tools": {"media": {"models": [{"provider": "openrouter", "model": "evil/x"}]}}}, "tools.media.models[0].model",
     "evil/x", True),
    ({"tools": {"media": {"models": [{"provider": "groq"}]}}}, "tools.media.models[0].model", "groq/*", True),
    ({"tools": {"media": {"models": [{"type": "cli", "command": "whisper"}]}}}, "tools.media.models[0].command",
     "cli:whisper", True),
    ({"tools": {"media": {"models": [{"baseUrl": "https://e.example", "model": "w"}]}}},
     "tools.media.models[0].baseUrl", "https://e.example!w", True),
    ({"tools": {"media": {"image": {"preferredModel": X}}}}, "tools.media.image.preferredModel", "evil/x", True),
    ({"tools": {"media": {"audio": {"baseUrl": "https://e.example"}}}}, "tools.media.audio.baseUrl",
     "https://e.example!*", True),
    ({"tools": {"links": {"models": [{"command": "summarize"}]}}}, "tools.links.models[0].command", "cli:summarize",
     True),
    ({"tools": {"web": {"search": {"enabled": True, "provider": "brave"}}}}, "tools.web.search.provider", "brave",
     True),
    ({"tools": {"web": {"search": {"enabled": True}}}}, "tools.web.search.provider", "*", True),
    ({"tools": {"web": {"fetch": {"provider": "firecrawl"}}}}, "tools.web.fetch.provider", "service:firecrawl", True),
    ({"talk": {"provider": "elevenlabs"}}, "talk.provider", "elevenlabs/*", True),
    ({"talk": {"realtime": {"provider": "openai", "model": "gpt-r"}}}, "talk.realtime.model", "openai/gpt-r", True),
    ({"transcripts": {"autoStart": [{"providerId": "p"}]}}, "transcripts.autoStart[0].providerId", "p/*", True),
    ({"hooks": {"mappings": [{}, {"model": X}]}}, "hooks.mappings[1].model", "evil/x", True),
    ({"hooks": {"gmail": {"model": X}}}, "hooks.gmail.model", "evil/x", True),
    ({"channels": {"modelByChannel": {"telegram": {"42": X}}}}, "channels.modelByChannel.telegram.42", "evil/x", True),
    ({"channels": {"discord": {"voice": {"realtime": {"model": X}}}}}, "channels.discord.voice.realtime.model",
     "evil/x", True),
    ({"channels": {"clickclack": {"accounts": {"q": {"model": X}}}}}, "channels.clickclack.accounts.q.model",
     "evil/x", True),
    ({"channels": {"reef": {"guard": {"pinnedModel": X}}}}, "channels.reef.guard.pinnedModel", "evil/x", True),
    ({"acp": {"defaultAgent": "codex"}}, "acp.defaultAgent", "acp:codex", True),
    ({"acp": {"fallbacks": ["gemini"]}}, "acp.fallbacks[0]", "acp:gemini", True),
    ({"acp": {"allowedAgents": ["*"]}}, "acp.allowedAgents[0]", "acp:*", True),
    ({"acp": {"backend": "acpx"}}, "acp.backend", "acp:acpx", True),
    ({"bindings": [{"agentId": "a", "acp": {"backend": "acpx"}}]}, "bindings[0].acp.backend", "acp:acpx", True),
    ({"plugins": {"entries": {"active-memory": {"config": {"model": X}}}}},
     "plugins.entries.active-memory.config.model", "evil/x", True),
    ({"plugins": {"entries": {"llm-task": {"config": {"allowedModels": [X]}}}}},
     "plugins.entries.llm-task.config.allowedModels[0]", "evil/x", True),
    ({"plugins": {"entries": {"p": {"llm": {"allowedCompletionModels": [X]}}}}}, "plugins.entries.p.llm.allowedModels",
     "evil/x", True),
    ({"plugins": {"entries": {"p": {"subagent": {"allowModelOverride": True}}}}},
     "plugins.entries.p.subagent.allowModelOverride", "*", True),
    ({"agents": {"$include": "./more.json"}}, "agents.$include", "*", True),
    (in_a({"model": {"primary": "openai/gpt"}}), f"{D}.embeddedAgent.cyberFailover.model",
     "openai/gpt-daybreak-blue-latest", False),
]  # fmt: skip


@pytest.mark.parametrize(("change", "path", "model", "for_all"), WAYS, ids=[way[1] for way in WAYS])
def test_read_finds_every_key_that_names_a_model(change: dict[str, Any], path: str, model: str, for_all: bool) -> None:
    found = [(reach.scenario, reach.path, reach.model) for reach in reaches(merged(closed(), change))]
    assert ("a", path, model) in found
    assert (("b", path, model) in found) is for_all


#: switched off, or set where nothing comes of it
QUIET: list[dict[str, Any]] = [
    {"plugins": {"entries": {"active-memory": {"enabled": False, "config": {"model": X}}}}},
    {"acp": {"enabled": False, "defaultAgent": "codex"}},
    {"memory": {"search": {"enabled": True, "provider": "local", "fallback": "none"}}},
    in_a({"memory": {"search": {"enabled": False, "provider": "openai"}}}),
    in_a({"models": {SAFE: {"agentRuntime": {"id": "openclaw"}}}}),
    in_a({"runtime": {"type": "embedded"}}),
    in_a({"utilityModel": ""}),
    {"tools": {"agentToAgent": {"enabled": True}, "sessions": {"visibility": "agent"}}},
    {"tools": {"byProvider": {X: {"deny": ["browser"]}}}},
]


@pytest.mark.parametrize("change", QUIET)
def test_read_finds_nothing_more(change: dict[str, Any]) -> None:
    assert models_by_agent(reaches(merged(closed(), change))) == {"a": {"safe/text"}, "b": {"safe/text"}}


#: what OpenClaw chooses by itself when a key is gone
@pytest.mark.parametrize(
    ("gone", "path"),
    [
        ("agents/defaults/modelPolicy", f"{D}.modelPolicy.allow"),
        ("agents/entries/a/model", f"{D}.model"),
        ("memory", "memory.search.provider"),
        ("tools/deny", f"{D}.imageModel"),
        ("tools/deny", f"{D}.pdfModel"),
        ("tools/deny", f"{D}.mediaModels.image"),
        ("tools/deny", f"{D}.mediaModels.video"),
        ("tools/deny", f"{D}.mediaModels.music"),
        ("tools/media/image", f"{D}.imageModel"),
        ("tools/media/audio", "tools.media.audio"),
        ("tools/media/video", "tools.media.video"),
        ("tools/web", "tools.web.search.provider"),
    ],
)
def test_read_reports_what_openclaw_would_choose(gone: str, path: str) -> None:
    data = closed()
    *parents, last = gone.split("/")
    node = data
    for key in parents:
        node = node[key]
    del node[last]
    assert any(reach.path == path and "*" in reach.model for reach in reaches(data) if reach.scenario == "a")


def test_read_knows_the_small_model_of_a_vendor() -> None:
    data = merged(closed(), in_a({"model": {"primary": "anthropic/claude"}}))
    del data["agents"]["defaults"]["utilityModel"]
    found = {(reach.scenario, reach.path, reach.model) for reach in reaches(data)}
    assert ("a", f"{D}.utilityModel", "anthropic/*") in found
    assert not any(scenario == "b" and path == f"{D}.utilityModel" for scenario, path, _ in found)


@pytest.mark.parametrize("allow", [["read"], ["group:fs", "view_image"], ["*"]])
def test_an_allow_list_decides_about_tools(allow: list[str]) -> None:
    data = merged(closed(), in_a({"tools": {"allow": allow}}))
    data["tools"]["deny"] = []
    found = any(reach.path == f"{D}.imageModel" for reach in reaches(data) if reach.scenario == "a")
    assert found is (allow != ["read"])
