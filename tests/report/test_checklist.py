"""Each box of the article's list: ticked by a fact, not ticked without it, unknown where nobody can say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from compiler.plan import Plan
from compiler.policy import Policies
from harness.report.checklist import Facts, Item, Leg, checklist
from tests.shipped import shipped

BOXES = (
    "Weekly Top 10 picture archived", "Token and dollar tracks split", "Three-tier Mac split documented",
    "Dollar cap configured", "50-prompt weekly harness running", "Remote Mac gateway always on",
    "Free models blocked for sensitive data",
)  # fmt: skip
PICTURE, SPLIT, TIERS, CAP, HARNESS, GATEWAY, FREE = range(7)


def facts() -> Facts:
    """Everything is well."""
    compiled = shipped()
    legs = {"mlx": Leg(46, 46), "openrouter": Leg(50, 598), "remote": Leg(46, 40)}
    files = frozenset({"rankings.json", "rankings.svg", "harness.json"})
    return Facts("2026-W25", files, compiled.policies, compiled.plans[0], True, legs)


def box(number: int, found: Facts) -> Item:
    return checklist(found)[number]


def plan(change: Callable[[Plan], Plan]) -> Facts:
    found = facts()
    assert found.plan
    return replace(found, plan=change(found.plan))


def policies(change: Callable[[Policies], Policies]) -> Facts:
    found = facts()
    assert found.policies
    return replace(found, policies=change(found.policies))


def test_all_seven_can_be_ticked_and_each_says_why_and_where() -> None:
    found = checklist(facts())
    assert tuple(item.title for item in found) == BOXES
    assert [item.state for item in found] == ["ok"] * 7
    assert all(item.fact and item.place for item in found)
    assert found[CAP].fact == "the dollar key stops at 800 USD, monthly"
    assert str(found[CAP].place).startswith("policies/caps.yaml:6:")
    assert found[GATEWAY].fact == "studio keeps it by launchd, and answered 40 calls of the week's harness"
    assert "remote: private-desk" in found[TIERS].fact


def test_a_week_without_a_picture_says_how_to_get_one() -> None:
    item = box(PICTURE, replace(facts(), files=frozenset({"rankings.json"})))
    assert (item.state, "vane market chart 2026-W25" in item.fact) == ("not", True)
    item = box(PICTURE, replace(facts(), files=frozenset()))
    assert (item.state, "vane market refresh --week 2026-W25" in item.fact) == ("not", True)


def test_policies_that_do_not_compile_leave_their_boxes_unknown() -> None:
    found = checklist(replace(facts(), policies=None, plan=None, is_compiled=None))
    unknown = [SPLIT, TIERS, CAP, HARNESS, GATEWAY, FREE]
    assert [number for number, item in enumerate(found) if item.state == "unknown"] == unknown


def test_what_is_not_compiled_yet_ticks_nothing() -> None:
    found = checklist(replace(facts(), is_compiled=False))
    assert [found[number].state for number in (SPLIT, TIERS, CAP, GATEWAY, FREE)] == ["not"] * 5
    assert "generated/ is not up to date" in found[CAP].fact
    assert found[PICTURE].state == found[HARNESS].state == "ok"


def _without_key(name: str) -> Callable[[Plan], Plan]:
    return lambda old: replace(
        old, account=replace(old.account, keys=tuple(key for key in old.account.keys if key.key != name))
    )


def _on_both_keys(old: Plan) -> Plan:
    token, dollar = (next(key for key in old.account.keys if key.key == name) for name in ("token", "dollar"))
    both = replace(dollar, models=(*dollar.models, token.models[0]))
    return replace(old, account=replace(old.account, keys=(token, both)))


def _no_limit(old: Plan) -> Plan:
    return replace(old, account=replace(old.account, keys=tuple(replace(k, limit_usd=None) for k in old.account.keys)))


def _sleeping(old: Plan) -> Plan:
    return replace(old, machines={name: replace(mac, always_on=False) for name, mac in old.machines.items()})


def _no_local(old: Plan) -> Plan:
    return replace(old, machines={name: mac for name, mac in old.machines.items() if mac.tier == "remote"})


@pytest.mark.parametrize(
    ("number", "change", "said"),
    [
        (SPLIT, _without_key("dollar"), "no route pays with a dollar key"),
        (SPLIT, _without_key("token"), "no route pays with a token key"),
        (SPLIT, _on_both_keys, "both keys pay for deepseek/deepseek-v4-flash"),
        (TIERS, _no_local, "no scenario runs on tier local"),
        (CAP, _no_limit, "the dollar key has no limit"),
        (CAP, _without_key("dollar"), "there is no dollar key to cap"),
        (GATEWAY, _sleeping, "no always-on remote Mac has the gateway"),
    ],
)
def test_a_plan_that_lacks_it(number: int, change: Callable[[Plan], Plan], said: str) -> None:
    item = box(number, plan(change))
    assert (item.state, item.fact) == ("not", said)


def test_the_cap_is_said_as_it_is() -> None:
    def cheap(old: Plan) -> Plan:
        keys = tuple(replace(key, limit_usd=Decimal("12.50"), period="weekly") for key in old.account.keys)
        return replace(old, account=replace(old.account, keys=keys))

    assert box(CAP, plan(cheap)).fact == "the dollar key stops at 12.50 USD, weekly"


def test_a_harness_that_did_not_run_or_ran_short() -> None:
    item = box(HARNESS, replace(facts(), legs=None))
    assert (item.state, item.place) == ("not", None), "there is no file to look at"
    assert item.fact.endswith("; `vane week` makes one for the last complete week alone")
    item = box(HARNESS, replace(facts(), legs={"openrouter": Leg(50, 50)}))
    assert (item.state, item.fact) == ("not", "no answer from leg mlx, remote (prompts: openrouter 50)")
    legs = {leg: Leg(49, 49) for leg in ("mlx", "openrouter", "remote")}
    item = box(HARNESS, replace(facts(), legs=legs))
    assert (item.state, item.fact) == ("not", "prompts by leg: mlx 49, openrouter 49, remote 49, of 50")
    assert box(HARNESS, policies(lambda old: replace(old, acceptance=None))).state == "unknown"


def test_a_gateway_is_on_only_where_it_answered() -> None:
    """Policies and plists are a promise; only a call knows."""
    item = box(GATEWAY, replace(facts(), legs=None))
    assert (item.state, "no remote run" in item.fact) == ("unknown", True)
    silent = {**(facts().legs or {}), "remote": Leg(46, 0)}
    item = box(GATEWAY, replace(facts(), legs=silent))
    assert (item.state, "answered none" in item.fact) == ("not", True)


def test_each_label_needs_a_block_against_free_models() -> None:
    def changed(**how: object) -> Facts:
        return policies(lambda old: replace(old, sensitive=old.sensitive.model_copy(update=how)))

    blocks = shipped().policies.sensitive.blocks
    item = box(FREE, changed(blocks=tuple(block for block in blocks if block.label != "source-code")))
    assert (item.state, item.fact) == ("not", "no block keeps free models from source-code")
    assert box(FREE, changed(labels={}, blocks=())).state == "not"
    cloud = next(block for block in blocks if block.label == "personnel")
    assert cloud.deny == ("cloud",), "no cloud model is no free model either"
