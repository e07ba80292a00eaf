"""Tool-call errors of production, as the guards' logs have them: thousands of turns carry what fifty prompts cannot.

A week against the one before rolls the gray pool back or demotes a route's first model, by the points that tracks.yaml
and acceptance.yaml name; a promotion that the harness calls for is held where production says that the candidate is
worse. Sessions are the unit, and all questions of a week are corrected together (harness/guards/errors.py). Without a
log nothing is said here: what is missing is listed with all else that is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from compiler.policy.tracks import GrayPool
from harness.guards.page import SAID, compared_words
from harness.propose.edit import Edit
from harness.propose.proposal import NotProposed, Proposal, Statement
from harness.propose.seats import Seat, seat_of_scenario
from harness.propose.signal import Signal
from harness.propose.week_evidence import WeekEvidence
from harness.report.stored.decisions import FILE, Compared

RULE = "production"
_BECAUSE = "sessions of production, significant after correction for all questions of the week"


def production(evidence: WeekEvidence) -> Iterator[Signal | NotProposed]:
    """Each scenario and model that both weeks have sessions enough of."""
    for each in evidence.decisions.compared if evidence.decisions else ():
        if each.against == "week":
            yield _judged(each, evidence)


def _judged(found: Compared, evidence: WeekEvidence) -> Signal | NotProposed:
    what, policies = f"{found.scenario} on {found.candidate} in production", evidence.policies
    if found.verdict != "worse":
        return NotProposed(RULE, what, f"tool-call errors: {SAID[found.verdict]}")
    if (pool := policies.tracks.gray_pool) and policies.is_gray(found.candidate):
        return _rolled_back(found, pool, evidence) or NotProposed(
            RULE, what, "its errors rose, and no scenario is on the gray track"
        )
    seat = seat_of_scenario(found.scenario, policies)
    if seat is None or found.candidate != seat.models[0]:
        return NotProposed(RULE, what, "its errors rose; no route starts with it")
    return Signal(f"demote {found.candidate} {seat.route}", _demoted(found, seat, evidence), (found.candidate,))


def _rolled_back(found: Compared, pool: GrayPool, evidence: WeekEvidence) -> Signal | None:
    """The same edit, and the same key, as when the harness says it (gray_rollback.py)."""
    files = evidence.policies.scenario_files
    scenarios = sorted(name for name, of in evidence.policies.scenarios.items() if of.track == "gray")
    points = f"{pool.rollback.tool_error_rise_points.normalize():f}"
    proposal = Proposal(
        rule=RULE,
        kind="rollback",
        title=f"Roll the gray pool back: {', '.join(scenarios)} to the token track",
        evidence=(said(found, evidence),),
        edits=tuple(Edit(files[name], "set", ("track",), "token") for name in scenarios),
        effect="Trials then cost what the token track costs.",
        confidence="high",
        because=_BECAUSE,
        reversal=f"Somebody sets `track: gray` again, when a run shows a rise below {points} points.",
    )
    return Signal("gray-rollback", proposal, (found.candidate,)) if scenarios else None


def _demoted(found: Compared, seat: Seat, evidence: WeekEvidence) -> Proposal:
    new = next((model for model in seat.models[1:] if model not in _worse(seat, evidence)), None)
    title = f"{seat.route}: start with {new} instead of {found.candidate}"
    if new is None:
        title = f"{seat.route}: {found.candidate} got worse, and there is no fallback to put in front"
        title += " that did not" if seat.models[1:] else ""
    return Proposal(
        rule=RULE,
        kind="demote" if new else "ticket",
        title=title,
        evidence=(said(found, evidence),),
        edits=seat.led_by(new) if new else (),
        effect=f"What {new} does with the same work, the next week's log tells."
        if new
        else "No route changes by this.",
        confidence="high",
        because=_BECAUSE,
        reversal=f"Production, or the harness, calls {found.candidate} within its margin or better again.",
    )


def _worse(seat: Seat, evidence: WeekEvidence) -> frozenset[str]:
    """Models that production calls worse in the route's own work, against the week before or against its first."""
    compared = evidence.decisions.compared if evidence.decisions else ()
    return frozenset(each.candidate for each in compared if each.scenario in seat.scenarios and each.verdict == "worse")


def heard(signals: Iterable[Signal | NotProposed], evidence: WeekEvidence) -> Iterator[Signal | NotProposed]:
    """What other rules found, with what production says of the same model on the same route."""
    for signal in signals:
        yield _heard(signal, evidence) if isinstance(signal, Signal) else signal


def _heard(signal: Signal, evidence: WeekEvidence) -> Signal | NotProposed:
    if signal.proposal.kind not in ("promote", "demote", "rollback") or signal.proposal.rule == RULE:
        return signal
    against = "model" if signal.proposal.kind == "promote" else "week"
    of = [each for each in _of(signal, evidence) if each.against == against]
    if signal.proposal.kind == "promote" and any(each.verdict == "worse" for each in of):
        why = next(compared_words(each) for each in of if each.verdict == "worse")
        return NotProposed(signal.proposal.rule, signal.proposal.title, f"production says otherwise: {why}", signal.key)
    statements = tuple(said(each, evidence) for each in of)
    return replace(signal, proposal=replace(signal.proposal, evidence=(*signal.proposal.evidence, *statements)))


def _of(signal: Signal, evidence: WeekEvidence) -> Iterator[Compared]:
    """Comparisons of the signal's models in scenarios whose work goes by one of its routes."""
    for each in evidence.decisions.compared if evidence.decisions else ():
        seat = seat_of_scenario(each.scenario, evidence.policies)
        if each.candidate in signal.models and seat and {seat.route, each.scenario} & {*signal.routes}:
            yield each


def said(found: Compared, evidence: WeekEvidence) -> Statement:
    """A comparison as evidence."""
    return evidence.says(f"Production, {compared_words(found)}", FILE)
