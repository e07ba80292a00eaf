"""Each way into a rule by itself: mutants of the rules lived where only one of several was tried (docs/mutants.md)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from compiler.rules.fleet import GIB, gpu_memory_bytes
from tests.samples import AGENTS, DRAFTS, FLEET, MODELS, TRACKS, changed, findings_in, lock, write_policies

LARGE = "{model: mlx/acme/Large-4bit, context_tokens: 32768}"
DESKTOP = FLEET.replace("tier: remote\n    hardware: Mac Studio", "tier: local\n    hardware: Mac mini")
NO_GATEWAY = FLEET.replace("[gateway, mlx, harness]", "[mlx, harness]")
NO_ADDRESS = FLEET.replace("    address: https://studio.acme.example\n", "")
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
