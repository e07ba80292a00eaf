"""Movers and entrants: what is a ticket, what is tried, and what a ranking alone never changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.propose.entrant import entrant
from harness.propose.mover import mover
from tests.propose.known import (
    FLASH,
    HY3,
    MIMO,
    OWL,
    WEEK,
    evidence,
    looked,
    permaslugs,
    remembered,
    signals,
    tried,
    without_gray,
)
from tests.shipped import shipped

NAME = permaslugs()
#: A Top 10 that is full: what comes in puts something out.
TAIL = {f"acme/small-{n}": 10 - n for n in range(9)}
LEADERS = {NAME[FLASH]: 900, NAME[HY3]: 500, OWL: 300, **TAIL}
KEY = "entrant xiaomi/mimo-v2.5"


@pytest.mark.parametrize(("now", "is_ticket"), [(649, False), (650, True), (351, False), (350, True)])
def test_a_mover_is_a_ticket_from_the_threshold_on_and_changes_nothing(now: int, *, is_ticket: bool) -> None:
    known = evidence({**LEADERS, NAME[HY3]: now}, {**LEADERS, NAME[HY3]: 500})
    found = signals(mover, known)
    assert bool(found) is is_ticket
    for each in found:
        assert (each.proposal.kind, each.proposal.edits, each.models) == ("ticket", (), (HY3,))
        assert "it carries agent-loops, batch, ide-assist" in [said.text for said in each.proposal.evidence]


def test_what_nobody_routes_to_is_no_ticket_when_it_falls() -> None:
    other = "acme/unheard-of-20260101"
    known = evidence({**LEADERS, NAME[MIMO]: 50, other: 900}, {**LEADERS, NAME[MIMO]: 100, other: 100})
    assert signals(mover, known) == []
    assert looked(mover, known) == {
        MIMO: "-50.0 %: it is watched, and carries no work",
        other: "+800.0 %: no policy names it",
    }


def test_a_week_of_some_days_is_doubted() -> None:
    (found,) = signals(mover, evidence({**LEADERS, OWL: 100}, LEADERS, days=2))[-1:]
    assert found.proposal.confidence == "low" and "not like for like" in found.proposal.because
    assert "was it withdrawn?" in found.proposal.title


def test_without_rankings_nothing_is_said_of_the_market() -> None:
    assert [*mover(evidence()), *entrant(evidence())] == []
    assert evidence().missing[0].startswith("rankings of this week")


def test_an_entrant_is_a_candidate_after_two_weeks(tmp_path: Path) -> None:
    now = {**LEADERS, NAME[MIMO]: 200}
    (first,) = signals(entrant, evidence(now, LEADERS))
    assert (first.key, first.wait) == (KEY, 2)
    (second,) = signals(entrant, evidence(now, now, past={WEEK.before(): remembered(WEEK.before(), KEY)}))
    assert second.proposal.title == f"Try {MIMO} in the gray pool"
    assert [str(edit) for edit in second.proposal.edits] == [f"tracks.yaml: insert gray_pool.models[1] {MIMO}"]
    assert "72.00 USD a month at the very most" in second.proposal.effect
    (trial,) = tried(tmp_path, second)
    assert trial.holds


def test_one_that_was_there_before_is_no_entrant() -> None:
    now = {**LEADERS, NAME[MIMO]: 200}
    assert list(entrant(evidence(now, now))) == []


def test_what_is_not_pinned_is_a_ticket_once() -> None:
    now = {**LEADERS, "acme/new-20260601": 200}
    (ticket,) = signals(entrant, evidence(now, LEADERS))
    assert (ticket.is_ticket, ticket.key) == (True, "entrant acme/new")
    week = WEEK.before()
    past = {week: remembered(week, "entrant acme/new", proposed=[("entrant acme/new", ())])}
    known = evidence(now, now, past=past)
    assert signals(entrant, known) == []
    assert "its ticket is of 2026-W23" in looked(entrant, known)["acme/new-20260601"]


def test_what_is_routed_or_has_no_pool_is_no_candidate() -> None:
    without = {slug: count for slug, count in LEADERS.items() if slug != NAME[HY3]}
    assert signals(entrant, evidence(LEADERS, without)) == []
    bare = evidence({**LEADERS, NAME[MIMO]: 200}, LEADERS, policies=without_gray(shipped().policies))
    assert "there is no gray pool" in looked(entrant, bare)[MIMO]
