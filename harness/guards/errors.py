"""Tool-call errors of production: by scenario and model, against the week before, and against the route's first model.

Which of four things is said of a change is as the harness says it (harness/bench/verdicts.py): worse, better, within
the margin, or no evidence either way. All questions of a week are corrected together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from compiler.policy import Policies
from harness.bench.stats import clusters
from harness.bench.stats.holm import adjusted
from harness.bench.verdicts import ALPHA, Verdict
from harness.guards.asked import Session
from harness.propose.seats import seat_of_scenario
from harness.report.stored.decisions import Compared, ToolErrors

#: (scenario, model) → its sessions
Work = Mapping[tuple[str, str], clusters.Sessions]


@dataclass(frozen=True, slots=True)
class _Question:
    against: Literal["week", "model"]
    scenario: str
    base: str
    candidate: str
    sides: tuple[clusters.Sessions, clusters.Sessions]
    found: clusters.Change


def work(sessions: Iterable[Session]) -> Work:
    """By scenario and model, in order."""
    found: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for each in sessions:
        found[each.scenario, each.model].append((each.errors, each.calls))
    return {key: clusters.Sessions.of(found[key]) for key in sorted(found)}


def rates(now: Work) -> Iterator[ToolErrors]:
    """As they stand in the week."""
    for (scenario, model), of in now.items():
        low, high = clusters.interval(of) or (None, None)
        yield ToolErrors(
            scenario=scenario, model=model, sessions=of.number, calls=of.total, errors=sum(of.failed), low=low,
            high=high,
        )  # fmt: skip


def comparisons(now: Work, before: Work, policies: Policies) -> tuple[Compared, ...]:
    """Every comparison that there are sessions enough for."""
    asked = tuple(_questions(now, before, policies))
    corrected = adjusted([each.found.p for each in asked])
    return tuple(_compared(each, p, policies) for each, p in zip(asked, corrected, strict=True))


def _questions(now: Work, before: Work, policies: Policies) -> Iterator[_Question]:
    for (scenario, model), of in now.items():
        if earlier := before.get((scenario, model)):
            yield from _asked("week", scenario, (model, earlier), (model, of))
        seat = seat_of_scenario(scenario, policies)
        if seat and not seat.is_gray and model != seat.models[0] and (first := now.get((scenario, seat.models[0]))):
            yield from _asked("model", scenario, (seat.models[0], first), (model, of))


def _asked(
    against: Literal["week", "model"],
    scenario: str,
    base: tuple[str, clusters.Sessions],
    candidate: tuple[str, clusters.Sessions],
) -> Iterator[_Question]:
    if found := clusters.compared(base[1], candidate[1]):
        yield _Question(against, scenario, base[0], candidate[0], (base[1], candidate[1]), found)


def _compared(asked: _Question, p: float, policies: Policies) -> Compared:
    found = asked.found
    base, candidate = asked.sides
    return Compared(
        against=asked.against, scenario=asked.scenario, base=asked.base, candidate=asked.candidate,
        base_rate=base.rate, rate=candidate.rate, sessions=candidate.number, calls=candidate.total,
        change=found.change, low=found.low, high=found.high, p=p, verdict=_verdict(asked, p, policies),
    )  # fmt: skip


def _verdict(asked: _Question, p: float, policies: Policies) -> Verdict:
    found, counts, margin = asked.found, rise_that_counts(asked.candidate, policies), _margin(policies)
    if p <= ALPHA and found.low > 0 and counts is not None and found.change >= counts:
        return "worse"
    if p <= ALPHA and found.high < 0 and found.change <= -margin:
        return "better"
    return "within" if margin > 0 and found.high < margin else "unclear"


def rise_that_counts(model: str, policies: Policies) -> float | None:
    """As a share: the gray pool's own, or that of acceptance.yaml; None where neither says."""
    pool, acceptance = policies.tracks.gray_pool, policies.acceptance
    if pool and policies.is_gray(model):
        return float(pool.rollback.tool_error_rise_points) / 100
    return float(acceptance.demote.tool_error_rise_points) / 100 if acceptance else None


def _margin(policies: Policies) -> float:
    return float(policies.acceptance.promote.tool_error_rise_points) / 100 if policies.acceptance else 0.0
