"""A model of a route that fell out of the market's first, and stays out, gets a replacement that people may say no to.

A ranking says what others use, and not how well it does our work. So it takes two weeks in a row, the replacement must
be one of its class that more people use, the confidence is low, and it never merges by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.market.exposure import Use
from harness.market.moves import Line
from harness.market.numbers import tokens
from harness.propose.exchange import Exchange, in_tests, no_replacements, why
from harness.propose.proposal import NotProposed, Proposal
from harness.propose.replacement import Choice, choices, price_of
from harness.propose.seats import seats_of
from harness.propose.signal import Signal
from harness.propose.week_evidence import MARKET, RANKINGS, WeekEvidence
from harness.report.words import several

RULE = "dropout"
#: One week outside is often a launch of others with free tokens.
LASTS = 2


def dropout(evidence: WeekEvidence) -> Iterator[Signal | NotProposed]:
    """Those that fell out this week, and those of earlier weeks that are out still. What is gone is gone.py's."""
    moved = evidence.moved
    if moved is None or moved.exposure is None:
        return
    now = evidence.catalogue
    for use, line in moved.exposure.models:
        key = f"fell-out {use.model}"
        weeks = evidence.history.weeks_seen(key)
        is_back = line is not None and line.now is not None and line.now.rank <= moved.moves.depth
        is_out = line in moved.moves.dropouts or (weeks > 0 and not is_back)
        if use.places and is_out and not (now and use.model not in now.slugs):
            yield _judged(use, line, key, weeks + 1, evidence)


def _judged(use: Use, line: Line | None, key: str, weeks: int, evidence: WeekEvidence) -> Signal | NotProposed:
    about = _fell(use, line, evidence)
    assert evidence.moved is not None  # the rule has looked
    if not evidence.moved.moves.is_like_for_like or (line and line.part_of_week):
        return NotProposed(RULE, use.model, f"{about}; the two weeks are not like for like", key)
    changes = tuple(_changes(use.model, line, evidence))
    if not changes:
        why_not = "nothing pinned of its class that is fit is used more"
        return NotProposed(RULE, use.model, f"{about}; {why_not}", key)
    return Signal(key, _proposal(use, about, weeks, changes, evidence), (use.model,), LASTS)


def _fell(use: Use, line: Line | None, evidence: WeekEvidence) -> str:
    assert evidence.moved is not None  # the rule has looked
    now = f"now rank {line.now.rank} with {tokens(line.now.tokens)} tokens" if line and line.now else "not listed now"
    return f"it is no longer in the Top {evidence.moved.moves.depth}: {now}"


def _changes(model: str, line: Line | None, evidence: WeekEvidence) -> Iterator[Exchange]:
    """In each route that has an admissible one. The gray pool is for trials: the harness judges what is in it."""
    used, was = line.now.tokens if line and line.now else 0, price_of(model, evidence)

    def is_better(choice: Choice) -> bool:
        # price is all that a catalogue says of a class: a rank is no reason to pay more, nor to take much less
        is_alike = choice.is_successor or (was is not None and was / 2 <= choice.price <= was)
        return is_alike and choice.tokens is not None and choice.tokens > used

    for seat in seats_of(model, evidence.policies):
        taken = no_replacements(seat, model)
        fit = () if seat.is_gray else choices(evidence, model, seat.work)
        if choice := next((each for each in fit if each.model not in taken and is_better(each)), None):
            yield Exchange(model, seat, choice, seat.replaced(model, choice.model)[0])


def _proposal(use: Use, about: str, weeks: int, changes: tuple[Exchange, ...], evidence: WeekEvidence) -> Proposal:
    assert evidence.moved is not None  # the rule has looked
    new = sorted({change.choice.model for change in changes if change.choice})
    top = f"the Top {evidence.moved.moves.depth}"
    edits = (edit for change in changes for edit in change.edits)
    return Proposal(
        rule=RULE,
        kind="dropout",
        title=f"{use.model} fell out of {top}: {' and '.join(new)} instead",
        evidence=(
            evidence.says(about, MARKET),
            evidence.says(f"{several(weeks, 'week')} in a row outside", RANKINGS),
            *(why(change, evidence) for change in changes),
        ),
        edits=(*edits, *in_tests(changes, evidence.policies)),
        effect="What goes to it today goes to its replacement.",
        confidence="low",
        because="others use it less; our own harness has not said that it got worse",
        reversal=f"{use.model} is in {top} again, or the harness calls its replacement worse.",
    )
