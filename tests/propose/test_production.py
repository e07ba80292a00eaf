"""What production's tool-call errors propose, hold back, and leave alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.propose.decide import RULES, decide
from harness.propose.production import heard, production
from harness.propose.proposal import NotProposed, Proposal, Statement
from harness.propose.signal import Signal
from harness.propose.week_evidence import NO_LOG, WeekEvidence
from harness.report.stored.decisions import Compared, Decisions
from tests.propose.known import FLASH, HY3, M27, OWL, WEEK, evidence, looked, signals
from tests.shipped import PROJECT, targets


def compared(scenario: str, candidate: str, verdict: str, **more: Any) -> Compared:
    data = {
        "against": "week", "scenario": scenario, "base": candidate, "candidate": candidate, "base_rate": 0.03,
        "rate": 0.06, "sessions": 210, "calls": 3120, "change": 0.03, "low": 0.014, "high": 0.046, "p": 0.001,
        "verdict": verdict,
    }  # fmt: skip
    return Compared.model_validate({**data, **more})


def with_log(*found: Compared) -> WeekEvidence:
    told = Decisions(
        week=str(WEEK), decisions=9, logs=(), silent=(), tokens=0, gray_tokens=0, max_share=None, parts=(), acts=(),
        tool_errors=(), compared=found,
    )  # fmt: skip
    return replace(evidence(), decisions=told)


def test_without_a_log_nothing_is_said_but_that_it_is_missing() -> None:
    known = evidence()
    assert list(production(known)) == []
    assert NO_LOG in known.missing
    assert NO_LOG not in with_log().missing


def test_the_gray_pool_is_rolled_back() -> None:
    (signal,) = signals(production, with_log(compared("batch", OWL, "worse")))
    assert (signal.key, signal.proposal.kind) == ("gray-rollback", "rollback")
    assert {edit.path for edit in signal.proposal.edits} == {("track",)}
    (said,) = signal.proposal.evidence
    assert said.file == f"generated/weeks/{WEEK}/decisions.json"
    assert "batch on openrouter/owl-alpha, against the week before: 3.0 % → 6.0 % of tool calls failed" in said.text
    assert "+3.0 points (+1.4 … +4.6), worse (210 sessions, 3120 tool calls)" in said.text


def test_a_routes_first_model_is_demoted() -> None:
    (signal,) = signals(production, with_log(compared("agent-loops", FLASH, "worse")))
    assert (signal.key, signal.proposal.kind) == (f"demote {FLASH} token_track", "demote")
    assert signal.proposal.title == f"token_track: start with {HY3} instead of {FLASH}"


def test_a_fallback_that_got_worse_as_well_is_not_put_in_front() -> None:
    flash, hy3 = compared("agent-loops", FLASH, "worse"), compared("ide-assist", HY3, "worse")
    (signal,) = signals(production, with_log(flash, hy3))
    assert signal.proposal.title == f"token_track: start with {M27} instead of {FLASH}"
    against_the_first = compared("agent-loops", M27, "worse", against="model", base=FLASH)
    (signal,) = signals(production, with_log(flash, hy3, against_the_first))
    assert signal.is_ticket and signal.proposal.title.endswith("no fallback to put in front that did not")


@pytest.mark.parametrize("verdict", ["better", "within", "unclear"])
def test_what_is_not_worse_is_left_alone(verdict: str) -> None:
    known = with_log(compared("agent-loops", FLASH, verdict), compared("batch", OWL, verdict))
    assert signals(production, known) == []
    assert len(looked(production, known)) == 2


def test_a_fallback_that_got_worse_is_named_and_no_more() -> None:
    known = with_log(compared("agent-loops", M27, "worse"))
    assert signals(production, known) == []
    assert "no route starts with it" in looked(production, known)[f"agent-loops on {M27} in production"]


def test_a_comparison_of_models_proposes_nothing_by_itself() -> None:
    assert list(production(with_log(compared("agent-loops", HY3, "worse", against="model", base=FLASH)))) == []


# ---- what other rules propose


def promotion(candidate: str = HY3) -> Signal:
    (demotion,) = signals(production, with_log(compared("agent-loops", FLASH, "worse")))
    proposal: Proposal = replace(
        demotion.proposal, rule="verdict", kind="promote", title=f"token_track: start with {candidate}",
        evidence=(Statement("the harness says so", "x"),),
    )  # fmt: skip
    return Signal(f"promote {candidate} token_track", proposal, (candidate,), 2)


def test_production_holds_a_promotion_back() -> None:
    known = with_log(compared("agent-loops", HY3, "worse", against="model", base=FLASH))
    (held,) = heard([promotion()], known)
    assert isinstance(held, NotProposed)
    assert held.key == promotion().key, "it is still seen: weeks in a row go on"
    assert "production says otherwise: agent-loops on tencent/hy3-preview, against deepseek" in held.why


@pytest.mark.parametrize("verdict", ["better", "within", "unclear"])
def test_production_stands_beside_what_the_harness_says(verdict: str) -> None:
    known = with_log(compared("agent-loops", HY3, verdict, against="model", base=FLASH))
    (signal,) = heard([promotion()], known)
    assert isinstance(signal, Signal)
    assert [each.text.partition(",")[0] for each in signal.proposal.evidence] == ["the harness says so", "Production"]


def test_other_work_and_other_models_are_no_evidence() -> None:
    """Of a scenario on another route, of another model, or of another week."""
    known = with_log(
        compared("security-audit", HY3, "worse", against="model", base="x"),
        compared("agent-loops", M27, "worse", against="model", base=FLASH),
        compared("agent-loops", HY3, "worse"),
    )
    assert list(heard([promotion()], known)) == [promotion()]
    left = NotProposed("x", "y", "z")
    assert list(heard([left], known)) == [left]


def test_two_rules_that_say_the_same_are_one_voice() -> None:
    """The whole week: the rollback that production asks for is tried out, and made."""
    assert production in RULES
    decided = decide(with_log(compared("batch", OWL, "worse")), PROJECT / "policies", targets())
    assert [made.proposal.kind for made in decided.made] == ["rollback"]
    assert "gray-rollback" in decided.seen
