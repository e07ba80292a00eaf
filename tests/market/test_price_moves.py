"""Prices of a week against the lock, and what a week's catalogue means for the policies."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from compiler.policy.lock import Pricing
from harness.market.catalogue import blended, prices, shown
from tests.market.shipped import PROJECT, WEEKS

FLASH = "deepseek/deepseek-v4-flash"
WEEK = "2026-W25"


def offer(tag: str, prompt: str, completion: str, **more: Any) -> dict[str, Any]:
    pricing = {"prompt": prompt, "completion": completion}
    return {"tag": tag, "provider": tag.title(), "supported_parameters": ["tools"], "pricing": pricing, **more}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(PROJECT / "policies", tmp_path / "policies")
    shutil.copytree(WEEKS, tmp_path / "generated/weeks")
    return tmp_path


def with_prices(project: Path, change: Callable[[Any], None], week: str = WEEK) -> None:
    """A prices.json as the refresh writes it: what the lock says, changed."""
    lock = json.loads((project / "policies/models.lock.json").read_text("utf-8"))
    stored = {
        "version": 1, "week": week, "as_of": "2026-06-22", "models": lock["models"], "endpoints": {},
        "not_served": [], "catalogue": lock["catalogue"],
    }  # fmt: skip
    change(stored)
    (project / f"generated/weeks/{week}/prices.json").write_text(json.dumps(stored), "utf-8")


def found(project: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    assert main(["market", "diff", "-C", str(project), WEEK, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_prices_that_did_not_move(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_prices(project, lambda stored: None)
    said = found(project, capsys)
    assert said["prices"] == {"reason": None, "changes": [], "cheaper_providers": [], "own_or_other": []}
    assert {flag["kind"] for flag in said["policy"]["flags"]} == {"fell-out"}


def _moved(stored: Any) -> None:
    pricing = stored["models"][FLASH]["pricing"]
    pricing |= {"prompt": "0.00000014", "completion": "0.000000225"}
    del pricing["input_cache_read"]
    pricing["overrides"] = [{"min_prompt_tokens": 200000, "prices": {"prompt": "0.0000003"}}]


def test_every_price_that_moved(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_prices(project, _moved)
    changes = {change["price"]: change for change in found(project, capsys)["prices"]["changes"]}
    assert {name: (c["old"], c["new"], c["change_percent"], c["passes_threshold"]) for name, c in changes.items()} == {
        "prompt": ("0.000000112", "0.00000014", 25.0, True),
        "completion": ("0.000000224", "0.000000225", 0.4, False),
        "input_cache_read": ("0.000000022", None, None, True),
        "prompt above 200000 tokens": (None, "0.0000003", None, True),
    }
    assert {change["model"] for change in changes.values()} == {FLASH}
    assert main(["market", "diff", "-C", str(project), WEEK]) == 0
    said = capsys.readouterr().out
    assert f"{FLASH}: prompt $0.112/M → $0.14/M (+25.0 % since the lock)" in said
    assert f"{FLASH}: input_cache_read $0.022/M → none" in said


def test_cheaper_providers_and_the_makers_own(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def before(stored: Any) -> None:
        stored["endpoints"] = {FLASH: [offer("known", "0.0000001", "0.0000002")]}

    def now(stored: Any) -> None:
        stored["endpoints"] = {
            FLASH: [
                offer("deepseek", "0.00000014", "0.00000028"),
                offer("known", "0.0000001", "0.0000002"),
                offer("new/fp4", "0.00000005", "0.0000001"),
                offer("no-tools", "0.00000001", "0.00000001", supported_parameters=[]),
                offer("down", "0.00000001", "0.00000001", status=-1),
            ]
        }

    with_prices(project, before, "2026-W24")
    with_prices(project, now)
    said = found(project, capsys)["prices"]
    assert [(c["tag"], c["is_new"]) for c in said["cheaper_providers"]] == [("new/fp4", True), ("known", False)]
    # 0.8 of prompts and 0.2 of completions: market.yaml's prompt_share
    assert said["cheaper_providers"][0]["blended"] == "0.00000006"
    assert Decimal(said["cheaper_providers"][0]["locked_blended"]) == Decimal("0.0000001344")
    (pair,) = said["own_or_other"]
    assert (pair["own"], pair["other"], pair["own_blended"]) == ("deepseek", "new/fp4", "0.000000168")


def test_what_happens_to_models_in_use(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def change(stored: Any) -> None:
        models = stored["models"]
        models[FLASH]["supported_parameters"].remove("tools")
        models["tencent/hy3-preview"]["context_length"] = 64000
        models["openrouter/owl-alpha"]["expiration_date"] = "2026-06-30"
        models["google/gemini-3-flash-preview"]["input_modalities"] = ["text", "image"]
        for gone in ("minimax/minimax-m2.7", f"{FLASH}:free"):
            models.pop(gone, None)
            stored["catalogue"].remove(gone)

    with_prices(project, change)
    flags = {(flag["kind"], flag["model"], flag["message"]) for flag in found(project, capsys)["policy"]["flags"]}
    lost = "it lost what scenario {}: {}"
    assert flags >= {
        ("lost-parameter", FLASH, lost.format("agent-loops needs", "tools")),
        ("lost-parameter", "tencent/hy3-preview", lost.format("batch needs", "a context of 128000 tokens")),
        ("lost-parameter", "google/gemini-3-flash-preview", lost.format("multimodal-docs needs", "file")),
        ("expires", "openrouter/owl-alpha", "it expires on 2026-06-30"),
        ("gone", "minimax/minimax-m2.7", "it is no longer in OpenRouter's catalogue"),
        ("lost-free-variant", FLASH, f"{FLASH}:free is no longer in OpenRouter's catalogue"),
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [("{", "it is not JSON"), ('{"week": 1}', "week:"), ('{"models": {}}', "week: Field required")],
)
def test_a_broken_file_is_no_quiet_week(
    content: str, said: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / f"generated/weeks/{WEEK}/prices.json").write_text(content, "utf-8")
    assert main(["market", "diff", "-C", str(project), WEEK]) == 1
    shown = capsys.readouterr()
    assert "prices.json:1:1 VM150" in shown.err
    assert said in shown.err
    assert shown.out == ""


def test_prices_by_name() -> None:
    router = Pricing.model_validate({"prompt": "-1", "completion": "-1"})
    assert (prices(router), blended(router, Decimal("0.5"))) == ({}, None)
    night = {"utc_start": "1600", "utc_end": "0030", "prices": {"prompt": "0.000001"}}
    told = {"prompt": "0.000002", "completion": "0.000004", "discount": "0.5", "overrides": [night]}
    pricing = Pricing.model_validate(told)
    assert prices(pricing) == {
        "prompt": Decimal("0.000001"), "completion": Decimal("0.000002"),
        "prompt 1600–0030 UTC": Decimal("0.0000005"),
    }  # fmt: skip
    assert blended(pricing, Decimal("0.75")) == Decimal("0.00000125")
    told_of = [("prompt", "0.0000001"), ("web_search", "0.01"), ("prompt", "0")]
    assert [shown(name, Decimal(price)) for name, price in told_of] == ["$0.1/M", "$0.01 each", "$0/M"]
