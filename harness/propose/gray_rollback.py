"""The gray pool's two-point rule: if the harness calls its tool-call errors worse by that much, its work leaves it.

The edit is what the compiled contingency "gray pool rolled back" already does: the gray track's scenarios take the
token track. A rise that the run is no evidence of does not roll back.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from compiler.policy.tracks import GrayPool
from harness.propose.edit import Edit
from harness.propose.proposal import NotProposed, Proposal
from harness.propose.signal import Signal
from harness.propose.verdict import measured, success_and_latency
from harness.propose.week_evidence import WeekEvidence
from harness.report.stored.harness import ComparedLeg

RULE = "gray-rollback"


def gray_rollback(evidence: WeekEvidence) -> Iterator[Signal | NotProposed]:
    """One leg that gray models answered is enough."""
    pool = evidence.policies.tracks.gray_pool
    comparison = evidence.run.comparison if evidence.run else None
    if pool is None or comparison is None:
        return
    legs = [leg for leg in comparison.legs if set(leg.candidate_models) & {*pool.models}]
    if not legs:
        yield NotProposed(RULE, "the gray pool", "no leg of a compared harness run is answered by its models")
    for leg in legs:
        yield _judged(leg, pool, evidence)


def _judged(leg: ComparedLeg, pool: GrayPool, evidence: WeekEvidence) -> Signal | NotProposed:
    limit = pool.rollback.tool_error_rise_points
    found = leg.metrics.get("tool_error")
    what = f"the gray pool ({', '.join(leg.candidate_models)})"
    if found is None or found.change is None:
        return NotProposed(RULE, what, "the run has no tool calls of it: there is no evidence")
    if found.verdict != "worse":
        said = "no evidence either way" if found.verdict == "unclear" else found.verdict
        return NotProposed(RULE, what, f"tool-call errors: {said}")
    if Fraction(str(found.change)) * 100 < Fraction(limit):
        return NotProposed(RULE, what, f"tool-call errors rose by less than {limit.normalize():f} points")
    scenarios = sorted(name for name, of in evidence.policies.scenarios.items() if of.track == "gray")
    if not scenarios:
        return NotProposed(RULE, what, "its errors rose, and no scenario is on the gray track")
    return Signal(RULE, _proposal(leg, scenarios, pool, evidence), leg.candidate_models)


def _proposal(leg: ComparedLeg, scenarios: list[str], pool: GrayPool, evidence: WeekEvidence) -> Proposal:
    files = evidence.policies.scenario_files
    return Proposal(
        rule=RULE,
        kind="rollback",
        title=f"Roll the gray pool back: {', '.join(scenarios)} to the token track",
        evidence=measured(leg, evidence),
        edits=tuple(Edit(files[name], "set", ("track",), "token") for name in scenarios),
        effect=f"{success_and_latency(leg)} Trials then cost what the token track costs.",
        confidence="high",
        because="significant after correction for all questions of the week",
        reversal=f"Somebody sets `track: gray` again, when a run shows a rise below "
        f"{pool.rollback.tool_error_rise_points.normalize():f} points.",
    )
