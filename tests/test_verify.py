"""The proof on the artifacts has teeth: whatever is changed in them towards a denied model is found."""

from __future__ import annotations

import json
import plistlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from compiler.compile import Bundle, Compiled, compile_policies
from compiler.diagnostics import PolicyError
from compiler.plan import MachinePlan
from compiler.targets import Artifact, Reach, Target, installed
from compiler.verify import reaches, verify
from tests.policy_strategies import SHIPPED

TARGETS = installed()
OWL, SONNET = "openrouter/owl-alpha", "anthropic/claude-sonnet-4.6"
OWL_REF, FLASH_REF = f"openrouter-gray/{OWL}", "openrouter/deepseek/deepseek-v4-flash"
GEMINI_REF, MLX_REF = "openrouter/google/gemini-3-flash-preview", "mlx/mlx-community/Qwen3-30B-A3B-4bit"
B, D = "agents.entries.batch", "agents.defaults"
Node = dict[str, Any]
PRESETS = "openrouter/presets.json"
SETTINGS, GUARD, HOOKS = "cursor/settings.json", "cursor/vane-cursor-guard", "cursor/hooks.json"
RULES = "cursor/guard.json"
MLX_PLIST, GATEWAY_PLIST = "launchd/ai.weathervane.mlx.plist", "launchd/ai.openclaw.gateway.plist"


@pytest.fixture(scope="module")
def shipped() -> Compiled:
    return compile_policies(SHIPPED, TARGETS)


def bundle_of(compiled: Compiled, machine: str, folder: str = "") -> Bundle:
    return next(each for each in compiled.bundles if machine in each.machines and each.folder == folder)


def with_file(bundle: Bundle, path: str, content: bytes | None) -> Bundle:
    """The same bundle with other bytes in one file, or without the file."""

    def changed(artifact: Artifact) -> Iterator[Artifact]:
        if artifact.path != path:
            yield artifact
        elif content is not None:
            yield replace(artifact, content=content)

    assert any(artifact.path == path for artifact in bundle.artifacts)
    targets = bundle.by_target.items()
    return replace(
        bundle, by_target={name: tuple(new for old in all_ for new in changed(old)) for name, all_ in targets}
    )


def content(bundle: Bundle, path: str) -> bytes:
    return next(artifact.content for artifact in bundle.artifacts if artifact.path == path)


def findings(compiled: Compiled, bundle: Bundle) -> set[tuple[str, str]]:
    """(code, message) of everything that verify says about one bundle."""
    return {(finding.code, finding.message) for finding in verify([bundle], compiled.policies, TARGETS)}


def codes_about(found: set[tuple[str, str]], subject: str, path: str) -> set[str]:
    """The codes of findings about a scenario and a way."""
    return {code for code, message in found if message.startswith(f"{subject} on ") and f": {path}" in message}


def test_what_was_compiled_has_no_findings(shipped: Compiled) -> None:
    assert list(verify(shipped.bundles, shipped.policies, TARGETS)) == []


def test_every_scenario_is_listed_with_every_model_of_its_route(shipped: Compiled) -> None:
    for bundle in shipped.bundles:
        if not isinstance(bundle.plan, MachinePlan):
            continue
        found = list(reaches(bundle.artifacts, TARGETS))
        for route in bundle.plan.routes:
            listed = {reach.model for reach in found if reach.scenario == route.scenario}
            assert listed == {hop.model for hop in bundle.plan.reachable_by(route)}


def entry(name: str, *keys: str) -> Callable[[Node], Node]:
    """How to get to a node below an agent's entry."""
    return lambda root: at(root["agents"]["entries"][name], *keys)


def defaults(*keys: str) -> Callable[[Node], Node]:
    return lambda root: at(root["agents"]["defaults"], *keys)


def at(node: Node, *keys: str) -> Node:
    for key in keys:
        node = node.setdefault(key, {})
    return node


def put(where: Callable[[Node], Node], key: str, value: Any) -> Callable[[Node], None]:
    return lambda root: where(root).update({key: value})


def whole(root: Node) -> Node:
    return root


#: (what is changed in the studio's openclaw.json, the scenario that suffers, the way, the finding)
OPENCLAW: Mapping[str, tuple[Callable[[Node], None], str, str, str]] = {
    "primary": (put(entry("batch", "model"), "primary", OWL_REF), "batch", f"{B}.model.primary", "VN901"),
    "fallbacks": (
        put(entry("batch", "model"), "fallbacks", [OWL_REF]),
        "batch",
        f"{B}.model.fallbacks[0]",
        "VN901",
    ),
    "allow": (
        put(entry("batch", "modelPolicy"), "allow", [OWL_REF]),
        "batch",
        f"{B}.modelPolicy.allow[0]",
        "VN901",
    ),
    "allow everything": (
        put(entry("batch", "modelPolicy"), "allow", []),
        "batch",
        f"{B}.modelPolicy.allow",
        "VN901",
    ),
    "subagents": (
        put(entry("batch", "subagents", "model"), "primary", OWL_REF),
        "batch",
        f"{B}.subagents.model",
        "VN901",
    ),
    "other agents": (
        put(entry("batch", "subagents"), "allowAgents", ["gray-trials"]),
        "batch",
        f"{B}.subagents.allowAgents > agents.entries.gray-trials.model.primary",
        "VN901",
    ),
    "utility model": (put(entry("batch"), "utilityModel", OWL_REF), "batch", f"{B}.utilityModel", "VN901"),
    "decision model": (put(entry("batch"), "decisionModel", OWL_REF), "batch", f"{B}.decisionModel", "VN901"),
    "heartbeat": (
        put(entry("batch", "heartbeat"), "model", OWL_REF),
        "batch",
        f"{B}.heartbeat.model",
        "VN901",
    ),
    "memory search": (
        put(entry("batch", "memory", "search"), "enabled", True),
        "batch",
        f"{B}.memory.search",
        "VN901",
    ),
    "model on the wire": (
        put(entry("batch", "models", FLASH_REF, "params", "extraBody"), "model", OWL),
        "batch",
        f"{B}.models.{FLASH_REF}.params.extraBody.model",
        "VN901",
    ),
    "compaction": (
        put(defaults("compaction"), "model", FLASH_REF),
        "private-desk",
        f"{D}.compaction.model",
        "VN901",
    ),
    "memory flush": (
        put(defaults("compaction", "memoryFlush"), "model", OWL_REF),
        "security-audit",
        f"{D}.compaction.memoryFlush.model",
        "VN901",
    ),
    "image model": (
        put(defaults(), "imageModel", {"primary": OWL_REF, "fallbacks": []}),
        "multimodal-docs",
        f"{D}.imageModel.primary",
        "VN901",
    ),
    "pdf model": (
        put(defaults(), "pdfModel", {"primary": GEMINI_REF, "fallbacks": []}),
        "private-desk",
        f"{D}.pdfModel.primary",
        "VN901",
    ),
    "default model": (
        put(defaults("model"), "primary", OWL_REF),
        "agent-loops",
        f"{D}.model.primary",
        "VN901",
    ),
    "default utility model": (
        lambda root: at(root, "agents").update(defaults={"utilityModel": OWL_REF}, entries={"batch": {}}),
        "batch",
        f"{D}.utilityModel",
        "VN901",
    ),
    "web search": (
        put(lambda root: at(root, "tools", "web", "search"), "enabled", True),
        "batch",
        "tools.web.search",
        "VN901",
    ),
    "hooks": (
        put(lambda root: at(root, "hooks"), "mappings", [{"model": OWL_REF}]),
        "batch",
        "hooks.mappings[0].model",
        "VN901",
    ),
    "base URL": (
        put(lambda root: root["models"]["providers"]["openrouter"], "baseUrl", "https://example.net/v1"),
        "batch",
        f"{B}.model.primary",
        "VN901",
    ),
    "base URL of MLX": (
        put(lambda root: root["models"]["providers"]["mlx"], "baseUrl", "http://10.0.0.7:8080/v1"),
        "private-desk",
        "agents.entries.private-desk.model.primary",
        "VN901",
    ),
    "zero retention": (
        put(
            entry("multimodal-docs", "models", GEMINI_REF, "params", "extraBody"),
            "provider",
            {"data_collection": "deny"},
        ),
        "multimodal-docs",
        "agents.entries.multimodal-docs.model.primary",
        "VN902",
    ),
    "data collection": (
        put(entry("batch", "models", FLASH_REF, "params", "extraBody"), "provider", {"sort": "price"}),
        "batch",
        f"{B}.model.fallbacks[0]",
        "VN902",
    ),
    "another model of no route": (
        put(entry("gray-trials", "model"), "primary", GEMINI_REF),
        "gray-trials",
        "agents.entries.gray-trials.model",
        "VN903",
    ),
    "another agent": (
        put(lambda root: root["agents"]["entries"], "shadow", {"model": MLX_REF}),
        "shadow",
        "agents.entries.shadow",
        "VN903",
    ),
    "no agents": (lambda root: root.pop("agents"), "main", f"{D}.model", "VN903"),
    "include": (put(whole, "$include", "more.json"), "batch", "$include", "VN901"),
}


@pytest.mark.parametrize("name", OPENCLAW)
def test_a_changed_openclaw_json_is_found(shipped: Compiled, name: str) -> None:
    change, scenario, path, code = OPENCLAW[name]
    bundle = bundle_of(shipped, "studio")
    root = json.loads(content(bundle, "openclaw.json"))
    change(root)
    found = findings(shipped, with_file(bundle, "openclaw.json", json.dumps(root).encode()))
    assert code in codes_about(found, scenario, path), found


def test_a_changed_contingency_is_found_and_named(shipped: Compiled) -> None:
    bundle = bundle_of(shipped, "studio", "contingencies/dollar-monthly-passed/")
    root = json.loads(content(bundle, "openclaw.json"))
    root["agents"]["entries"]["security-audit"]["model"]["fallbacks"].append(OWL_REF)
    found = findings(shipped, with_file(bundle, "openclaw.json", json.dumps(root).encode()))
    assert codes_about(found, "security-audit", "agents.entries.security-audit.model.fallbacks[2]") >= {
        "VN901",
        "VN903",
    }
    assert all("studio, when cap dollar-monthly is passed" in message for _, message in found)


#: (what is changed in a laptop's cursor/settings.json, the subject that suffers, the way, the finding)
CURSOR: Mapping[str, tuple[Callable[[Node], None], str, str, str]] = {
    "alias": (
        lambda root: root["aliases"][0].update(models=[OWL]),
        "ide-assist",
        f"{SETTINGS} aliases[0].models[0]",
        "VN901",
    ),
    "alias of a label": (
        lambda root: root["aliases"][0]["models"].append(OWL),
        "label:source-code",
        f"{RULES} cursor.cleared.source-code[0].models[3]",
        "VN901",
    ),
    "empty alias": (
        lambda root: root["aliases"][0].update(models=[]),
        "ide-assist",
        f"{SETTINGS} aliases[0].models",
        "VN901",
    ),
    "provider": (
        lambda root: root["aliases"][0]["provider"].pop("zdr"),
        "label:customer-data",
        f"{RULES} cursor.cleared.customer-data[0]",
        "VN902",
    ),
    "base URL": (
        lambda root: root.update(openAIBaseUrl="https://openrouter.ai.example.net/api/v1"),
        "ide-assist",
        f"{SETTINGS} aliases[0].models[0]",
        "VN901",
    ),
    "Cursor's own key": (
        lambda root: root.update(useOpenAIKey=False),
        "ide-assist",
        f"{SETTINGS} aliases[0].models[0]",
        "VN901",
    ),
    "mode": (
        lambda root: root["modelConfig"]["composer"].update(modelName=SONNET),
        "ide-assist",
        f"{SETTINGS} modelConfig.composer",
        "VN903",
    ),
    "added model": (
        lambda root: root["userAddedModels"].append(OWL),
        "ide-assist",
        f"{SETTINGS} userAddedModels[1]",
        "VN901",
    ),
}


@pytest.mark.parametrize("name", CURSOR)
def test_changed_cursor_settings_are_found(shipped: Compiled, name: str) -> None:
    change, subject, path, code = CURSOR[name]
    bundle = bundle_of(shipped, "air-ana")
    root = json.loads(content(bundle, SETTINGS))
    change(root)
    found = findings(shipped, with_file(bundle, SETTINGS, json.dumps(root).encode()))
    assert code in codes_about(found, subject, path), found


def test_a_changed_preset_is_found(shipped: Compiled) -> None:
    bundle = next(each for each in shipped.bundles if not each.machines and not each.folder)
    root = json.loads(content(bundle, PRESETS))
    root["presets"][0]["models"].append(OWL)
    root["presets"][0]["provider"].pop("zdr")
    found = findings(shipped, with_file(bundle, PRESETS, json.dumps(root).encode()))
    assert codes_about(found, "ide-assist", PRESETS) == {"VN901", "VN902", "VN903"}


def test_a_guard_that_lets_a_label_through_is_found(shipped: Compiled) -> None:
    bundle = bundle_of(shipped, "air-ana")
    rules = json.loads(content(bundle, RULES))
    rules["cursor"]["cleared"]["personnel"].append("acme-ide")
    found = findings(shipped, with_file(bundle, RULES, json.dumps(rules).encode()))
    assert codes_about(found, "label:personnel", f"{RULES} cursor.cleared.personnel[0]") == {"VN901"}


def test_a_guard_that_is_gone_or_not_asked_is_found(shipped: Compiled) -> None:
    bundle = bundle_of(shipped, "air-ana")
    assert codes_about(findings(shipped, with_file(bundle, GUARD, None)), "label:personnel", GUARD) == {"VN901"}
    without = findings(shipped, with_file(bundle, RULES, None))
    assert codes_about(without, "label:*", RULES) == {"VN901"}
    assert {message for code, message in without if code == "VN906"} == {
        f"air-ana: {RULES}: the guard's data is missing, so it holds nothing back"
    }
    hooks = json.loads(content(bundle, HOOKS))
    hooks["hooks"]["beforeSubmitPrompt"][0]["failClosed"] = False
    found = findings(shipped, with_file(bundle, HOOKS, json.dumps(hooks).encode()))
    assert codes_about(found, "label:customer-data", f"{HOOKS} hooks.beforeSubmitPrompt") == {"VN901"}


@pytest.mark.parametrize(
    ("path", "option", "value"),
    [(MLX_PLIST, "--model", "mlx-community/other"), (MLX_PLIST, "--host", "0.0.0.0")],
)
def test_a_changed_command_line_is_found(shipped: Compiled, path: str, option: str, value: str) -> None:
    bundle = bundle_of(shipped, "air-ana")
    job = plistlib.loads(content(bundle, path))
    arguments = job["ProgramArguments"]
    arguments[arguments.index(option) + 1] = value
    found = findings(shipped, with_file(bundle, path, plistlib.dumps(job)))
    assert codes_about(found, "machine:mlx", f"{path}#ProgramArguments") == {"VN903"}


def test_a_job_that_calls_somebody_else_is_found(shipped: Compiled) -> None:
    bundle = bundle_of(shipped, "studio")
    job = plistlib.loads(content(bundle, GATEWAY_PLIST))
    job["EnvironmentVariables"]["HTTPS_PROXY"] = "http://proxy.example.net:3128"
    found = findings(shipped, with_file(bundle, GATEWAY_PLIST, plistlib.dumps(job)))
    assert codes_about(found, "machine:gateway", f"{GATEWAY_PLIST}#EnvironmentVariables.HTTPS_PROXY") == {"VN903"}


def leaking(leaks: bool, complains: bool = False) -> Target:
    """A target of somebody else: one file a Mac that names a model for a scenario."""

    def emit(plan: MachinePlan) -> Iterable[Artifact]:
        yield Artifact("leak/model.txt", (OWL if leaks else plan.routes[0].hops[0].model).encode(), ())

    def check(path: str, text: bytes) -> Iterable[str]:
        return ["it has a fault"] if complains else []

    def read(files: Mapping[str, bytes]) -> Iterable[Reach]:
        if "leak/model.txt" in files:
            yield Reach("security-audit", files["leak/model.txt"].decode(), "leak/model.txt", {})

    return Target("leak", emit, check, read)


def test_a_target_that_leaks_stops_the_compile() -> None:
    with pytest.raises(PolicyError) as refused:
        compile_policies(SHIPPED, [*TARGETS, leaking(True)])
    assert {finding.code for finding in refused.value.findings} == {"VN901", "VN903"}
    assert any("'openrouter/owl-alpha': 'credentials' may not" in finding.message for finding in refused.value.findings)
    assert {finding.place.file for finding in refused.value.findings} == {"policies/scenarios/security-audit.yaml"}


def test_an_artifact_that_its_own_target_refuses_stops_the_compile() -> None:
    with pytest.raises(PolicyError) as refused:
        compile_policies(SHIPPED, [*TARGETS, leaking(False, complains=True)])
    assert {finding.code for finding in refused.value.findings} == {"VN601"}
    assert "leak: leak/model.txt of studio: it has a fault" in {finding.message for finding in refused.value.findings}


def as_they_lie(folder: Path) -> dict[Path, tuple[int, ...]]:
    """What a write would change of each file and folder; looking at one changes its time of access."""
    found = ((path, path.stat()) for path in folder.rglob("*"))
    return {path: (at.st_ino, at.st_mode, at.st_size, at.st_mtime_ns, at.st_ctime_ns) for path, at in found}


@pytest.mark.parametrize("faulty", [leaking(True), leaking(False, complains=True)])
def test_after_a_violation_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], faulty: Target
) -> None:
    shutil.copytree(SHIPPED, tmp_path / "policies")
    arguments = ["compile", "-C", str(tmp_path)]
    assert main(arguments) == 0
    before = as_they_lie(tmp_path / "generated")
    fleet = tmp_path / "policies" / "fleet.yaml"
    fleet.write_text(fleet.read_text().replace("context_tokens: 32768", "context_tokens: 16384"))
    monkeypatch.setattr("compiler.compile.installed", lambda: (*TARGETS, faulty))
    assert main(arguments) == 1
    assert as_they_lie(tmp_path / "generated") == before
    assert "VN" in capsys.readouterr().err
