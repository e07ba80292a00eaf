"""The rules, from the side that is fine: what comes close to a bad policy and is none. The other side is tests/bad."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from compiler import formats, rules
from compiler.codes import codes
from compiler.diagnostics import Severity
from compiler.rules.fleet import GIB, gpu_memory_bytes
from tests.samples import (
    AGENTS,
    CAPS,
    DRAFTS,
    FLEET,
    MODELS,
    POLICIES,
    SENSITIVE_DATA,
    TRACKS,
    TRIALS,
    changed,
    findings_in,
    lock,
    write_policies,
)

SHIPPED = Path(__file__).parents[1] / "policies"
ROUTED = "slots: [system]\n"


def agents(own: str) -> dict[str, str]:
    """The scenario `agents` with more lines of its own."""
    return {"scenarios/agents.yaml": AGENTS.replace(ROUTED, f"{own}\n")}


def test_good_policies_have_no_finding(tmp_path: Path) -> None:
    assert findings_in(write_policies(tmp_path)) == ()


def test_shipped_policies_have_no_error() -> None:
    assert [f for f in findings_in(SHIPPED) if f.severity is not Severity.NOTE] == []


TOKEN_CAP = CAPS.partition("caps:\n")[2].replace("dollar-monthly", "token-monthly").replace(": token\n", ": gray\n")
DENIED = "label: source-code\n    deny: [free, gray]"
FLASH = "deepseek/deepseek-v4-flash"
SMALL = "mlx/acme/Small-4bit, context_tokens: "

#: Rule → changes that come close to breaking it.
FINE: tuple[tuple[str, Mapping[str, str | None]], ...] = (
    ("VN201", {"scenarios/agents.yaml": AGENTS.replace("data: [source-code]\n", "")}),
    ("VN201", {"tests.yaml": None, "acceptance.yaml": None, **changed("fleet.yaml", ", harness]", "]")}),
    ("VN202", {
        "caps.yaml": CAPS + TOKEN_CAP,
        "tracks.yaml": TRACKS.replace("  provider:", "  cap: token-monthly\n  provider:").replace("0.10", "1"),
        "sensitive-data.yaml": SENSITIVE_DATA.replace("[free, gray]", "[x-ai/*]"),
    }),
    ("VN203", changed("market.yaml", "minimax/minimax-m2.7", "openrouter/owl-alpha")),
    ("VN203", changed("tests.yaml", "[openrouter/owl-alpha]", "[x-ai/grok-4.3, mlx/acme/Small-4bit]")),
    ("VN204", changed("tests.yaml", "[openrouter/owl-alpha]", "[acme/unpinned]")),
    ("VN205", changed("market.yaml", "minimax/minimax-m2.7", "acme/never-gone")),
    ("VN206", changed("market.yaml", "minimax/minimax-m2.7", "acme/gone-later")),
    ("VN207", {"scenarios/agents.yaml": AGENTS.replace("128000", "262144")}),
    ("VN207", {"scenarios/agents.yaml": AGENTS.replace("tools: true", "structured_output: true, modalities: [text]")}),
    ("VN207", {"scenarios/trials.yaml": TRIALS + "route: {primary: acme/no-tools}\n"}),
    ("VN208", changed("market.yaml", "minimax/minimax-m2.7", "openrouter/auto")),
    ("VN209", agents("route: {primary: tencent/hy3-preview, fallbacks: [deepseek/deepseek-v4-flash]}")),
    ("VN221", {"scenarios/trials.yaml": TRIALS.replace("track: gray", "track: gray # not token")}),
    ("VN224", changed("scenarios/agents.yaml", "[system]", "[heartbeat]")),
    ("VN225", changed("scenarios/ide.yaml", "[composer, cmd-k]", "[cmd-k]")),
    ("VN227", changed("scenarios/ide.yaml", "track: token", f"track: token\nroute: {{primary: {FLASH}}}")),
    ("VN228", changed("scenarios/ide.yaml", "alias: team-ide\n", "alias: ide\n")),
    ("VN230", changed("fleet.yaml", "[openclaw, cursor, mlx]", "[mlx, cursor, openclaw]")),
    ("VN401", changed("caps.yaml", "limit_usd: 800", "limit_usd: 0.01")),
    ("VN402", changed("tracks.yaml", r"'^(SEC|ARCH)-\d+$'", "'[A-Z]'")),
    ("VN405", {
        "caps.yaml": CAPS + TOKEN_CAP,
        "tracks.yaml": TRACKS.replace("  provider:", "  cap: token-monthly\n  provider:").replace("0.10", "1"),
        "sensitive-data.yaml": SENSITIVE_DATA.replace("[free, gray]", "[x-ai/*]"),
    }),
    ("VN503", changed("fleet.yaml", "[gateway, mlx, harness]", "[mlx, harness, gateway]")),
    ("VN504", changed("fleet.yaml", "https://studio.acme.example", "https://gateway.acme.example:8443")),
    ("VN506", {
        "scenarios/drafts.yaml": DRAFTS.replace("Small", "Large"), "fleet.yaml": FLEET.replace("Small", "Large")
        .replace("memory_gb: 16", "memory_gb: 64"),
    }),
    ("VN508", changed("fleet.yaml", f"{SMALL}32768", f"{SMALL}32768, port: 18789")),
    ("VN508", changed("fleet.yaml", "mlx/acme/Large-4bit, ", "mlx/acme/Large-4bit, port: 18790, ")),
    ("VN222", changed("scenarios/agents.yaml", "[system]", "[system, heartbeat]")),
    ("VN223", {
        "scenarios/ide.yaml": None, **changed("fleet.yaml", "cursor, ", ""),
        "scenarios/agents.yaml": AGENTS.replace("0.55", "0.80"),
    }),
    ("VN226", changed("scenarios/ide.yaml", "team-ide", "my-gpt-ide")),
    ("VN226", changed("scenarios/ide.yaml", "team-ide", "claudette")),
    ("VN226", changed("scenarios/ide.yaml", "alias: team-ide\n", "")),
    ("VN229", {
        "scenarios/agents.yaml": AGENTS.replace("128000", "32768")
        + "route: {primary: tencent/hy3-preview, fallbacks: [mlx/acme/Large-4bit]}\n"
    }),
    ("VN301", {
        **agents("route: {primary: acme/free}"),
        **changed("sensitive-data.yaml", DENIED, DENIED.replace("free, ", "")),
    }),
    ("VN301", changed("sensitive-data.yaml", "deny: [cloud]", "deny: [cloud, x-ai/*]")),
    ("VN302", agents("provider: {only: [deepinfra, novita], ignore: [novita]}")),
    ("VN302", agents("provider: {order: [deepinfra], ignore: [deepinfra]}")),
    ("VN302", agents(f"provider: {{max_price: {{prompt: 0.112, completion: 0.224}}}}\nroute: {{primary: {FLASH}}}")),
    ("VN302", agents("route: {primary: acme/keeps}")),
    ("VN302", agents("provider: {only: [deepinfra, elsewhere]}\nroute: {primary: acme/served}")),
    ("VN302", agents("provider: {order: [elsewhere]}\nroute: {primary: acme/served}")),
    ("VN302", agents("provider: {ignore: [deepinfra]}\nroute: {primary: acme/served}")),
    ("VN303", agents("route: {primary: acme/unasked}")),
    ("VN304", agents("provider: {zdr: false, data_collection: deny}")),
    ("VN305", {"scenarios/trials.yaml": TRIALS + "route: {primary: openrouter/owl-alpha}\n"}),
    ("VN306", {"scenarios/agents.yaml": AGENTS + "# keys look like sk-or-v1-... and are named OPENROUTER_API_KEY\n"}),
    ("VN307", changed("sensitive-data.yaml", "deny: [cloud]", "deny: [cloud, acme/*, x-ai/grok-4.3]")),
    ("VN403", changed("tracks.yaml", "max_share: 0.10", "max_share: 0.1000")),
    ("VN406", {
        **changed("sensitive-data.yaml", "deny: [cloud]", "deny: [deepseek/*]"),
        **changed("scenarios/audit.yaml", "data: [source-code]", "data: [source-code, personnel]"),
    }),
    ("VN404", {
        f"scenarios/{name}.yaml": POLICIES[f"scenarios/{name}.yaml"].replace("expected_share", "# none")
        for name in ("agents", "ide", "audit", "trials")
    }),
    ("VN404", {"scenarios/agents.yaml": AGENTS.replace("0.55", "0.5500000000000000000000000000")}),
    ("VN501", changed("fleet.yaml", "Mac Studio", "Mac mini")),
    ("VN509", {"fleet.yaml": f"{FLEET}rings:\n  - {{ring: rest-of-us, machines: [air-ana]}}\n"}),
    ("VN510", {"fleet.yaml": f"{FLEET}rings: [{{ring: a, machines: [air-ana]}}, {{ring: b, machines: [studio]}}]\n"}),
    ("VN511", {"fleet.yaml": f"{FLEET}rings:\n  - {{ring: canary, machines: [air-ana, studio], enough: 2}}\n"}),
    ("VN502", changed("fleet.yaml", f"{SMALL}32768", f"{SMALL}40960")),
    ("VN502", changed("fleet.yaml", "memory_gb: 64", "memory_gb: 32")),
    ("VN505", {"fleet.yaml": FLEET.replace("    gateway: studio", "    user: ana\n    gateway: studio")}),
    ("VN507", {"acceptance.yaml": None, **changed("fleet.yaml", "[gateway, mlx, harness]", "[gateway, mlx]")}),
)  # fmt: skip


def test_every_rule_has_a_near_miss() -> None:
    assert {code for code, _ in FINE} == {code.code for code in rules.codes()}


@pytest.mark.parametrize(("code", "changes"), FINE, ids=[f"{code}-{index}" for index, (code, _) in enumerate(FINE)])
def test_fine(code: str, changes: Mapping[str, str | None], tmp_path: Path) -> None:
    assert findings_in(write_policies(tmp_path, changes)) == ()


@pytest.mark.parametrize(
    ("memory", "gib"), [(8, "16/3"), (16, "32/3"), (24, "16"), (36, "24"), (48, "36"), (64, "48"), (128, "96")]
)
def test_memory_for_the_gpu(memory: int, gib: str) -> None:
    numerator, _, denominator = gib.partition("/")
    assert gpu_memory_bytes(memory) == int(numerator) * GIB // int(denominator or 1)


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        ("{only: [elsewhere]}", "no provider in `only` serves it: it is served by deepinfra/fp4, novita"),
        ("{order: [deepinfra/bf16], allow_fallbacks: false}", "no provider in `order` serves it"),
        ("{ignore: [deepinfra, novita]}", "every provider that serves it is in `ignore`"),
    ],
)
def test_preferences_are_held_against_who_serves_a_model(provider: str, said: str, tmp_path: Path) -> None:
    changes = agents(f"provider: {provider}\nroute: {{primary: acme/served}}")
    found = findings_in(write_policies(tmp_path, changes))
    assert {finding.code for finding in found} == {"VN302"}
    assert said in found[0].message


def test_weights_and_cache_fill_the_memory_to_the_byte(tmp_path: Path) -> None:
    room = gpu_memory_bytes(16) - 8192 * 1024
    facts: dict[str, Any] = {
        "parameters": 1, "quantization_bits": 4, "kv_bytes_per_token": 1024, "context_length": 8192, "tools": True,
        "source": "made up",
    }  # fmt: skip
    fleet = FLEET.replace("Small-4bit, context_tokens: 32768", "Small-4bit, context_tokens: 8192")
    drafts = DRAFTS.replace("32768", "8192")
    found = []
    for index, weight in enumerate((room, room + 1)):
        mlx = {"mlx/acme/Small-4bit": facts | {"weight_bytes": weight}}
        mlx["mlx/acme/Large-4bit"] = facts | {"weight_bytes": 1}
        fitting = {"fleet.yaml": fleet.replace("32768", "8192"), "scenarios/drafts.yaml": drafts}
        policies = write_policies(tmp_path / str(index), {**fitting, "models.lock.json": lock(mlx=mlx)})
        found.append([finding.code for finding in findings_in(policies)])
    assert found == [[], ["VN502"]]


def test_a_cap_that_passes_to_the_gray_pool_is_held_against_its_ceiling(tmp_path: Path) -> None:
    changes = {
        **changed("caps.yaml", "downgrade_to: token", "downgrade_to: gray"),
        **changed("scenarios/audit.yaml", "data: [source-code]\n", ""),
    }
    (finding,) = findings_in(write_policies(tmp_path, changes))
    assert finding.code == "VN403"
    assert finding.message.endswith("20 % of tokens, the ceiling is 10 % (when cap dollar-monthly is passed)")


def test_every_reachable_model_is_held_against_the_blocks(tmp_path: Path) -> None:
    """A label meets the models of the seats that serve all agents of its Mac, not only those of its own scenario."""
    changes = {
        "scenarios/eyes.yaml": AGENTS.replace("scenario: agents", "scenario: eyes")
        .replace(ROUTED, "slots: [image]\nroute: {primary: acme/free}\n")
        .replace("data: [source-code]\n", "")
        .replace("expected_share: 0.55\n", "")
    }
    findings = findings_in(write_policies(tmp_path, changes))
    assert {(f.code, str(f.place)) for f in findings} == {("VN301", "policies/scenarios/eyes.yaml:8:18")}
    assert any("scenario 'agents'" in finding.message for finding in findings)


@pytest.mark.parametrize(
    ("code", "severity"),
    [
        ("VN206", "warning"),
        ("VN303", "note"),
        ("VN304", "warning"),
        ("VN307", "warning"),
        ("VN405", "warning"),
        ("VN406", "warning"),
    ],
)
def test_what_does_not_stop_a_compile(code: str, severity: str) -> None:
    assert {known.code: known.severity.value for known in rules.codes()}[code] == severity


def test_all_other_rules_stop_a_compile() -> None:
    gentle = {code.code for code in rules.codes() if code.severity is not Severity.ERROR}
    assert gentle == {"VN206", "VN303", "VN304", "VN307", "VN405", "VN406"}


def test_every_rule_explains_itself() -> None:
    known = codes()
    assert len({code.code for code in known}) == len({code.name for code in known}) == len(known)
    assert all(code.title and code.fix and len(code.why) > 20 for code in known)


SECRET = "sk-or-v1-" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "changes",
    [
        {"caps.yaml": CAPS + f"# was {SECRET}\n"},
        {"caps.yaml": CAPS + f"key: {SECRET}\n"},
        {"caps.yaml": CAPS.replace("dollar-monthly", SECRET)},
        {"caps.yaml": CAPS.replace("monthly\n", f"{SECRET}\n")},
        {"caps.yaml": f"caps: [{SECRET}\n"},
        {"caps.yaml": CAPS + f"'{SECRET}\n"},
        {"models.lock.json": lock(source=SECRET)},
        {"tracks.yaml": TRACKS.replace("tencent/hy3-preview", f"tencent/{SECRET}")},
    ],
    ids=["comment", "value", "name", "wrong-value", "broken", "unclosed", "lock", "model"],
)
@pytest.mark.parametrize("format", sorted(formats.FORMATS))
def test_a_credential_is_found_and_never_shown(changes: dict[str, str], format: str, tmp_path: Path) -> None:
    findings = findings_in(write_policies(tmp_path, changes))
    assert "VN306" in {finding.code for finding in findings}
    sources = {f"policies/{file}": text for file, text in {**POLICIES, **changes}.items()}
    shown = formats.FORMATS[format](findings, sources)
    assert SECRET not in shown
    assert SECRET[9:] not in shown


def test_many_models_without_facts_are_each_named(tmp_path: Path) -> None:
    models = {slug: facts for slug, facts in MODELS.items() if slug != "tencent/hy3-preview"}
    policies = write_policies(tmp_path, {"models.lock.json": lock(models=models)})
    assert {(f.code, str(f.place)) for f in findings_in(policies)} == {("VN204", "policies/tracks.yaml:4:15")}


def test_a_suggestion_never_spells_a_credential(tmp_path: Path) -> None:
    changes = {
        **changed("fleet.yaml", "air-ana:", "AKIAIOSFODNN7EXAMPLE:"),
        **changed("caps.yaml", "800", f"{'x' * 60} {SECRET}"),
    }
    found = findings_in(write_policies(tmp_path, changes))
    assert {finding.code for finding in found} == {"VN122", "VN123", "VN306"}
    assert not any("akia" in finding.fix or SECRET[:15] in finding.message for finding in found)


def test_a_file_name_cannot_write_lines_of_its_own(tmp_path: Path) -> None:
    found = findings_in(write_policies(tmp_path, {"x\n\x1b[31mfine.yaml": "a: 1\n"}))
    shown = formats.text(found, {})
    assert shown.count("\n") == 2
    assert "\x1b" not in shown
