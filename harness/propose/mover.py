"""A model that moved by more than market.yaml's threshold is a routing ticket, and never a switch by itself.

A ranking says how much others use a model, and not how well it does our work: only the harness can say that.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.market.exposure import Use
from harness.market.moves import Line, Moves
from harness.market.numbers import signed, tokens
from harness.propose.proposal import NotProposed, Proposal, Statement
from harness.propose.signal import Signal
from harness.propose.week_evidence import MARKET, RANKINGS, WeekEvidence
from harness.weeks import DAYS

RULE = "mover"


def mover(evidence: WeekEvidence) -> Iterator[Signal | NotProposed]:
    """A ticket for each routed model that moved, and for each watched one that rose."""
    if evidence.moved is None:
        return
    moves = evidence.moved.moves
    for line in moves.movers:
        key = f"{RULE} {line.name}"
        if line.change is None:
            yield NotProposed(RULE, line.name, "its source claims a change that the archive cannot measure", key)
        elif (use := _use(line, evidence)) is None:
            yield NotProposed(RULE, line.name, f"{signed(line.change)}: no policy names it", key)
        elif line.change < 0 and not use.places:
            yield NotProposed(RULE, use.model, f"{signed(line.change)}: it is watched, and carries no work", key)
        else:
            yield Signal(key, _ticket(line, use, evidence, moves), (use.model,))


def _use(line: Line, evidence: WeekEvidence) -> Use | None:
    exposure = evidence.moved.exposure if evidence.moved else None
    found = (use for use, its in exposure.models if its is line) if exposure else iter(())
    return max(found, key=lambda use: len(use.scenarios), default=None)


def _ticket(line: Line, use: Use, evidence: WeekEvidence, moves: Moves) -> Proposal:
    rose = line.change is not None and line.change > 0
    verb, doubt = "rose" if rose else "fell", _doubt(line, moves)
    return Proposal(
        rule=RULE,
        kind="ticket",
        title=f"{use.model} {verb} by {signed(line.change).lstrip('+-')}: {_question(line, use, rose=rose)}",
        evidence=tuple(_evidence(line, use, evidence, moves)),
        edits=(),
        effect="No route changes by this.",
        confidence="low" if doubt else "high",
        because=doubt or "that it moved is counted; a ranking does not say why",
        reversal="Nothing to take back: close it when somebody has looked.",
    )


def _evidence(line: Line, use: Use, evidence: WeekEvidence, moves: Moves) -> Iterator[Statement]:
    yield evidence.says(_standing(line, moves), MARKET)
    if line.now and 0 < line.now.days < DAYS:
        yield evidence.says(f"{moves.now.week} lists it on {line.now.days} of {DAYS} days", RANKINGS)
    yield Statement(*carries(use))


def carries(use: Use) -> tuple[str, str]:
    """What hangs on a model, and the file that says so."""
    if not use.places:
        return "no route asks for it: it is watched", "policies/market.yaml"
    work = ", ".join(use.scenarios) or "no scenario by its first choice"
    return f"it carries {work}", use.places[0].file


def _question(line: Line, use: Use, *, rose: bool) -> str:
    if not use.places:
        return "is it worth a run of the harness?"
    if rose:
        return "does more of our work belong there?"
    return "was it withdrawn?" if line.now and 0 < line.now.days < DAYS else "do others know something about it?"


def _standing(line: Line, moves: Moves) -> str:
    now, then = line.now, line.then
    if now is None or then is None:
        return "it is not listed in both weeks"
    weeks = f"{moves.then.week} to {moves.now.week}"
    return f"{tokens(then.tokens)} → {tokens(now.tokens)} tokens, rank {then.rank} → {now.rank} ({weeks})"


def _doubt(line: Line, moves: Moves) -> str:
    if not moves.is_like_for_like:
        return "the two weeks come from sources that count differently"
    if line.part_of_week:
        return "it was not listed on all days of both weeks, so the change is not like for like"
    if moves.weeks_apart != 1:
        return f"the change is over {moves.weeks_apart} weeks"
    return ""
