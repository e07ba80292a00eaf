"""From OpenRouter's answer to models.lock.json: every digit is kept, and what a compile would refuse stays out."""

from __future__ import annotations

import copy
import datetime
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.diagnostics import PolicyError
from compiler.lock import Answers, endpoints_of, make_lock, models_of, zdr_slugs
from compiler.policy.lock import Lock, LockedModel
from compiler.price_route import route_of
from tests.fakes.openrouter import DATA, saved

ANSWER = DATA / "models-2026-05-22.json"
ZDR_ANSWER = DATA / "zdr-2026-05-22.json"
DAY = datetime.date(2026, 5, 22)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def entry(slug: str) -> dict[str, Any]:
    (found,) = (model for model in saved(ANSWER.name)["data"] if model["id"] == slug)
    return dict(found)


def lock_of(*models: dict[str, Any], zdr: frozenset[str] | None = None) -> dict[str, Any]:
    answers = Answers(models_of({"data": list(models)}), zdr, DAY, "a test")
    text, findings = make_lock((model["id"] for model in models), answers, {})
    assert not findings
    return dict(json.loads(text))


def pinned(slug: str) -> dict[str, Any]:
    return dict(lock_of(entry(slug))["models"][slug])


def typed(slug: str) -> LockedModel:
    return LockedModel.model_validate(pinned(slug))


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(PolicyError) as caught:
        call()
    (finding,) = caught.value.findings
    assert finding.code == "VN701"
    return finding.message


# ---- what is pinned


def test_prices_keep_every_digit() -> None:
    assert pinned("acme/tiered")["pricing"] == {
        "prompt": "0.0000012500000000000001",
        "completion": "0.00001",
        "input_cache_read": "0.000000125",
        "input_cache_write": "0.0000015625",
        "other": {"input_cache_write_1h": "0.0000025", "request": "0", "web_search": "0.01"},
        "discount": "0.25",
        "overrides": [
            {
                "min_prompt_tokens": 200000,
                "prices": {"completion": "0.000015", "input_cache_read": "0.00000025", "prompt": "0.0000025"},
            },
            {
                "utc_start": "1630",
                "utc_end": "0030",
                "prices": {"completion": "0.000005", "prompt": "0.0000006"},
            },
            {
                "min_prompt_tokens": 200000,
                "utc_start": "0030",
                "utc_end": "0400",
                "utc_days": [0, 6],
                "prices": {"prompt": "0.0000005"},
            },
        ],
    }


def test_prices_are_decimals_when_read_again() -> None:
    pricing = typed("acme/tiered").pricing
    assert pricing.prompt == Decimal("0.0000012500000000000001")
    assert pricing.discount == Decimal("0.25")
    assert pricing.per_million(pricing.prompt) == Decimal("0.937500000000000075")
    assert pricing.overrides[0].min_prompt_tokens == 200_000
    assert pricing.overrides[1].prices["completion"] == Decimal("0.000005")
    assert (pricing.overrides[1].utc_start, pricing.overrides[1].utc_end) == ("1630", "0030")
    assert pricing.other["input_cache_write_1h"] == Decimal("0.0000025")


@settings(deadline=None)
@given(price=st.decimals(min_value=0, max_value=999_999_999, places=18))
def test_any_price_survives(price: Decimal) -> None:
    model = entry("tencent/hy3-preview")
    model["pricing"] = {"prompt": f"{price:f}", "completion": "0"}
    locked = LockedModel.model_validate(lock_of(model)["models"][model["id"]])
    assert locked.pricing.prompt == price
    assert locked.pricing.per_million(locked.pricing.prompt) == price * 1_000_000


def test_facts_of_a_model() -> None:
    facts = pinned("deepseek/deepseek-v4-flash")
    assert facts["canonical_slug"] == "deepseek/deepseek-v4-flash-20260423"
    assert facts["context_length"] == 1_048_576
    assert facts["supported_parameters"] == sorted(facts["supported_parameters"])
    assert "tools" in facts["supported_parameters"]
    assert "description" not in facts


def test_text_of_the_answer_is_data() -> None:
    assert pinned("acme/tiered")["name"] == "Acme: “Tiered” & <odd> 🌤"


def test_routers_have_no_price_of_their_own() -> None:
    router = typed("openrouter/auto")
    assert router.pricing.is_router
    assert not router.pricing.is_free
    assert router.pricing.per_million(router.pricing.prompt) is None
    assert router.facts("openrouter/auto").prompt_price is None


def test_expiration() -> None:
    assert typed("google/gemini-2.0-flash-001").expires == datetime.date(2026, 6, 1)
    assert typed("acme/never-gone").expiration_date == datetime.date(2098, 12, 31)
    assert typed("acme/never-gone").expires is None
    assert typed("minimax/minimax-m2.7").expires is None


def test_free_variants_are_models_of_their_own() -> None:
    lock = lock_of(entry("deepseek/deepseek-v4-flash"), entry("deepseek/deepseek-v4-flash:free"))
    assert lock["models"]["deepseek/deepseek-v4-flash:free"]["pricing"] == {"prompt": "0", "completion": "0"}
    assert lock["models"]["deepseek/deepseek-v4-flash"]["pricing"]["prompt"] == "0.000000112"


# ---- zero data retention


def test_zdr_is_unknown_where_nobody_asked() -> None:
    assert pinned("minimax/minimax-m2.7")["zdr"] is None


@pytest.mark.parametrize(
    ("endpoint", "paid", "free"),
    [
        ("deepseek/deepseek-v4-flash", True, False),
        ("deepseek/deepseek-v4-flash-20260423", True, False),
        ("deepseek/deepseek-v4-flash:free", False, True),
        ("deepseek/deepseek-v4-flash-20260423:free", False, True),
        ("deepseek/deepseek-v4-pro", False, False),
    ],
)
def test_zdr_of_a_paid_model_says_nothing_of_its_free_variant(endpoint: str, paid: bool, free: bool) -> None:
    both = (entry("deepseek/deepseek-v4-flash"), entry("deepseek/deepseek-v4-flash:free"))
    models = lock_of(*both, zdr=frozenset({endpoint}))["models"]
    assert models["deepseek/deepseek-v4-flash"]["zdr"] is paid
    assert models["deepseek/deepseek-v4-flash:free"]["zdr"] is free


def test_zdr_endpoints_are_counted_once() -> None:
    assert zdr_slugs(saved(ZDR_ANSWER.name)) == {
        "anthropic/claude-opus-4.7",
        "deepseek/deepseek-v4-flash-20260423",
        "minimax/minimax-m2.7",
        "tencent/hy3-preview",
    }


# ---- odd answers


def broken(**changes: Any) -> dict[str, Any]:
    model = copy.deepcopy(entry("acme/tiered"))
    pricing = changes.pop("pricing", {})
    return model | changes | {"pricing": model["pricing"] | pricing if isinstance(pricing, dict) else pricing}


@pytest.mark.parametrize(
    "model",
    [
        None,
        "acme/tiered",
        {},
        {"id": 5},
        broken(pricing=None),
        broken(pricing={"prompt": 0.0000012}),
        broken(pricing={"completion": None}),
        broken(pricing={"prompt": "free"}),
        broken(pricing={"prompt": "NaN"}),
        broken(pricing={"prompt": "1e999999999"}),
        broken(pricing={"completion": "-2"}),
        broken(pricing={"web_search": 0.01}),
        broken(pricing={"input_cache_read": 0}),
        broken(pricing={"discount": 1.5}),
        broken(pricing={"discount": True}),
        broken(pricing={"overrides": 5}),
        broken(pricing={"overrides": ["x"]}),
        broken(pricing={"overrides": [{"min_prompt_tokens": 0.5, "prompt": "0"}]}),
        broken(pricing={"overrides": [{"utc_start": 2960, "utc_end": 0, "prompt": "0"}]}),
        broken(pricing={"overrides": [{"prompt": 0.1}]}),
        broken(architecture=None),
        broken(architecture={"input_modalities": [None, "text"], "output_modalities": ["text"]}),
        broken(architecture={"input_modalities": 5, "output_modalities": ["text"]}),
        broken(context_length=None),
        broken(context_length="262144"),
        broken(context_length=-1),
        broken(top_provider=["x"]),
        broken(canonical_slug=5),
        broken(name=["x"]),
        broken(supported_parameters=[1, "tools"]),
        broken(expiration_date="soon"),
        broken(expiration_date=1780000000),
    ],
)
def test_odd_models_are_refused(model: Any) -> None:
    assert refusal(lambda: lock_of(model))


def test_an_odd_model_that_nobody_names_is_no_hindrance() -> None:
    models = models_of(saved(ANSWER.name))
    assert any(model["context_length"] is None for model in models)
    text, _ = make_lock(["minimax/minimax-m2.7"], Answers(models, None, DAY, "x"), {})
    assert "acme/no-context" in json.loads(text)["catalogue"]


def test_a_page_is_not_the_whole_answer() -> None:
    page = saved(ANSWER.name) | {"links": {"next": "/api/v1/models?offset=500&limit=500"}}
    assert "only a page of 11 models" in refusal(lambda: models_of(page))


def test_what_is_not_served_is_named_and_left_out() -> None:
    wanted = ["minimax/m2.7", "mlx/acme/Unknown-4bit", "minimax/minimax-m2.7"]
    text, findings = make_lock(wanted, Answers(models_of(saved(ANSWER.name)), None, DAY, "x"), {})
    assert [(f.code, f.severity.value) for f in findings] == [("VN702", "warning"), ("VN703", "warning")]
    assert "'minimax/m2.7' is not among 11 models" in findings[0].message
    lock = json.loads(text)
    assert list(lock["models"]) == ["minimax/minimax-m2.7"]
    assert lock["mlx"] == {}


@settings(deadline=None)
@given(order=st.permutations(saved(ANSWER.name)["data"]))
def test_the_order_of_the_answer_does_not_matter(order: list[dict[str, Any]]) -> None:
    wanted = ["minimax/minimax-m2.7", "acme/tiered", "openrouter/auto"]
    first, _ = make_lock(wanted, Answers(models_of(saved(ANSWER.name)), None, DAY, "x"), {})
    second, _ = make_lock(reversed(wanted), Answers(models_of({"data": order}), None, DAY, "x"), {})
    assert first == second


def test_lock_is_what_the_policy_type_takes() -> None:
    models = [model for model in saved(ANSWER.name)["data"] if model["id"] != "acme/no-context"]
    lock = Lock.model_validate(lock_of(*models, zdr=frozenset()))
    assert len(lock.models) == 10
    assert lock.as_of == DAY


# ---- whose price it is


def endpoint(tag: str, prompt: str = "0.000000112", **facts: Any) -> dict[str, Any]:
    pricing = {"prompt": prompt, "completion": "0.000000224", "input_cache_read": "0.000000022", "request": "0"}
    return {"tag": tag, "pricing": pricing, **facts}


@pytest.mark.parametrize(
    ("endpoints", "route"),
    [
        (None, "GET /models"),
        ((), "GET /models: no endpoint has this price"),
        ((endpoint("azure", "0.0000002"),), "GET /models: no endpoint has this price"),
        ((endpoint("azure", "0.0000002"), endpoint("deepinfra/fp8")), "deepinfra/fp8"),
        ((endpoint("deepinfra/fp8", "1.120e-7"),), "deepinfra/fp8"),
        ((endpoint("novita"), endpoint("deepinfra/fp8")), "deepinfra/fp8"),
        ((endpoint("novita", status=0), endpoint("deepinfra/fp8", status=-2)), "novita"),
        ((endpoint("half", "0.000000224"), endpoint("novita")), "novita"),
    ],
)
def test_a_price_says_its_day_and_its_route(endpoints: tuple[dict[str, Any], ...] | None, route: str) -> None:
    slug = "deepseek/deepseek-v4-flash"
    known = {} if endpoints is None else {slug: endpoints}
    answers = Answers(models_of({"data": [entry(slug)]}), None, DAY, "a test", known)
    lock = json.loads(make_lock([slug], answers, {})[0])
    assert lock["models"][slug]["priced"] == {"as_of": "2026-05-22", "route": route}
    read = Lock.model_validate(lock).models[slug].priced
    assert read is not None
    assert (read.as_of, read.route) == (DAY, route)


def test_a_discount_counts_in_whose_price_it_is() -> None:
    dear = endpoint("azure", "0.000000224")
    dear["pricing"] |= {"discount": Decimal("0.5"), "completion": "0.000000448", "input_cache_read": "0.000000044"}
    assert route_of(entry("deepseek/deepseek-v4-flash")["pricing"], [dear]) == "azure"


def test_a_lock_of_an_older_version_is_read() -> None:
    lock = lock_of(entry("deepseek/deepseek-v4-flash"))
    del lock["models"]["deepseek/deepseek-v4-flash"]["priced"]
    assert Lock.model_validate(lock).models["deepseek/deepseek-v4-flash"].priced is None


@pytest.mark.parametrize(
    "answer", [None, [], {}, {"data": []}, {"data": {"endpoints": {}}}, {"data": {"endpoints": [{"tag": "a"}]}}]
)
def test_odd_endpoints_are_refused(answer: Any) -> None:
    assert refusal(lambda: endpoints_of(answer, "a/b")).startswith("GET /models/a/b/endpoints: no list of endpoints")
