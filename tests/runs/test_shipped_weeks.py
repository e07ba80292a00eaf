"""Mondays of the shipped policies and the shipped prompts: what a week can decide, and what it cannot."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

import pytest

from harness.bench.case import Case
from harness.bench.evidence import write_evidence
from harness.bench.prepare import chosen_suite
from harness.propose.gray_rollback import gray_rollback
from harness.propose.proposal import NotProposed
from harness.propose.signal import Signal
from harness.propose.verdict import verdict
from harness.propose.week_evidence import WeekEvidence, gather_week
from harness.weeks import Week
from tests.fakes.chat import KEY, Call, Reply, Rule, said
from tests.propose.known import FLASH, GEMINI, HY3, OPUS, OWL
from tests.runs.conftest import GRAY, Desk, as_fast_as_ever
from tests.shipped import edit
from tests.suite.right_answers import right_answers

SHIPPED = chosen_suite(None)
PROMPTS = {json.dumps(case.messages, sort_keys=True): case for case in SHIPPED.cases}
#: Whose right answer is a tool call.
CALLED = [case.id for case in SHIPPED.cases if right_answers(case)[0].calls]
GRAY_POOL = f"the gray pool ({OWL})"


def case_of(call: Call) -> Case:
    return PROMPTS[json.dumps(call.body["messages"], sort_keys=True)]


def right(call: Call) -> Reply:
    """The accepted answer."""
    answer = right_answers(case_of(call))[0]
    return said(call, answer.text, [(called.name, called.arguments) for called in answer.calls])


def wrong(models: Collection[str]) -> Rule:
    """These models talk past the question."""
    return lambda call: said(call, "Perhaps.") if call.model in models else right(call)


def misuses(model: str, prompts: Collection[str]) -> Rule:
    """One model gives the tools of these prompts arguments that they do not have."""

    def rule(call: Call) -> Reply:
        case = case_of(call)
        if call.model != model or case.id not in prompts:
            return right(call)
        return said(call, calls=[(each.name, '{"no-such-argument": 1}') for each in right_answers(case)[0].calls])

    return rule


@pytest.fixture
def monday(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Rule], WeekEvidence]:
    """Ask the shipped prompts, and see what the week is evidence of."""
    monkeypatch.setenv(GRAY, KEY)
    desk.use(SHIPPED)

    def go(week: int, rule: Rule) -> WeekEvidence:
        desk.chat.rule = rule
        name = f"2026-W{week}"
        file: Path = desk.project / ".vane" / "runs" / f"{name}.jsonl"
        where = ("--leg", "openrouter", "--week", name, "--out", str(file), "--concurrency", "8", "--repeats", "2")
        assert desk.run(*where, out=False).code == 0
        write_evidence(desk.project, as_fast_as_ever(file))
        return gather_week(desk.project, Week(2026, week), None)

    return go


def signals(found: Iterable[Signal | NotProposed]) -> list[tuple[str, tuple[str, ...]]]:
    return [(each.key, each.routes) for each in found if isinstance(each, Signal)]


def left_alone(found: Iterable[Signal | NotProposed]) -> dict[str, str]:
    return {each.about: each.why for each in found if isinstance(each, NotProposed)}


def test_the_token_track_and_the_gray_pool_are_judged(monday: Callable[[int, Rule], WeekEvidence]) -> None:
    monday(20, right)
    few = monday(21, misuses(OWL, CALLED[:5]))
    assert signals(verdict(few)) == signals(gray_rollback(few)) == [], "among so many questions chance may do that"
    assert left_alone(gray_rollback(few)) == {GRAY_POOL: "tool-call errors: no evidence either way"}
    worse = monday(22, misuses(OWL, CALLED))
    assert signals(gray_rollback(worse)) == [("gray-rollback", ("gray-trials",))]
    assert signals(verdict(worse)) == []
    fine = monday(23, wrong({FLASH}))
    assert signals(verdict(fine)) == [(f"demote {FLASH} token_track", ("token_track",))]
    assert left_alone(gray_rollback(fine)) == {GRAY_POOL: "tool-call errors: better"}


def test_three_models_have_too_few_of_the_shipped_prompts(monday: Callable[[int, Rule], WeekEvidence]) -> None:
    monday(20, right)
    known = monday(21, wrong({HY3, GEMINI, OPUS}))
    assert signals(verdict(known)) == [], "all of their prompts broke"
    said_ = left_alone(verdict(known))
    for scenario, prompts in (("batch", 8), ("multimodal-docs", 5), ("security-audit", 4)):
        assert said_[f"openrouter ({scenario})"].startswith(f"hold: {prompts} prompts are too few to promote on")


def test_a_trial_gives_a_route_the_prompts_of_others(desk: Desk, monday: Callable[[int, Rule], WeekEvidence]) -> None:
    trial = "  - {leg: openrouter, scenario: gray-trials}"
    edit(desk.project / "policies/acceptance.yaml", (trial, f"  - {{leg: openrouter, scenario: batch}}\n{trial}"))
    monday(20, right)
    known = monday(21, wrong({HY3}))
    assert signals(verdict(known)) == [(f"demote {HY3} batch", ("batch",))]
    assert known.run is not None and known.run.comparison is not None
    assert [leg.candidate_models for leg in known.run.comparison.legs].count((HY3,)) == 1, "both ways are one part"
