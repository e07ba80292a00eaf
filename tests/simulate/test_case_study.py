"""The article's case, against sums that were made by hand."""

from __future__ import annotations

import importlib.util
import json
import sys
from fractions import Fraction
from types import ModuleType

import pytest

from compiler.lock import pricing_of
from compiler.policy.lock import Pricing
from tests.shipped import PROJECT

FOLDER = PROJECT / "docs/examples/case-study"


@pytest.fixture(scope="module")
def study() -> ModuleType:
    spec = importlib.util.spec_from_file_location("case_study", FOLDER / "case_study.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["case_study"] = module
    spec.loader.exec_module(module)
    return module


def test_a_fifth_completion_by_hand(study: ModuleType) -> None:
    case = study.read()
    (mix,) = (mix for mix in case.mixes if mix.name == "a fifth completion")
    # USD a million tokens, four of five at the prompt's price: Sonnet 0.8 × 3 + 0.2 × 15 = 5.40
    assert case.volume(mix) == Fraction(3200) / Fraction("5.40") * 1_000_000
    # flash 0.8 × 0.112 + 0.2 × 0.224 = 0.1344; hy3 0.0528 + 0.052 = 0.1048; gemini 0.4 + 0.6 = 1; opus 4 + 5 = 9
    by_hand = [Fraction(part) for part in ("0.083328", "0.018864", "0.12", "0.72")]
    assert list(case.bill(mix).values()) == [part * 3200 / Fraction("5.40") for part in by_hand]
    assert round(case.total(mix), 2) == Fraction("558.34")


def test_a_mix_with_caches_by_hand(study: ModuleType) -> None:
    case = study.read()
    mix = case.mixes[-1]
    # Sonnet: 0.95 × (0.9 × 0.30 + 0.1 × 3.75) + 0.05 × 15 = 1.36275
    assert mix.price(case.tariffs[case.before]) == Fraction("1.36275") / 1_000_000
    # Opus is five thirds of it in every kind of token, so 8 % of the tokens are 13.33 % of the bill
    assert case.bill(mix)["anthropic/claude-opus-4.7"] == Fraction(3200) * Fraction(8, 100) * Fraction(5, 3)
    # Hy3 asks nothing for writing: 0.95 × (0.9 × 0.029 + 0.1 × 0.066) + 0.05 × 0.26 = 0.044065
    assert mix.price(case.tariffs["tencent/hy3-preview"]) == Fraction("0.044065") / 1_000_000


def test_what_would_have_to_be_so_gives_the_article_s_bill(study: ModuleType) -> None:
    case = study.read()
    for mix in case.mixes:
        share = case.share_needed(mix)
        rest = (1 - share) / (1 - case.after["anthropic/claude-opus-4.7"])
        parts = {model: part * rest for model, part in case.after.items()} | {"anthropic/claude-opus-4.7": share}
        bill = sum(part * case.volume(mix) * mix.price(case.tariffs[model]) for model, part in parts.items())
        assert bill == case.after_usd


def test_the_copied_prices_are_openrouter_s(study: ModuleType) -> None:
    """As far as the answer of that day that tests have: it is cut down to a few models."""
    answer = json.loads((PROJECT / "tests/data/models-2026-05-22.json").read_text("utf-8"))
    real = {model["id"]: Pricing.model_validate(pricing_of(model["pricing"])) for model in answer["data"]}
    copied = {model: tariff.pricing for model, tariff in study.read().tariffs.items() if model in real}
    assert len(copied) == 3
    for model, pricing in copied.items():
        assert pricing == real[model].model_copy(update={"other": {}})
