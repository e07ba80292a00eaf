"""One model for another in a route: what is edited along with it, and what speaks for the new one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from compiler.policy import Policies
from harness.market.catalogue import shown
from harness.market.numbers import tokens
from harness.propose.edit import Edit
from harness.propose.proposal import Statement
from harness.propose.replacement import Choice, price_of
from harness.propose.seats import Seat
from harness.propose.week_evidence import LOCK, MARKET, WeekEvidence


@dataclass(frozen=True, slots=True)
class Exchange:
    """What happens to one model in one route. Without edits it is stuck: nothing else is pinned that may do it."""

    model: str
    seat: Seat
    choice: Choice | None
    edits: tuple[Edit, ...]


def no_replacements(seat: Seat, model: str) -> set[str]:
    """What may not stand in: a fallback goes in front; behind it, what the route has already is no replacement."""
    return {model} if seat.models[0] == model else {*seat.models}


def in_tests(changes: Sequence[Exchange], policies: Policies) -> Iterator[Edit]:
    """A test that names the old primary can never hold again."""
    for index, test in enumerate(policies.tests.tests if policies.tests else ()):
        leads = (
            c for c in changes if test.primary == c.model == c.seat.models[0] and test.scenario in c.seat.scenarios
        )
        if (change := next(leads, None)) and change.choice:
            yield Edit("tests.yaml", "set", ("tests", index, "primary"), change.choice.model)


def why(change: Exchange, evidence: WeekEvidence) -> Statement:
    """The new one's merits beside the old one's."""
    seat, choice = change.seat, change.choice
    if choice is None:
        return Statement(f"{seat.route}: no other pinned model meets what {', '.join(seat.work)} needs", LOCK)
    merits = _merits(choice, change.model, evidence)
    return evidence.says(f"{seat.route}: {choice.model} instead of {change.model}: {merits}", MARKET)


def _merits(choice: Choice, model: str, evidence: WeekEvidence) -> str:
    was = price_of(model, evidence)
    old = f" (the old one {shown('mix', was)})" if was is not None else ""
    volume = "not listed this week" if choice.tokens is None else f"{tokens(choice.tokens)} tokens this week"
    family = "the next of its family, " if choice.is_successor else ""
    return f"{family}{shown('mix', choice.price)} for the team's mix{old}, {volume}; it meets all needs and blocks"
