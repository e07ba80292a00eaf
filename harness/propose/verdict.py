"""What follows from the harness's verdicts: promote, demote, or nothing. "No evidence" is never worded as a change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.bench.numbers import NONE, change_words
from harness.propose.production import demotion, next_in_line
from harness.propose.proposal import NotProposed, Proposal, Statement
from harness.propose.seats import Seat, seat_of_scenario
from harness.propose.signal import Signal
from harness.propose.week_evidence import HARNESS, WeekEvidence
from harness.report.stored.harness import ComparedLeg, ComparedMetric

RULE = "verdict"
_METRICS = {
    "tool_error": "tool-call errors",
    "task_failure": "failed tasks",
    "latency_p95": "P95 latency",
}
_SAID = {"worse": "worse", "better": "better", "within": "within its margin", "unclear": "no evidence either way"}
#: A promotion moves work to what has less of a past: one good week is not enough. A demotion does not wait.
PROMOTE_LASTS = 2


def verdict(evidence: WeekEvidence) -> Iterator[Signal | NotProposed]:
    """One model of a leg, one verdict, for each list of models whose scenarios it was asked for."""
    run = evidence.run
    if run is None or run.comparison is None:
        return
    for leg in run.comparison.legs:
        if any(map(evidence.policies.is_gray, leg.candidate_models)):
            continue  # gray_rollback.py
        judged: dict[str, list[str]] = {}
        for scenario in leg.routes or _stand_in(leg.leg, evidence):
            if seat := seat_of_scenario(scenario, evidence.policies):
                judged.setdefault(seat.route, []).append(scenario)
            else:
                yield NotProposed(RULE, leg.leg, f"no scenario {scenario!r} is routed")
        for scenarios in judged.values():
            yield _judged(leg, scenarios, evidence)


def _stand_in(leg: str, evidence: WeekEvidence) -> tuple[str, ...]:
    """What acceptance.yaml names first, for evidence that does not say whose routes were asked."""
    acceptance = evidence.policies.acceptance
    return tuple(each.scenario for each in acceptance.legs if each.leg == leg)[:1] if acceptance else ()


def _judged(leg: ComparedLeg, scenarios: Sequence[str], evidence: WeekEvidence) -> Signal | NotProposed:
    """For scenarios that go by one list of models."""
    seat = seat_of_scenario(scenarios[0], evidence.policies)
    assert seat is not None
    what, why = f"{leg.leg} ({', '.join(scenarios)})", "; ".join(leg.reasons)
    if leg.outcome == "hold":
        return NotProposed(RULE, what, f"hold: {why}")
    if len(leg.base_models) != 1 or len(leg.candidate_models) != 1:
        return NotProposed(
            RULE, what, f"{leg.outcome}: {why}; but several models answered, and which of them it was is not known"
        )
    base, candidate = (_routed(models[0], leg, seat) for models in (leg.base_models, leg.candidate_models))
    if leg.outcome == "promote":
        if candidate == seat.models[0]:
            return NotProposed(RULE, what, f"{candidate} stays: {why}")
        return Signal(
            f"promote {candidate} {seat.route}", _promoted(leg, candidate, seat, evidence), (candidate,), PROMOTE_LASTS
        )
    if candidate != seat.models[0]:
        return NotProposed(RULE, what, f"{candidate} is worse than {base}; {seat.route} does not start with it")
    return Signal(f"demote {candidate} {seat.route}", _demoted(leg, base, candidate, seat, evidence), (candidate,))


def _routed(asked: str, leg: ComparedLeg, seat: Seat) -> str:
    """The remote leg asks an agent: whether it got worse is known, and what policy can change is its first model."""
    return seat.models[0] if leg.leg == "remote" else asked


def _promoted(leg: ComparedLeg, candidate: str, seat: Seat, evidence: WeekEvidence) -> Proposal:
    return Proposal(
        rule=RULE,
        kind="promote",
        title=f"{seat.route}: start with {candidate}",
        evidence=measured(leg, evidence),
        edits=seat.led_by(candidate),
        effect=success_and_latency(leg),
        confidence="high",
        because="every metric with a threshold is within its margin, or better",
        reversal="The harness calls it worse in a later week, by what acceptance.yaml says under demote.",
    )


def _demoted(leg: ComparedLeg, base: str, candidate: str, seat: Seat, evidence: WeekEvidence) -> Proposal:
    """Back to the base's model if that was another; else a fallback goes in front."""
    new = base if base != candidate else next_in_line(seat, evidence)
    edits = seat.led_by(new) if new else ()
    return Proposal(
        rule=RULE,
        kind="demote" if edits else "ticket",
        title=demotion(candidate, new, seat),
        evidence=measured(leg, evidence),
        edits=edits,
        effect=success_and_latency(leg) if edits else "No route changes by this.",
        confidence="high",
        because="significant after correction for all questions of the week",
        reversal=f"The harness calls {candidate} within its margin or better against {new or 'what comes'}.",
    )


def measured(leg: ComparedLeg, evidence: WeekEvidence) -> tuple[Statement, ...]:
    """What the run says, with its intervals."""
    models = f"{', '.join(leg.base_models)} → {', '.join(leg.candidate_models)}"
    first = evidence.says(f"leg {leg.leg}, {models}: {leg.outcome} ({'; '.join(leg.reasons)})", HARNESS)
    rows = ((name, leg.metrics[metric]) for metric, name in _METRICS.items() if metric in leg.metrics)
    said = (f"{name}: {_change(found)}, {_SAID.get(found.verdict or '', 'not judged')}" for name, found in rows)
    return (first, *(evidence.says(each, HARNESS) for each in said))


def success_and_latency(leg: ComparedLeg) -> str:
    """The measured differences between the two runs, in a sentence."""
    said = (f"{name} {_change(leg.metrics[metric])}" for metric, name in _METRICS.items() if metric in leg.metrics)
    return f"Measured from base to candidate: {', '.join(said) or 'nothing with a threshold'}."


def _change(found: ComparedMetric) -> str:
    return NONE if found.change is None else change_words(found.change, found.low, found.high, found.unit)
