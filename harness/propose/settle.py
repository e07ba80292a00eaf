"""From all that the rules saw to what is proposed: what lasts, what does not flap, one voice a route, and not too many.

The numbers are constants and no policy: nobody has asked for others, and each has its reason beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace

from harness.propose.history import History
from harness.propose.proposal import NotProposed, Proposal, Statement
from harness.propose.signal import Signal
from harness.report.words import several

#: After a change of a route was proposed, another one of it waits: a week to merge it, a week to measure it.
REST_WEEKS = 2
#: What was proposed so often in the weeks that are remembered, and not merged, has been answered.
MOST_TIMES = 3
#: Open proposals and tickets that somebody reads on a Monday: this week's, and those that are on the branch still.
CEILING = 6
#: Who speaks first where rules disagree: what would break, then what was measured, then what is cheaper, then what
#: others left, then what is new. Those before `promote` wait for nothing.
ORDER = (
    "gone", "rollback", "downgrade", "restore", "gray-share", "demote", "promote", "price", "dropout", "gray-candidate",
    "ticket",
)  # fmt: skip
_URGENT = frozenset(ORDER[: ORDER.index("promote")])


@dataclass(frozen=True, slots=True)
class Settled:
    """What is proposed, the most urgent first; what is not, and why; and the keys of all that was seen."""

    signals: tuple[Signal, ...]
    looked: tuple[NotProposed, ...]
    seen: tuple[str, ...]


def settle(found: Sequence[Signal | NotProposed], history: History, standing: Set[str] = frozenset()) -> Settled:
    """Pure: the same week and the same past give the same proposals.

    `standing`: keys of earlier proposals that stay on the branch whatever this week says, since people committed to it.
    """
    signals = [each for each in found if isinstance(each, Signal)]
    looked = [each for each in found if isinstance(each, NotProposed)]
    seen = tuple(sorted({each.key for each in found if each.key}))
    kept: list[Signal] = []
    for signal in sorted(signals, key=_urgency):
        if why := _waits(signal, history):
            looked.append(_left_out(signal, why))
        else:
            kept.append(signal)
    voices, silenced = _one_voice(kept)
    signals, over = _bounded(voices, standing)
    return Settled(tuple(signals), (*looked, *silenced, *over), seen)


def _bounded(voices: Sequence[Signal], standing: Set[str]) -> tuple[list[Signal], list[NotProposed]]:
    """As many as somebody reads, with those that are open on the branch still. These hold up nothing that would break:
    a branch that was left lying must not keep a model that is gone in its routes."""
    is_open = {*standing} - {each.key for each in voices}
    some = f", and the branch has {several(len(is_open), 'earlier one')} still" if is_open else ""
    taken: list[Signal] = []
    over: list[NotProposed] = []
    for each in voices:
        others = 0 if each.proposal.kind in _URGENT else len(is_open)
        if len(taken) + others < CEILING:
            taken.append(each)
        else:
            over.append(_left_out(each, f"the {CEILING} most urgent come first{some}"))
    return taken, over


def _left_out(signal: Signal, why: str) -> NotProposed:
    return NotProposed(signal.proposal.rule, signal.proposal.title, why, signal.key)


def _urgency(signal: Signal) -> tuple[int, str]:
    kind = signal.proposal.kind
    return ORDER.index(kind) if kind in ORDER else len(ORDER), signal.key


def _waits(signal: Signal, history: History) -> str | None:
    """Why it is not for this week."""
    seen = history.weeks_seen(signal.key) + 1
    if seen < signal.wait:
        return f"seen in {seen} of the {signal.wait} weeks in a row that it takes"
    if signal.is_ticket or signal.proposal.kind in _URGENT:
        return None
    if history.times_proposed(signal.key) >= MOST_TIMES:
        return f"proposed in {MOST_TIMES} weeks, and not merged: that is an answer"
    for route in signal.routes:
        changed = history.proposed_on(route, REST_WEEKS)
        if changed and changed[1] != signal.key:
            return f"{route} had another change proposed in {changed[0]}: it rests for {REST_WEEKS} weeks"
    return None


def _one_voice(signals: Iterable[Signal]) -> tuple[list[Signal], list[NotProposed]]:
    """The first on a route, or on a model, speaks for all, and says what the others would have done."""
    voices: list[Signal] = []
    silenced: list[NotProposed] = []
    for signal in signals:
        at = next((n for n, first in enumerate(voices) if _meets(signal, first)), None)
        if at is None:
            voices.append(signal)
        else:
            voices[at] = _heard(voices[at], signal)
            silenced += _silenced(signal, voices[at])
    return voices, silenced


def _meets(signal: Signal, first: Signal) -> bool:
    if signal.is_ticket:
        return bool({*signal.models} & {*first.models})
    return bool({*signal.routes} & {*first.routes})


def _heard(first: Signal, other: Signal) -> Signal:
    """The first with a statement of what the other says."""
    one, two = first.proposal, other.proposal
    if two.edits == one.edits:
        said = f"rule {two.rule} says the same: {two.title}"
    elif other.is_ticket:
        said = f"rule {two.rule} on the same model: {two.title}"
    else:
        said = f"rule {two.rule} would do something else: {two.title}. What is more urgent comes first"
    links = tuple(dict.fromkeys(each.file for each in two.evidence if each.file))
    return replace(first, proposal=_with(one, Statement(said, links[0] if links else first.proposal.evidence[0].file)))


def _with(proposal: Proposal, statement: Statement) -> Proposal:
    return replace(proposal, evidence=(*proposal.evidence, statement))


def _silenced(signal: Signal, first: Signal) -> Iterator[NotProposed]:
    if signal.proposal.edits != first.proposal.edits and not signal.is_ticket:
        yield _left_out(signal, f"{first.proposal.title} comes first on the same route")
