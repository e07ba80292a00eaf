"""From policies to plans: each pass by itself, the contingencies, and which Mac takes what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from compiler.compile import emit
from compiler.load import load
from compiler.plan import Hop, Plan, Preferences, Route
from compiler.policy import FILES, Policies, parse
from compiler.resolve import PASSES, resolve
from compiler.situation import STANDING, Situation, situations
from compiler.targets import installed
from tests.policy_strategies import SHIPPED, shipped, write

OPUS, FLASH, HY3, M27 = (
    "anthropic/claude-opus-4.7", "deepseek/deepseek-v4-flash", "tencent/hy3-preview", "minimax/minimax-m2.7",
)  # fmt: skip
OWL, BIG, SMALL = "openrouter/owl-alpha", "mlx/mlx-community/Qwen3-30B-A3B-4bit", "mlx/mlx-community/Qwen3-4B-4bit"
TOKEN_ROUTE = [(FLASH, "token"), (HY3, "token"), (M27, "token")]
Change = Callable[[dict[str, Any]], None]


def policies_at(folder: Path) -> Policies:
    policies, findings = parse(load(folder, FILES))
    assert policies is not None, findings
    return policies


@pytest.fixture(scope="module")
def team() -> Policies:
    return policies_at(SHIPPED)


@pytest.fixture(scope="module")
def plans(team: Policies) -> tuple[Plan, ...]:
    return resolve(team)


def changed(folder: Path, change: Change) -> Policies:
    files = shipped()
    change(files)
    return policies_at(write(folder / "policies", files))


def route_of(plan: Plan, scenario: str) -> Route:
    return next(route for route in plan.routes if route.scenario == scenario)


def hops_of(plan: Plan, scenario: str) -> list[tuple[str, str]]:
    return [(hop.model, hop.key) for hop in route_of(plan, scenario).hops]


def after(policies: Policies, name: str, scenario: str, situation: Situation = STANDING) -> Route:
    """A scenario's route once the pass called `name` has run."""
    routes: tuple[Route, ...] = ()
    for each in PASSES:
        routes = each(routes, policies, situation)
        if each.__name__ == name:
            return next(route for route in routes if route.scenario == scenario)
    raise AssertionError(f"no pass {name}")


def steps(route: Route, by: str) -> list[str]:
    """What a pass decided, each with the text of the policy line that made it do so."""
    lines = {file.name: file.read_text().splitlines() for file in SHIPPED.rglob("*.yaml")}
    found = [step for step in route.trace if step.decided_by == by]
    return [f"{step.what} < {lines[Path(step.place.file).name][step.place.line - 1].strip()}" for step in found]


def test_the_order_of_the_passes() -> None:
    assert [each.__name__ for each in PASSES] == [
        "describe_scenarios", "apply_downgraded", "apply_situation", "choose_models", "add_downgrades", "attach_labels",
        "hold_blocks", "set_preferences", "ask_for_tickets",
    ]  # fmt: skip


def test_scenarios_are_described_as_people_wrote_them(team: Policies) -> None:
    route = after(team, "describe_scenarios", "ide-assist")
    assert (route.title, route.surface, route.tier, route.track) == ("Writing code in Cursor", "cursor", "api", "token")
    assert (route.alias, route.slots) == ("acme-ide", ("composer", "cmd-k", "plan-execution", "quick-agent"))
    assert route.permissions.terminal == ("git diff", "git log", "git status", "make test")
    assert (len(route.hops), len(route.labels)) == (0, 0)
    assert steps(route, "describe_scenarios") == ["surface cursor < surface: cursor", "track token < track: token"]


def test_an_alias_is_for_cursor_alone(team: Policies, tmp_path: Path) -> None:
    assert after(team, "describe_scenarios", "batch").alias is None
    bare = changed(tmp_path, lambda files: files["scenarios/ide-assist.yaml"].pop("alias"))
    assert after(bare, "describe_scenarios", "ide-assist").alias == "ide-assist"


def test_a_scenario_takes_the_models_of_its_track(team: Policies) -> None:
    route = after(team, "choose_models", "agent-loops")
    assert [(hop.model, hop.key) for hop in route.hops] == TOKEN_ROUTE
    assert steps(route, "choose_models") == [
        f"primary {FLASH}, key token < primary: {FLASH}",
        f"fallback 1 {HY3}, key token < - {HY3}",
        f"fallback 2 {M27}, key token < - {M27} # the article writes minimax/m2.7, which OpenRouter does not serve",
    ]


def test_a_scenario_may_have_a_route_of_its_own(team: Policies) -> None:
    route = after(team, "choose_models", "batch")
    assert [(hop.model, hop.key) for hop in route.hops] == [(HY3, "token"), (FLASH, "token")]
    assert steps(route, "choose_models")[0] == f"primary {HY3}, key token < primary: {HY3}"


def test_no_key_pays_for_a_model_on_a_mac(plans: tuple[Plan, ...]) -> None:
    assert hops_of(plans[0], "private-desk") == [(BIG, "local")]
    assert hops_of(plans[0], "local-drafts") == [(SMALL, "local")]
    assert route_of(plans[0], "private-desk").hops[0].preferences == Preferences()


def test_behind_a_capped_track_comes_the_one_that_takes_over(team: Policies) -> None:
    before, route = after(team, "choose_models", "security-audit"), after(team, "add_downgrades", "security-audit")
    assert [hop.model for hop in before.hops] == [OPUS]
    assert [(hop.model, hop.key) for hop in route.hops] == [(OPUS, "dollar"), *TOKEN_ROUTE]
    assert steps(route, "add_downgrades")[:2] == [
        "then track token < downgrade_to: token # call by call from the first refusal on, and as next week's plan after"
        " an overrun",
        f"fallback 1 {FLASH}, key token < primary: {FLASH}",
    ]


def test_a_chain_of_downgrades_is_followed_to_its_end(tmp_path: Path) -> None:
    def cap_tokens(files: dict[str, Any]) -> None:
        cap = {"limit_usd": 5, "period": "daily", "downgrade_to": "gray", "overrun": {"percent": 1}}
        files["caps.yaml"]["caps"]["tokens"] = cap
        files["tracks.yaml"]["token_track"]["cap"] = "tokens"

    team = changed(tmp_path, cap_tokens)
    standing, *others = resolve(team)
    assert hops_of(standing, "security-audit") == [(OPUS, "dollar"), *TOKEN_ROUTE], "no gray model sees credentials"
    assert steps(route_of(standing, "security-audit"), "add_downgrades")[-1].startswith(f"fallback 4 {OWL}, key gray")
    assert hops_of(standing, "private-desk") == [(BIG, "local")]
    passed = next(plan for plan in others if plan.situation == "cap tokens is passed")
    assert hops_of(passed, "agent-loops") == []
    assert route_of(passed, "agent-loops").paused == (
        "'source-code' may reach no model of the gray track, which does its work now"
    )
    assert hops_of(passed, "private-desk") == [(BIG, "local")], "what runs on a Mac spends no cap, and stays there"
    assert hops_of(passed, "local-drafts") == [(SMALL, "local")]


def test_labels_say_which_line_attached_them(team: Policies) -> None:
    route = after(team, "attach_labels", "security-audit")
    assert route.labels == ("source-code", "credentials")
    assert steps(route, "attach_labels") == [
        "label source-code < data: [source-code, credentials]",
        "label credentials < data: [source-code, credentials]",
    ]
    assert [step.place.column for step in route.trace if step.decided_by == "attach_labels"] == [8, 21]


def test_blocks_tighten_the_preferences_of_the_track(team: Policies) -> None:
    route = after(team, "set_preferences", "security-audit")
    opus, flash, *_ = route.hops
    assert opus.preferences == Preferences(data_collection="deny", zdr=True, order=("anthropic",))
    assert flash.preferences == Preferences(data_collection="deny", zdr=True, sort="price")
    assert steps(route, "set_preferences") == [
        "block on source-code requires data_collection: deny < require: {data_collection: deny}",
        "block on credentials requires zdr: true, data_collection: deny < require: {zdr: true, data_collection: deny}",
    ]


def test_a_scenario_replaces_preferences_key_by_key_and_a_block_wins(tmp_path: Path) -> None:
    def loosen(files: dict[str, Any]) -> None:
        wishes = {"sort": "latency", "data_collection": "allow", "max_price": {"prompt": 3}, "allow_fallbacks": False}
        files["scenarios/security-audit.yaml"]["provider"] = wishes

    found = after(changed(tmp_path, loosen), "set_preferences", "security-audit").hops[0].preferences
    assert (found.sort, found.order, found.allow_fallbacks) == ("latency", ("anthropic",), False)
    assert (found.data_collection, found.zdr) == ("deny", True)
    assert found.max_prompt_price == Decimal(3)


def test_a_seat_that_serves_all_agents_asks_for_what_any_of_them_needs(tmp_path: Path) -> None:
    def seat(files: dict[str, Any]) -> None:
        files["scenarios/gray-trials.yaml"] |= {"track": "token", "slots": ["pdf"]}

    route = after(changed(tmp_path, seat), "set_preferences", "gray-trials")
    assert route.labels == ()
    assert {hop.preferences.zdr for hop in route.hops} == {True}
    assert "block on customer-data requires zdr: true, data_collection: deny" in [step.what for step in route.trace]


def test_the_dollar_track_asks_for_a_ticket(plans: tuple[Plan, ...]) -> None:
    route = route_of(plans[0], "security-audit")
    assert route.ticket == r"^(SEC|ARCH)-\d+$"
    assert steps(route, "ask_for_tickets") == [r"needs a ticket < escalation: {ticket: '^(SEC|ARCH)-\d+$'}"]
    assert route_of(plans[0], "agent-loops").ticket is None


def test_each_cap_and_the_gray_pool_are_compiled_ahead(team: Policies, plans: tuple[Plan, ...]) -> None:
    assert [plan.folder for plan in plans] == [
        "", "contingencies/dollar-monthly-passed/", "contingencies/gray-rolled-back/",
    ]  # fmt: skip
    assert [plan.is_standing for plan in plans] == [True, False, False]
    assert [each.name for each in situations(team)] == [plan.situation for plan in plans]


def test_a_passed_cap_moves_the_work_to_the_other_track(plans: tuple[Plan, ...]) -> None:
    route = route_of(plans[1], "security-audit")
    assert hops_of(plans[1], "security-audit") == TOKEN_ROUTE
    assert (route.track, route.ticket) == ("token", None)
    (said,) = steps(route, "apply_situation")
    assert said.startswith("cap dollar-monthly is passed: track token < downgrade_to: token")
    unmoved = [
        name for name in ("agent-loops", "batch", "gray-trials") if hops_of(plans[0], name) != hops_of(plans[1], name)
    ]
    assert unmoved == []


def test_incident_work_keeps_its_route(tmp_path: Path) -> None:
    team = changed(tmp_path, lambda files: files["scenarios/security-audit.yaml"].update(incident=True))
    standing, passed, _ = resolve(team)
    assert hops_of(passed, "security-audit") == hops_of(standing, "security-audit")
    said = [step.what for step in route_of(passed, "security-audit").trace]
    assert "incident work keeps its route" in said


def test_a_route_of_its_own_is_dropped_when_the_work_moves(tmp_path: Path) -> None:
    own = {"primary": OPUS, "fallbacks": ["google/gemini-3-flash-preview"]}
    team = changed(tmp_path, lambda files: files["scenarios/security-audit.yaml"].update(route=own))
    standing, passed, _ = resolve(team)
    assert hops_of(standing, "security-audit")[:2] == [(OPUS, "dollar"), ("google/gemini-3-flash-preview", "dollar")]
    assert hops_of(passed, "security-audit") == TOKEN_ROUTE


def test_gray_work_goes_to_the_token_track_when_the_pool_is_rolled_back(plans: tuple[Plan, ...]) -> None:
    assert hops_of(plans[0], "gray-trials") == [(OWL, "gray")]
    assert hops_of(plans[2], "gray-trials") == TOKEN_ROUTE
    (said,) = steps(route_of(plans[2], "gray-trials"), "apply_situation")
    assert said == "gray pool rolled back: track token < rollback: {tool_error_rise_points: 2.0}"


def test_each_mac_takes_up_what_its_roles_call_for(plans: tuple[Plan, ...]) -> None:
    studio, air = plans[0].machines["studio"], plans[0].machines["air-ana"]
    assert [route.scenario for route in studio.routes] == [
        "agent-loops", "batch", "gray-trials", "multimodal-docs", "private-desk", "security-audit",
    ]  # fmt: skip
    assert [route.scenario for route in air.routes] == ["ide-assist", "local-drafts"]
    assert (studio.gateway, air.gateway) == (None, "https://studio.acme.example")
    assert (studio.user, air.user, studio.always_on, air.always_on) == ("vane", None, True, False)
    assert studio.harness is not None
    assert (studio.harness.weekday, studio.harness.hour, studio.harness.minute) == (1, 6, 17)
    assert air.harness is None
    assert {model.slug for model in air.models} == {FLASH, HY3, M27, SMALL}


def test_macs_with_equal_plans_are_rendered_once(plans: tuple[Plan, ...]) -> None:
    airs = [machine for name, machine in plans[0].machines.items() if name != "studio"]
    assert len(airs) == 6
    assert len({id(machine) for machine in airs}) == 1
    bundles = list(emit(plans, installed()))
    assert [(bundle.folder, len(bundle.machines)) for bundle in bundles if bundle.machines] == [
        ("", 1), ("", 6), ("contingencies/dollar-monthly-passed/", 1), ("contingencies/gray-rolled-back/", 1),
    ]  # fmt: skip


def test_a_mac_that_differs_is_rendered_by_itself(tmp_path: Path) -> None:
    def shrink(files: dict[str, Any]) -> None:
        machines = files["fleet.yaml"]["machines"]
        machines["air-ana"]["mlx"]["context_tokens"] = 16384
        machines["air-ben"]["owner"] = "Ben"

    bundles = emit(resolve(changed(tmp_path, shrink)), installed())
    assert [set(bundle.machines) for bundle in bundles if not bundle.folder and 0 < len(bundle.machines) < 5] == [
        {"studio"}, {"air-ana"},
    ]  # fmt: skip


def test_nobody_can_change_a_plan(plans: tuple[Plan, ...]) -> None:
    plan = plans[0]
    for thing, name in ((plan, "routes"), (plan.machines["studio"], "models"), (plan.routes[0], "hops"),
                        (plan.routes[0].hops[0], "model"), (plan.routes[0].trace[0], "what")):  # fmt: skip
        with pytest.raises(FrozenInstanceError):
            setattr(thing, name, ())
    with pytest.raises(TypeError):
        plan.machines["studio"] = plan.machines["air-ana"]  # type: ignore[index]
    with pytest.raises(TypeError):
        plan.places["studio"] = plan.places["air-ana"]  # type: ignore[index]
    assert isinstance(plan.routes[0].hops, tuple)
    assert isinstance(plan.routes[0].hops[0], Hop)


def test_the_same_policies_give_equal_plans(team: Policies, plans: tuple[Plan, ...]) -> None:
    assert resolve(team) == plans
