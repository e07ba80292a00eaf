"""The openrouter target: what it writes, what its check refuses, what its reader sees."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.plan import AccountPlan, KeyPlan
from compiler.targets import Reach, installed
from compiler.targets.openrouter import TARGET
from compiler.targets.openrouter.check import check
from compiler.targets.openrouter.emit import emit
from compiler.targets.openrouter.read import read
from tests.plans import ASSIST, FLASH, GEMINI, GRAY, HOSTILE, OPUS, OWL, REVIEW, STRICT, gateway_plan, hop, place

KEYS, GUARDRAILS, PRESETS = (f"openrouter/{kind}.json" for kind in ("keys", "guardrails", "presets"))
PLAN = AccountPlan(
    keys=(
        KeyPlan(
            "token", (FLASH.slug, f"{FLASH.slug}:free", GEMINI.slug), (FLASH.slug, GEMINI.slug), None, None,
            (place("tracks.yaml", 3),),
        ),
        KeyPlan(
            "dollar", (OPUS.slug,), (OPUS.slug,), Decimal("800.10"), "monthly",
            (place("tracks.yaml", 8), place("caps.yaml", 4)),
        ),
        KeyPlan("gray", (OWL.slug,), (), None, None, (place("tracks.yaml", 20),)),
    ),
    routes=(REVIEW, ASSIST),
    canonical_slugs=(
        (FLASH.slug, "deepseek/deepseek-v4-flash-20260423"),
        (f"{FLASH.slug}:free", "deepseek/deepseek-v4-flash-20260423"),
        (GEMINI.slug, "google/gemini-3-flash-preview-20251217"),
        (OPUS.slug, "anthropic/claude-4.7-opus-20260416"),
        (OWL.slug, OWL.slug),
    ),
)  # fmt: skip


def emitted(plan: AccountPlan = PLAN) -> dict[str, bytes]:
    return {artifact.path: artifact.content for artifact in emit(plan)}


def listed(path: str, plan: AccountPlan = PLAN) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(emitted(plan)[path])[path.removeprefix("openrouter/")[: -len(".json")]]
    return entries


def changed(path: str, change: Callable[[Any], object]) -> list[str]:
    """What the check says after a change of the sound file."""
    data = json.loads(emitted()[path])
    change(data)
    return list(check(path, json.dumps(data).encode()))


def reaches(preset: dict[str, Any]) -> list[Reach]:
    return list(read({PRESETS: json.dumps({"presets": [preset]}).encode()}))


def test_it_is_installed_and_writes_nothing_for_a_mac() -> None:
    assert TARGET in installed()
    assert list(TARGET.emit(gateway_plan())) == []


def test_emitted_files(golden: Callable[[str, bytes], None]) -> None:
    for path, content in emitted().items():
        golden(f"targets/{path}", content)


def test_emitted_files_pass_their_check_repeat_and_know_their_lines() -> None:
    artifacts = {artifact.path: artifact for artifact in emit(PLAN)}
    assert sorted(artifacts) == [GUARDRAILS, KEYS, PRESETS]
    assert [problem for path, found in artifacts.items() for problem in check(path, found.content)] == []
    assert emitted() == emitted()
    assert place("caps.yaml", 4) in artifacts[KEYS].sources
    assert set(REVIEW.places) <= set(artifacts[PRESETS].sources)


def test_one_key_a_track_and_money_keeps_its_digits() -> None:
    assert [key["variable"] for key in listed(KEYS)] == [
        "OPENROUTER_TOKEN_KEY", "OPENROUTER_DOLLAR_KEY", "OPENROUTER_GRAY_KEY",
    ]  # fmt: skip
    assert b'"limit": 800.10,' in emitted()[KEYS]
    assert [(key["limit"], key["limit_reset"]) for key in listed(KEYS)] == [
        (None, None), (800.10, "monthly"), (None, None),
    ]  # fmt: skip


def test_one_guardrail_a_key_assigned_to_it() -> None:
    assert [guardrail["assigned_key"] for guardrail in listed(GUARDRAILS)] == [key["name"] for key in listed(KEYS)]


def test_retention_switches_are_set_for_the_vendors_that_sensitive_data_reaches_by_the_key() -> None:
    def switches(number: int) -> set[str]:
        return {name for name, value in listed(GUARDRAILS)[number].items() if name.startswith("enforce") and value}

    assert switches(0) == {"enforce_zdr_google", "enforce_zdr_other"}
    assert switches(1) == {"enforce_zdr_anthropic"}
    assert switches(2) == set()


@pytest.mark.parametrize(
    ("model", "switch"), [("openai/gpt-5.4", "openai"), ("x-ai/grok-4.3", "xai"), ("qwen/qwen4", "other")]
)
def test_each_vendor_has_its_switch(model: str, switch: str) -> None:
    key = replace(PLAN.keys[0], models=(model,), zdr_models=(model,))
    plan = replace(PLAN, keys=(key,), canonical_slugs=((model, model),))
    on = [name for name, value in listed(GUARDRAILS, plan)[0].items() if name.startswith("enforce") and value]
    assert on == [f"enforce_zdr_{switch}"]


def test_only_the_gray_key_admits_free_endpoints_that_train() -> None:
    gray = ("enable_free_model_training", "enable_free_model_publication")
    assert [all(guardrail[name] for name in gray) for guardrail in listed(GUARDRAILS)] == [False, False, True]
    assert not any(guardrail["enable_paid_model_training"] for guardrail in listed(GUARDRAILS))


def test_one_preset_a_cursor_scenario_with_its_prices_as_text() -> None:
    review, assist = listed(PRESETS)
    assert (review["slug"], assist["slug"]) == ("vane-design-review", "vane-ide-assist")
    assert review["provider"]["max_price"] == {"prompt": "5", "completion": "25"}
    assert assist["models"] == [FLASH.slug, GEMINI.slug]
    assert assist["title"] == HOSTILE


def test_a_preset_is_as_strict_with_data_as_its_strictest_model() -> None:
    route = replace(ASSIST, hops=(hop(OWL.slug, "gray", GRAY), hop(FLASH.slug, "token", STRICT)))
    (preset,) = listed(PRESETS, replace(PLAN, routes=(route,)))
    assert preset["provider"] == {"data_collection": "deny", "zdr": True}


@given(st.text(min_size=1), st.decimals("0.01", "999999", places=2))
def test_any_title_and_any_limit_come_through(title: str, limit: Decimal) -> None:
    keys = (replace(PLAN.keys[1], limit_usd=limit),)
    plan = replace(PLAN, keys=keys, routes=(replace(ASSIST, title=title),))
    files = emitted(plan)
    assert json.loads(files[PRESETS])["presets"][0]["title"] == title
    assert json.loads(files[KEYS], parse_float=Decimal, parse_int=Decimal)["keys"][0]["limit"] == limit


# ---- check, both sides of each rule (the sound side is the file that `changed` starts from)


@pytest.mark.parametrize(
    ("path", "change", "said"),
    [
        (KEYS, lambda data: data.update(extra=1), "extra"),
        (KEYS, lambda data: data.update(format="weathervane/openrouter-keys/2"), "keys/1"),
        (KEYS, lambda data: data["keys"][0].update(name="token"), "does not match"),
        (KEYS, lambda data: data["keys"][0].update(variable="lower"), "does not match"),
        (KEYS, lambda data: data["keys"][1].update(limit=0), "minimum"),
        (KEYS, lambda data: data["keys"][1].update(limit="800"), "not of type"),
        (KEYS, lambda data: data["keys"][1].update(limit=None), "belong together"),
        (KEYS, lambda data: data["keys"][0].update(limit_reset="monthly"), "belong together"),
        (KEYS, lambda data: data["keys"][1].update(limit_reset="yearly"), "is not one of"),
        (KEYS, lambda data: data["keys"][0].update(name="vane-gray"), "'vane-gray' stands 2 times"),
        (KEYS, lambda data: data["keys"][0].update(key="x"), "key"),
        (GUARDRAILS, lambda data: data["guardrails"][0].update(allowed_models={}), "no limit at all"),
        (GUARDRAILS, lambda data: data["guardrails"][0].update(assigned_key="vane-gray"), "key of its name"),
        (GUARDRAILS, lambda data: data["guardrails"][0].pop("enforce_zdr_other"), "enforce_zdr_other"),
        (GUARDRAILS, lambda data: data["guardrails"][0].update(enforce_zdr_xai=None), "not of type 'boolean'"),
        (GUARDRAILS, lambda data: data["guardrails"][0]["allowed_models"].update(bare="a/b"), "bare"),
        (GUARDRAILS, lambda data: data["guardrails"].append(data["guardrails"][0]), "stands 2 times"),
        (PRESETS, lambda data: data["presets"][0].update(models=[]), "non-empty"),
        (PRESETS, lambda data: data["presets"][0].update(models=["a/b", "a/b"]), "non-unique"),
        (PRESETS, lambda data: data["presets"][0].update(slug="a/b"), "does not match"),
        (PRESETS, lambda data: data["presets"][0]["provider"].update(max_price={"prompt": 5}), "not of type 'string'"),
        (PRESETS, lambda data: data["presets"][0]["provider"].update(zero=True), "zero"),
        (PRESETS, lambda data: data["presets"][0].update(slug="vane-ide-assist"), "stands 2 times"),
    ],
)  # fmt: skip
def test_what_the_check_refuses(path: str, change: Callable[[Any], object], said: str) -> None:
    assert changed(path, lambda data: None) == []
    problems = changed(path, change)
    assert said in "\n".join(problems)


def test_the_check_refuses_credentials_double_keys_and_what_is_no_json() -> None:
    sound = emitted()[KEYS].decode()
    secret = sound.replace("vane-token", "sk-or-v1-0123456789abcdef0123456789abcdef")
    assert "credential" in "\n".join(check(KEYS, secret.encode()))
    twice = sound.replace('"name": "vane-token"', '"name": "vane-token", "name": "vane-gray"')
    assert "twice" in "\n".join(check(KEYS, twice.encode()))
    assert "not JSON" in "\n".join(check(KEYS, sound.replace("800.10", "NaN").encode()))
    assert "not JSON" in "\n".join(check(KEYS, b"{"))


def test_the_check_knows_its_files_and_leaves_those_of_others_alone() -> None:
    assert list(check("openclaw.json", b"{")) == []
    assert "no file of this target" in "\n".join(check("openrouter/byok.json", b"{}"))
    assert "no file of this target" in "\n".join(check("openrouter/keys.txt", b"{}"))


# ---- read


def test_read_sees_every_model_of_every_preset_with_what_is_sent() -> None:
    found = [
        (reach.scenario, reach.model, reach.provider)
        for reach in read(emitted())
        if not reach.scenario.startswith("key:")
    ]
    assert [entry[:2] for entry in found] == [
        ("design-review", OPUS.slug), ("ide-assist", FLASH.slug), ("ide-assist", GEMINI.slug),
    ]  # fmt: skip
    assert all(provider and provider["data_collection"] == "deny" for *_, provider in found)
    assert list(read({})) == []


def test_read_sees_what_a_guardrail_admits_and_the_retention_that_it_enforces() -> None:
    guardrails = [
        {"assigned_key": "vane-token", "allowed_models": {"google/a": "google/a-1", "x/b": "x/b-1"},
         "enforce_zdr_google": True, "enforce_zdr_other": False},
        {"assigned_key": "vane-gray"},
    ]  # fmt: skip
    files = {"openrouter/guardrails.json": json.dumps({"guardrails": guardrails}).encode()}
    assert [(reach.scenario, reach.model, reach.provider) for reach in read(files)] == [
        ("key:token", "google/a", {"zdr": True}),
        ("key:token", "x/b", {"zdr": False}),
        ("key:gray", "*", {"zdr": False}),
    ]


def test_read_sees_a_single_model_and_takes_none_for_all() -> None:
    preset = {"slug": "a", "scenario": "batch", "provider": {"zdr": True}}
    assert [reach.model for reach in reaches({**preset, "model": "a/b"})] == ["a/b"]
    assert [reach.model for reach in reaches({**preset, "model": "a/b", "models": ["c/d"]})] == ["c/d", "a/b"]
    assert [(reach.model, reach.provider) for reach in reaches(preset)] == [("*", {"zdr": True})]
