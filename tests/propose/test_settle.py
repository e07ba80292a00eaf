"""One voice a route, nothing that flaps, nothing that nags, and not too much."""

from __future__ import annotations

from typing import get_args

import pytest

from harness.propose.edit import Edit
from harness.propose.history import History
from harness.propose.proposal import Kind, NotProposed, Proposal, Statement
from harness.propose.settle import CEILING, MOST_TIMES, ORDER, REST_WEEKS, settle
from harness.propose.signal import Signal
from harness.report.stored.proposals import Proposals
from harness.weeks import Week
from tests.propose.known import WEEK, remembered

EMPTY = History(WEEK)


def signal(key: str, kind: Kind = "price", route: str = "token_track", wait: int = 1, value: str = "a/b") -> Signal:
    """A proposal that changes one route; a ticket changes none."""
    edits = () if kind == "ticket" else (Edit("tracks.yaml", "set", (route, "primary"), value),)
    evidence = (Statement("it is so", "generated/weeks/2026-W24/market.md"),)
    return Signal(key, Proposal("rule-" + kind, kind, key, evidence, edits, "", "high", ""), (key,), wait)


def test_every_kind_has_its_turn() -> None:
    assert sorted(ORDER) == sorted(get_args(Kind))


def test_what_disagrees_on_a_route_is_one_proposal_that_says_so() -> None:
    found = settle([signal("b"), signal("a", "demote", value="c/d")], EMPTY)
    (first,) = found.signals
    assert first.key == "a"
    assert "rule rule-price would do something else: b. What is more urgent comes first" in [
        said.text for said in first.proposal.evidence
    ]
    assert found.looked == (NotProposed("rule-price", "b", "a comes first on the same route", "b"),)
    assert found.seen == ("a", "b")


def test_what_agrees_is_one_proposal_that_says_so() -> None:
    found = settle([signal("a", "demote"), signal("b")], EMPTY)
    assert [said.text for said in found.signals[0].proposal.evidence][-1] == "rule rule-price says the same: b"
    assert found.looked == ()


def test_other_routes_are_other_proposals() -> None:
    assert len(settle([signal("a"), signal("b", route="dollar_track")], EMPTY).signals) == 2


@pytest.mark.parametrize(("weeks", "is_proposed"), [(0, False), (1, True)])
def test_it_has_to_last(weeks: int, *, is_proposed: bool) -> None:
    past = {WEEK.before(back): remembered(WEEK.before(back), "a") for back in range(1, weeks + 1)}
    found = settle([signal("a", wait=2)], History(WEEK, past))
    assert bool(found.signals) is is_proposed
    assert found.seen == ("a",), "seen counts, whether it is proposed or not"


def test_a_gap_begins_anew() -> None:
    past = {WEEK.before(2): remembered(WEEK.before(2), "a"), WEEK.before(): remembered(WEEK.before())}
    assert settle([signal("a", wait=2)], History(WEEK, past)).signals == ()


@pytest.mark.parametrize("back", range(1, REST_WEEKS + 2))
def test_a_route_rests_after_a_change_unless_it_is_urgent(back: int) -> None:
    week = WEEK.before(back)
    history = History(WEEK, {week: remembered(week, proposed=[("other", ("token_track",))])})
    assert bool(settle([signal("a")], history).signals) is (back > REST_WEEKS)
    assert settle([signal("a", "gone")], history).signals, "what would break does not wait"
    assert settle([signal("a", route="dollar_track")], history).signals


def test_a_route_does_not_flap() -> None:
    """Two models that change places in the evidence every week change places in the policies at most every third."""
    past: dict[Week, Proposals] = {}
    changes = 0
    for number in range(8):
        week = WEEK.after(number)
        found = settle([signal(f"promote {number % 2}", "promote")], History(week, past))
        changes += len(found.signals)
        past[week] = remembered(week, *found.seen, proposed=[(each.key, each.routes) for each in found.signals])
    assert changes <= 4 and changes >= 1


def test_what_was_not_merged_often_enough_was_answered() -> None:
    weeks = [WEEK.before(back) for back in range(1, MOST_TIMES + 1)]
    past = {week: remembered(week, "a", proposed=[("a", ("token_track",))]) for week in weeks}
    assert settle([signal("a")], History(WEEK, past)).signals == ()
    assert settle([signal("a", "rollback")], History(WEEK, past)).signals, "safety asks again"
    past.pop(weeks[-1])
    assert settle([signal("a")], History(WEEK, past)).signals


def test_a_ceiling_bounds_what_is_open_and_the_urgent_comes_first() -> None:
    many = [signal(f"t{number:02}", "ticket") for number in range(CEILING + 3)]
    found = settle([*many, signal("z", "gone")], EMPTY)
    assert len(found.signals) == CEILING and found.signals[0].key == "z"
    assert [each.why for each in found.looked] == [f"the {CEILING} most urgent come first"] * 4


def test_the_ceiling_counts_what_is_open_on_the_branch() -> None:
    """Earlier proposals below people's commits stay open; what would break does not wait for them."""
    standing = {f"old{number}" for number in range(CEILING - 1)}
    many = [signal("a", "gone"), signal("t1", "ticket"), signal("t2", "ticket")]
    found = settle(many, EMPTY, standing)
    assert [each.key for each in found.signals] == ["a"]
    said = f"the {CEILING} most urgent come first, and the branch has {CEILING - 1} earlier ones still"
    assert [(each.key, each.why) for each in found.looked] == [("t1", said), ("t2", said)]
    assert len(settle(many, EMPTY, {"a", "t1", "old"}).signals) == 3, "what is proposed again counts once"
    full = [signal("a", "gone"), *(signal(f"t{number}", "ticket") for number in range(CEILING))]
    assert len(settle(full, EMPTY, {"old"}).signals) == CEILING - 1


def test_the_order_of_rules_does_not_matter() -> None:
    some = [signal("a"), signal("b", "gone", value="c/d"), signal("c", "ticket")]
    assert settle(some, EMPTY).signals == settle(some[::-1], EMPTY).signals
