"""What follows from the harness: promote, demote, roll back; and what "no evidence" never becomes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.propose.gray_rollback import gray_rollback
from harness.propose.verdict import verdict
from harness.report.stored.harness import LegRun
from tests.propose.known import FLASH, HY3, MIMO, OWL, evidence, leg, looked, run_of, signals, tried

WORSE = (0.031, 0.012, 0.05, "worse")
WITHIN = (0.001, -0.004, 0.006, "within")
NONE = {"count": 0, "total": 0, "rate": None, "low": None, "high": None}
UNCLEAR = (0.02, -0.01, 0.05, "unclear")


def test_a_leg_that_did_not_answer_is_missing() -> None:
    """As where there is no Mac for the MLX leg this week: the run of the others is evidence of the others."""
    answered = {
        "leg": "openrouter", "scenario": "agent-loops", "models": [FLASH], "prompts": 1, "repeats": 1, "calls": 1,
        "tool_errors": NONE, "successes": NONE, "unanswered": {}, "latency": {},
        "usd": {"billed": "0", "by_list_price": "0", "each_run": "0"},
    }  # fmt: skip
    silent = {**answered, "leg": "remote", "unanswered": {"timeout": 1}}
    parts = tuple(LegRun.model_validate(each) for each in (answered, silent))
    known = evidence(run=run_of().model_copy(update={"legs": parts}))
    why = "whether its models got better or worse is not known"
    assert [each for each in known.missing if "leg" in each] == [
        f"an answer of the harness's leg {leg}: {why}" for leg in ("mlx", "remote")
    ]


def test_a_promotion_waits_for_a_second_week() -> None:
    (found,) = signals(verdict, evidence(run=run_of(leg("promote", FLASH, HY3, tool_error=WITHIN))))
    assert (found.proposal.kind, found.wait, found.routes) == ("promote", 2, ("token_track",))
    assert [str(edit) for edit in found.proposal.edits] == [
        f"tracks.yaml: set token_track.primary {HY3}",
        f"tracks.yaml: set token_track.fallbacks[0] {FLASH}",
    ]
    assert "tool-call errors: +0.1 points (-0.4 … +0.6), within its margin" in [
        said.text.replace("−", "-") for said in found.proposal.evidence
    ]


def test_a_demotion_does_not_wait_and_swaps() -> None:
    (found,) = signals(verdict, evidence(run=run_of(leg("rollback", tool_error=WORSE))))
    assert (found.proposal.kind, found.wait) == ("demote", 1)
    assert [str(edit) for edit in found.proposal.edits] == [
        f"tracks.yaml: set token_track.primary {HY3}",
        f"tracks.yaml: set token_track.fallbacks[0] {FLASH}",
    ]


def test_a_route_that_a_test_pins_is_left_out_and_says_so(tmp_path: Path) -> None:
    (found,) = signals(verdict, evidence(run=run_of(leg("rollback", tool_error=WORSE))))
    (trial,) = tried(tmp_path, found)
    assert not trial.holds and {each.code for each in trial.findings if each.severity == "error"} == {"VN801"}


@pytest.mark.parametrize("metric", [UNCLEAR, WITHIN])
def test_no_evidence_is_no_change(metric: tuple[float, float, float, str]) -> None:
    known = evidence(run=run_of(leg("hold", FLASH, HY3, tool_error=metric)))
    assert signals(verdict, known) == []
    assert looked(verdict, known) == {"openrouter (agent-loops)": "hold: because"}


def test_what_stays_first_is_not_promoted_and_a_worse_candidate_changes_nothing() -> None:
    assert signals(verdict, evidence(run=run_of(leg("promote")))) == []
    known = evidence(run=run_of(leg("rollback", FLASH, HY3, tool_error=WORSE)))
    assert signals(verdict, known) == []
    assert "does not start with it" in looked(verdict, known)["openrouter (agent-loops)"]


def test_a_route_on_a_mac_without_a_fallback_is_a_ticket() -> None:
    mlx = "mlx/mlx-community/Qwen3-4B-4bit"
    (found,) = signals(verdict, evidence(run=run_of(leg("rollback", mlx, mlx, "mlx", tool_error=WORSE))))
    assert found.is_ticket and "there is no fallback" in found.proposal.title


def test_several_models_on_a_leg_name_no_culprit() -> None:
    both = {**leg("rollback", tool_error=WORSE), "candidate_models": [FLASH, HY3]}
    assert signals(verdict, evidence(run=run_of(both))) == []


def test_a_model_answers_for_the_routes_that_it_was_asked_for_alone() -> None:
    """Hy3 leads the batch route, and waits behind Flash on the track."""
    worse = {**leg("rollback", HY3, HY3, tool_error=WORSE), "routes": ["batch"]}
    holds = {**leg("hold", tool_error=WITHIN), "routes": ["agent-loops", "ide-assist"]}
    known = evidence(run=run_of(worse, holds))
    (found,) = signals(verdict, known)
    assert (found.key, found.routes) == (f"demote {HY3} batch", ("batch",))
    assert [str(edit) for edit in found.proposal.edits] == [
        f"scenarios/batch.yaml: set route.primary {FLASH}",
        f"scenarios/batch.yaml: set route.fallbacks[0] {HY3}",
    ]
    assert looked(verdict, known) == {"openrouter (agent-loops, ide-assist)": "hold: because"}


@pytest.mark.parametrize(("outcome", "tickets"), [("promote", 0), ("rollback", 1)])
def test_an_agent_speaks_for_the_model_of_its_route(outcome: str, tickets: int) -> None:
    """Nobody routes to an agent: it is never put into a list of models."""
    agent = "openclaw/private-desk"
    known = evidence(run=run_of({**leg(outcome, agent, agent, "remote", tool_error=WORSE), "routes": ["private-desk"]}))
    found = signals(verdict, known)
    assert [each.is_ticket for each in found] == [True] * tickets
    assert all(agent not in each.proposal.title and "Qwen3-30B" in each.proposal.title for each in found)


def test_without_a_run_nothing_is_said() -> None:
    assert [*verdict(evidence()), *gray_rollback(evidence())] == []


def test_the_gray_pool_rolls_back_at_two_points_that_are_evidence(tmp_path: Path) -> None:
    (found,) = signals(gray_rollback, evidence(run=run_of(leg("rollback", OWL, OWL, tool_error=WORSE))))
    assert (found.proposal.kind, found.routes) == ("rollback", ("gray-trials",))
    assert [str(edit) for edit in found.proposal.edits] == ["scenarios/gray-trials.yaml: set track token"]
    (trial,) = tried(tmp_path, found)
    assert trial.holds, trial.findings


@pytest.mark.parametrize(
    ("metrics", "why"),
    [
        ({"tool_error": (0.03, -0.01, 0.07, "unclear")}, "tool-call errors: no evidence either way"),
        ({"tool_error": (0.0199, 0.01, 0.03, "worse")}, "tool-call errors rose by less than 2 points"),
        ({"latency_p95": (0.5, 0.3, 0.7, "worse")}, "the run has no tool calls of it: there is no evidence"),
    ],
)
def test_the_gray_pool_stays_on_less(metrics: dict[str, Any], why: str) -> None:
    known = evidence(run=run_of(leg("rollback", OWL, OWL, **metrics)))
    assert signals(gray_rollback, known) == []
    assert looked(gray_rollback, known) == {f"the gray pool ({OWL})": why}


def test_a_gray_leg_is_no_verdict_on_the_scenarios_route() -> None:
    assert list(verdict(evidence(run=run_of(leg("rollback", OWL, OWL, tool_error=WORSE))))) == []


def test_what_was_first_stays_behind_what_comes() -> None:
    (found,) = signals(verdict, evidence(run=run_of(leg("promote", FLASH, MIMO, tool_error=WITHIN))))
    assert [str(edit) for edit in found.proposal.edits] == [
        f"tracks.yaml: set token_track.primary {MIMO}",
        f"tracks.yaml: insert token_track.fallbacks[0] {FLASH}",
    ]
