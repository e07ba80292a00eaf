"""Each way into a rule by itself: mutants of the rules lived where only one of several was tried (docs/mutants.md)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from compiler.rules.fleet import GIB, gpu_memory_bytes
from compiler.rules.registry import several
from tests.samples import (
    AGENTS,
    CAPS,
    DRAFTS,
    FLEET,
    IDE,
    MARKET,
    MODELS,
    TRACKS,
    changed,
    findings_in,
    lock,
    write_policies,
)

LARGE = "{model: mlx/acme/Large-4bit, context_tokens: 32768}"
DESKTOP = FLEET.replace("tier: remote\n    hardware: Mac Studio", "tier: local\n    hardware: Mac mini")
NO_GATEWAY = FLEET.replace("[gateway, mlx, harness]", "[mlx, harness]")
NO_ADDRESS = FLEET.replace("    address: https://studio.acme.example\n", "")
MINI = """\
  mini: {tier: remote, hardware: Mac mini, chip: M4, memory_gb: 16, roles: [gateway], user: vane, gateway: attic}
  attic: {tier: remote, hardware: Mac mini, chip: M4, memory_gb: 16, roles: [gateway], user: vane, gateway: studio}
"""
#: None is nearly z/glm-5. The first begins as it does, the second ends so, the third is the nearest of all.
GLM = sorted({*MODELS, "z/aaa", "aaaaaaaaaa/glm-5", "x/glm-9", "z/long-family-name-glm-5"})
TOOLLESS = {
    "fleet.yaml": FLEET.replace("Small-4bit", "Toolless-4bit"),
    "scenarios/drafts.yaml": DRAFTS.replace("Small-4bit", "Toolless-4bit"),
}

#: What is changed → code, file, and words of the message or the fix.
FOUND: Mapping[str, tuple[Mapping[str, str | None], str, str, str]] = {
    "always on, at a desk and nobody's server": (
        {"fleet.yaml": DESKTOP}, "VN501", "fleet.yaml", "role 'gateway' runs 24×7, and 'studio' is a local machine",
    ),
    "always on, on a laptop": (
        changed("fleet.yaml", "hardware: Mac Studio", "hardware: MacBook Pro"),
        "VN501", "fleet.yaml", "role 'gateway' runs 24×7, and 'studio' is a MacBook Pro",
    ),
    "weights and cache in words": (
        changed("fleet.yaml", "memory_gb: 64", "memory_gb: 24"), "VN502", "fleet.yaml",
        "with 32,768 tokens needs weights 16.0 GiB + KV cache 3.0 GiB, 16.0 GiB of 24 GB are for the GPU",
    ),
    "a gateway without the role": ({"fleet.yaml": NO_GATEWAY}, "VN504", "fleet.yaml", "'studio' has not the role"),
    "a gateway without an address": ({"fleet.yaml": NO_ADDRESS}, "VN504", "fleet.yaml", "'studio' has no address"),
    "a Mac without any model": (
        {"fleet.yaml": FLEET.replace("    mlx: {model: mlx/acme/Small-4bit, context_tokens: 32768}\n", "")},
        "VN506", "scenarios/drafts.yaml", "takes up 'drafts' and serves no model, not 'mlx/acme/Small-4bit'",
    ),
    "a test's primary": (
        changed("tests.yaml", "primary: deepseek/deepseek-v4-flash", "primary: deepseek/deepseek-v5-flash"),
        "VN203", "tests.yaml", "unknown model 'deepseek/deepseek-v5-flash'",
    ),
    "a scenario's own primary": (
        {"scenarios/agents.yaml": AGENTS + "route: {primary: acme/nowhere}\n"},
        "VN203", "scenarios/agents.yaml", "unknown model 'acme/nowhere'",
    ),
    "a fleet's model without facts": (
        changed("fleet.yaml", LARGE, LARGE.replace("Large", "Huge")),
        "VN204", "fleet.yaml", "no facts about 'mlx/acme/Huge-4bit'",
    ),
    "the family's name left out": (
        changed("market.yaml", "minimax/minimax-m2.7", "minimax/m2.7"),
        "VN203", "market.yaml", "did you mean 'minimax/minimax-m2.7'?",
    ),
    "the family's name left out, and others are nearer": (
        {"market.yaml": MARKET.replace("minimax/minimax-m2.7", "z/glm-5"), "models.lock.json": lock(catalogue=GLM)},
        "VN203", "market.yaml", "did you mean 'z/long-family-name-glm-5'?",
    ),
    "neither near nor without its family's name": (
        changed("market.yaml", "minimax/minimax-m2.7", "mini/max-m27"),
        "VN203", "market.yaml", "did you mean 'minimax/minimax-m2.7'?",
    ),
    "a scenario's primary again": (
        {"scenarios/agents.yaml": AGENTS
         + "route: {primary: tencent/hy3-preview, fallbacks: [tencent/hy3-preview]}\n"},
        "VN209", "scenarios/agents.yaml", "'tencent/hy3-preview' is already in this route",
    ),
    "tools of a local model": (TOOLLESS, "VN207", "scenarios/drafts.yaml", "it cannot call tools"),
    "structured output of a local model": (
        {"scenarios/drafts.yaml": DRAFTS.replace("tools: true", "structured_output: true")},
        "VN207", "scenarios/drafts.yaml", "so there is no structured output",
    ),
    "context of a local model": (
        {"scenarios/drafts.yaml": DRAFTS.replace("32768", "40961")},
        "VN207", "scenarios/drafts.yaml", "context of 40,960 tokens, 40,961 needed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_each_way_is_found(name: str, tmp_path: Path) -> None:
    changes, code, file, words = FOUND[name]
    found = findings_in(write_policies(tmp_path, changes))
    said = [
        f"{each.message}. {each.fix}" for each in found if (each.code, each.place.file) == (code, f"policies/{file}")
    ]
    assert len([each for each in said if words in each]) == 1, (said, [(f.code, f.message) for f in found])


def test_who_needs_no_tools_may_run_on_a_model_without(tmp_path: Path) -> None:
    needless = TOOLLESS | {"scenarios/drafts.yaml": TOOLLESS["scenarios/drafts.yaml"].replace("tools: true, ", "")}
    assert findings_in(write_policies(tmp_path, needless)) == ()


def test_what_the_gpu_may_hold_on_both_sides_of_36_gigabytes() -> None:
    assert gpu_memory_bytes(36) == 24 * GIB
    assert gpu_memory_bytes(37) == 37 * GIB * 3 // 4
    assert type(gpu_memory_bytes(64)) is int


def test_a_pinned_model_needs_no_place_in_the_catalogue(tmp_path: Path) -> None:
    """A private or preview model may be pinned and not listed."""
    without = lock(catalogue=sorted(set(MODELS) - {"minimax/minimax-m2.7"}))
    assert findings_in(write_policies(tmp_path, {"models.lock.json": without})) == ()


def test_a_team_may_have_the_token_track_alone(tmp_path: Path) -> None:
    """Then nothing is said of a cap, a ticket or a ceiling that there is not."""
    alone: dict[str, str | None] = {
        "tracks.yaml": TRACKS.partition("dollar_track:")[0],
        "caps.yaml": "version: 1\ncaps: {}\n",
        "scenarios/agents.yaml": AGENTS.replace("0.55", "0.75"),
    }
    gone = dict.fromkeys(("tests.yaml", "scenarios/audit.yaml", "scenarios/trials.yaml"))
    assert findings_in(write_policies(tmp_path, {**alone, **gone})) == ()


def test_a_cap_may_hand_over_to_no_track_that_there_is_not(tmp_path: Path) -> None:
    pool = TRACKS.partition("gray_pool:")[0]
    caps = CAPS.replace("downgrade_to: token", "downgrade_to: gray")
    found = findings_in(write_policies(tmp_path, {"tracks.yaml": pool, "caps.yaml": caps}))
    assert ("VN201", "policies/caps.yaml", "no track 'gray'") in {(f.code, f.place.file, f.message) for f in found}


def test_a_circle_of_gateways_is_told_from_its_start_to_its_start(tmp_path: Path) -> None:
    circle = FLEET.replace("    user: vane\n", "    user: vane\n    gateway: mini\n") + MINI
    found = findings_in(write_policies(tmp_path, {"fleet.yaml": circle}))
    said = {f.message for f in found if f.code == "VN202"}
    assert said == {
        "circular gateway: studio → mini → attic → studio", "circular gateway: mini → attic → studio → mini",
        "circular gateway: attic → studio → mini → attic",
    }  # fmt: skip


def test_a_circle_of_caps_is_told_from_its_start_to_its_start(tmp_path: Path) -> None:
    token = CAPS.partition("caps:\n")[2].replace("dollar-monthly", "token-monthly").replace(": token\n", ": gray\n")
    gray = token.replace("token-monthly", "gray-monthly").replace(": gray\n", ": dollar\n")
    tracks = TRACKS.replace("  provider:", "  cap: token-monthly\n  provider:").replace(
        "  max_share:", "  cap: gray-monthly\n  max_share:"
    )
    found = findings_in(write_policies(tmp_path, {"caps.yaml": CAPS + token + gray, "tracks.yaml": tracks}))
    said = {f.message for f in found if f.code == "VN202"}
    assert said == {
        "circular downgrade: token → gray → dollar → token", "circular downgrade: gray → dollar → token → gray",
        "circular downgrade: dollar → token → gray → dollar",
    }  # fmt: skip


def test_cursor_may_fall_back_to_a_model_of_the_api(tmp_path: Path) -> None:
    own = f"{IDE}route: {{primary: deepseek/deepseek-v4-flash, fallbacks: [tencent/hy3-preview]}}\n"
    assert findings_in(write_policies(tmp_path, {"scenarios/ide.yaml": own})) == ()


def test_machines_in_a_message_are_all_of_three_and_the_first_of_four() -> None:
    assert several(["a"]) == "'a'"
    assert several(["a", "b", "c"]) == "'a', 'b', 'c'"
    assert several(["a", "b", "c", "d"]) == "'a', 'b', 'c' and 1 more"
