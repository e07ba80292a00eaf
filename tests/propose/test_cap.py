"""The cap's rule: what an overrun, a dry key, a new month and missing days lead to."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from compiler.load import load
from compiler.policy import FILES, Policies, parse
from harness.propose.cap import Money, propose
from harness.propose.proposal import NotProposed, Proposal, Verdict
from harness.weeks import Week
from tests.propose.standings import forecast, money, standing
from tests.shipped import copied, edit, shipped

MAY_18, MAY_25, JUNE_1, JUNE_29 = (Week.parse(f"2026-W{number}") for number in (21, 22, 23, 27))
OVER = "920.01"


def verdict(found: Money, week: Week, policies: Policies | None = None) -> Verdict:
    (said,) = propose(found, policies or shipped().policies, week)
    return said


def made(found: Money, week: Week, policies: Policies | None = None) -> Proposal:
    said = verdict(found, week, policies)
    assert isinstance(said, Proposal), said
    return said


def why_not(found: Money, week: Week, policies: Policies | None = None) -> str:
    said = verdict(found, week, policies)
    assert isinstance(said, NotProposed), said
    return said.why


def downgraded(tmp_path: Path, until: str = "2026-W22") -> Policies:
    project = copied(tmp_path)
    lines = f"  cap: dollar-monthly\n  downgraded: {{until: {until}, to: token, reason: Over the cap}}\n"
    edit(project / "policies/tracks.yaml", ("  cap: dollar-monthly\n", lines))
    policies, findings = parse(load(project / "policies", FILES))
    assert policies, findings
    return policies


def lines(proposal: Proposal) -> Mapping[str, Any]:
    (its,) = proposal.edits
    assert (its.file, its.verb, its.path) == ("tracks.yaml", "set", ("dollar_track", "downgraded"))
    return dict(its.value)


def test_an_overrun_downgrades_to_the_end_of_the_period_and_says_what_it_saw() -> None:
    proposal = made(money(standing("2026-05-18", OVER, counter_usd=Decimal("920.01"))), MAY_18)
    assert lines(proposal) == {
        "until": "2026-W22", "to": "token", "except": ["incident"],
        "reason": "2026-05 cost $920.01 of $800.00, over the 15 % on top",
    }  # fmt: skip
    assert [said.text for said in proposal.evidence] == [
        "The dollar track spent $920.01 in 2026-05: $920.01 of completed days in the ledger, "
        "$920.01 on the key's live counter.",
        "Its cap 'dollar-monthly' is $800.00; 15 % above it, $920.00, counts as passed.",
    ]
    assert (proposal.kind, proposal.confidence) == ("downgrade", "high")
    assert proposal.title == "Downgrade the dollar track to the token track until 2026-W22"


@pytest.mark.parametrize("spent", ["0", "799.99", "850", "920"])
def test_up_to_the_limit_and_its_overrun_nothing_is_proposed(spent: str) -> None:
    assert "needs more than $920.00" in why_not(money(standing("2026-05-18", spent)), MAY_18)


def test_a_key_at_its_limit_counts_as_passed_where_the_pace_would_have_passed_it() -> None:
    stopped = standing("2026-05-18", "800.02", forecast=forecast("1240.5"))
    proposal = made(money(stopped), MAY_18)
    assert (
        lines(proposal)["reason"] == "2026-05 cost $800.02 of $800.00, and would come to $1,240.50 if the key went on"
    )
    assert "At the pace of 14 days it would come to $1,240.50." in proposal.evidence[0].text
    assert "needs more" in why_not(money(replace(stopped, forecast=forecast("919"))), MAY_18)
    still_open = standing("2026-05-18", "790", forecast=forecast("1240"))
    assert "needs more" in why_not(money(still_open), MAY_18), "OpenRouter still lets it through: no need to hurry"


def test_a_period_that_ended_over_its_cap_is_answered_in_the_week_after_and_never_again() -> None:
    june = standing("2026-06-01")
    late = Money(june, standing("2026-05-31", OVER), standing("2026-05-24", "700"))
    assert lines(made(late, JUNE_1))["until"] == "2026-W23", "the following week"
    early = Money(june, standing("2026-05-31", OVER), standing("2026-05-24", OVER))
    assert "2026-05 passed its cap earlier, and is over" in why_not(early, JUNE_1)


def test_a_period_that_ends_within_the_week_downgrades_all_of_it() -> None:
    assert lines(made(money(standing("2026-06-29", OVER)), JUNE_29))["until"] == "2026-W27"


def test_a_weekly_cap_is_answered_on_the_monday_after() -> None:
    def of(first: str) -> dict[str, Any]:
        day = datetime.date.fromisoformat(first)
        return {"period": replace(standing(first).period, name=str(Week.of(day)), first=day, last=Week.of(day).sunday)}

    found = Money(
        standing("2026-05-25", **of("2026-05-25")),
        standing("2026-05-24", OVER, **of("2026-05-18")),
        standing("2026-05-17", OVER, **of("2026-05-11")),
    )
    assert lines(made(found, MAY_25))["until"] == "2026-W22"


def test_never_twice(tmp_path: Path) -> None:
    policies = downgraded(tmp_path)
    said = why_not(money(standing("2026-05-25", OVER)), MAY_25, policies)
    assert said == "it is downgraded until 2026-W22 already"


def test_a_new_period_gives_the_work_back(tmp_path: Path) -> None:
    policies = downgraded(tmp_path)
    found = Money(standing("2026-06-01", "3"), standing("2026-05-31", OVER), standing("2026-05-24", OVER))
    proposal = made(found, JUNE_1, policies)
    assert (proposal.kind, [edit.verb for edit in proposal.edits]) == ("restore", ["delete"])
    assert "The downgrade was for the weeks until 2026-W22." in [said.text for said in proposal.evidence]
    assert "it is over" not in why_not(found, JUNE_1), "and once it is made, it is not proposed again"


def test_without_evidence_nothing_is_given_back(tmp_path: Path) -> None:
    policies, day = downgraded(tmp_path), datetime.date(2026, 6, 1)
    blind = standing("2026-06-03", unknown_days=(day, day + datetime.timedelta(days=1)))
    assert "nothing is known of 2 days" in why_not(money(blind), JUNE_1, policies)
    told = replace(blind, counter_usd=Decimal(2), spent_usd=Decimal(2))
    assert made(money(told), JUNE_1, policies).kind == "restore", "the key's counter knows the whole period"


@pytest.mark.parametrize("now", [standing("2026-05-25", OVER), standing("2026-05-25", "800")])
def test_where_the_period_is_still_spent_the_downgrade_goes_on(tmp_path: Path, now: Any) -> None:
    proposal = made(money(now), MAY_25, downgraded(tmp_path, "2026-W21"))
    assert [(edit.path[-1], edit.verb) for edit in proposal.edits] == [("until", "set"), ("reason", "set")]
    assert proposal.edits[0].value == "2026-W22"
    assert proposal.title == "Keep the dollar track on the token track until 2026-W22"


def test_a_track_without_a_cap_is_left_alone() -> None:
    bare = standing("2026-05-18", "5000", cap=None, limit_usd=None, overrun_percent=None)
    assert "no dollar track with a cap" in why_not(money(bare), MAY_18)


def test_a_pace_that_ends_exactly_at_the_threshold_has_not_passed_it() -> None:
    at_limit = standing("2026-05-18", "800.02", forecast=forecast("920"))
    assert "needs more" in why_not(money(at_limit), MAY_18)
    over = standing("2026-05-18", OVER, forecast=forecast("910"))
    assert "At the pace" not in made(money(over), MAY_18).evidence[0].text, "it was passed, whatever the pace"


def test_a_week_before_that_ended_exactly_at_the_threshold_had_not_passed_it() -> None:
    found = Money(standing("2026-06-01"), standing("2026-05-31", OVER), standing("2026-05-24", "920"))
    assert made(found, JUNE_1).kind == "downgrade"


def test_a_downgrade_goes_on_to_the_end_of_the_period_and_not_of_the_week(tmp_path: Path) -> None:
    proposal = made(money(standing("2026-05-18", OVER)), MAY_18, downgraded(tmp_path, "2026-W20"))
    assert proposal.edits[0].value == "2026-W22"


def test_one_unknown_day_is_one_day(tmp_path: Path) -> None:
    blind = standing("2026-06-03", unknown_days=(datetime.date(2026, 6, 1),))
    assert "nothing is known of 1 day)" in why_not(money(blind), JUNE_1, downgraded(tmp_path))


def test_without_a_dollar_track_there_is_nothing_to_downgrade() -> None:
    policies = shipped().policies
    tracks = policies.tracks.model_copy(update={"dollar_track": None})
    assert "no dollar track" in why_not(money(standing("2026-05-18", OVER)), MAY_18, replace(policies, tracks=tracks))
