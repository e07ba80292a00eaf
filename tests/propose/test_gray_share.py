"""The gray pool's rule."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from compiler.load import load
from compiler.policy import FILES, Policies, parse
from harness.market.spend.standing import GrayShare
from harness.propose.edit import Edit
from harness.propose.gray_share import propose
from harness.propose.proposal import NotProposed, Proposal, Verdict
from harness.weeks import Week
from tests.shipped import copied, edit, shipped

WEEK = Week.parse("2026-W21")


def share(gray: int, tokens: int = 100, **other: tuple[datetime.date, ...]) -> GrayShare:
    return GrayShare(WEEK, gray, tokens, Decimal("0.10"), other.get("unknown_days", ()))


def verdict(found: GrayShare | None, policies: Policies | None = None) -> Verdict:
    (said,) = propose(found, policies or shipped().policies)
    return said


def test_above_the_ceiling_a_scenario_leaves_the_pool() -> None:
    said = verdict(share(12_500_000, 100_000_000))
    assert isinstance(said, Proposal)
    assert said.edits == (Edit("scenarios/gray-trials.yaml", "set", ("track",), "token"),)
    assert said.evidence[0].text == "12.50 M of 100 M tokens of 2026-W21 went to gray models: 12.5 %."
    assert said.evidence[1].text == "The pool's ceiling is 10.0 %."
    assert said.confidence == "medium", "a plan's shares stand in for what each scenario sent"


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (None, "no gray pool"),
        (share(10), "10.0 % of 2026-W21's tokens, 10.0 % is the ceiling"),
        (share(0, 0), "– of 2026-W21's tokens"),
        (share(50, unknown_days=(datetime.date(2026, 5, 20),)), "the ledger lacks 1 of the days of 2026-W21"),
    ],
)
def test_nothing_is_proposed_below_it_or_on_missing_evidence(found: GrayShare | None, why: str) -> None:
    said = verdict(found)
    assert isinstance(said, NotProposed)
    assert why in said.why


@pytest.mark.parametrize(("gray", "leaves"), [(11, "a-trial"), (13, "b-trial"), (60, "gray-trials")])
def test_the_smallest_that_is_large_enough_leaves_else_the_largest(tmp_path: Path, gray: int, leaves: str) -> None:
    project = copied(tmp_path)
    trials = project / "policies/scenarios/gray-trials.yaml"
    for name, planned in (("a-trial", "0.01"), ("b-trial", "0.03"), ("gray-trials", "0.05")):
        text = (
            trials.read_text()
            .replace("scenario: gray-trials", f"scenario: {name}")
            .replace("share: 0\n", f"share: {planned}\n")
        )
        (trials.parent / f"{name}.yaml").write_text(text)
    policies, findings = parse(load(project / "policies", FILES))
    assert policies, findings
    said = verdict(share(gray), policies)
    assert isinstance(said, Proposal)
    assert said.edits[0].file == f"scenarios/{leaves}.yaml"


def test_a_pool_without_scenarios_has_nothing_to_move(tmp_path: Path) -> None:
    project = copied(tmp_path)
    edit(project / "policies/scenarios/gray-trials.yaml", ("track: gray", "track: token"))
    policies, _ = parse(load(project / "policies", FILES))
    said = verdict(share(50), policies)
    assert isinstance(said, NotProposed) and "no scenario is on it" in said.why
