"""One run against another on the same prompts: rollback, promote or hold for each model of each leg. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from compiler.diagnostics import Place, PolicyError
from harness.bench.attempt import LegName
from harness.bench.comparison_codes import NOTHING_IN_COMMON, UNLIKE_SUITES
from harness.bench.deciding import Need
from harness.bench.measures import Measure, Metric, measures
from harness.bench.outcomes import finals
from harness.bench.pairs import Pairs, paired
from harness.bench.sides import Side
from harness.bench.stats import eprocess, holm
from harness.bench.stats.eprocess import EProcess
from harness.bench.store import RunHeader
from harness.bench.verdicts import Judge, Outcome, Question, Result, Thresholds, outcome

#: Leg, metric, the models of base and candidate: with another model, evidence starts again.
Key: TypeAlias = tuple[LegName, Metric, tuple[str, ...], tuple[str, ...]]
#: Evidence of earlier weeks.
Carried: TypeAlias = Mapping[Key, EProcess]


@dataclass(frozen=True, slots=True)
class LegComparison:
    """What one model answered on a leg, against what the base's answered of the same prompts."""

    pairs: Pairs
    #: scenarios whose routes these prompts take
    routes: tuple[str, ...]
    results: tuple[Result, ...]
    outcome: Outcome
    reasons: tuple[str, ...]
    #: prompts of the leg, whichever model's, that one of the runs lacks
    left_out: tuple[str, ...]

    @property
    def repeats(self) -> int | None:
        """Repeats of each prompt, in both runs, that would decide; None: decided, or no number would."""
        needed = [result.repeats for result in self.results]
        return max((count for count in needed if count is not None), default=None) if self.outcome == "hold" else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """All legs that both runs have, model by model."""

    base: str
    candidate: str
    suite_sha256: str
    looks: int
    legs: tuple[LegComparison, ...]
    #: legs that only one of the runs has
    missing_legs: tuple[LegName, ...]
    #: what the next week goes on from, also of legs that were not compared this time
    processes: Carried


def compare(base: Side, candidate: Side, thresholds: Thresholds, *, carried: Carried | None = None) -> Comparison:
    """Judge the candidate by the base. Raises PolicyError where they do not compare.

    A candidate that grows until it is decided says in its header how often it is compared at most; each look gets its
    share of the error rate. `carried`: the e-processes of earlier weeks.
    """
    _same_suite(base, candidate)
    order: tuple[LegName, ...] = ("mlx", "openrouter", "remote")
    of_base, of_candidate = _legs(base), _legs(candidate)
    both = [leg for leg in order if leg in of_base & of_candidate]
    parts = [pairs for leg in both for pairs in paired(leg, base.run.attempts, candidate.run.attempts)]
    legs = [(pairs, measures(pairs)) for pairs in parts]
    if not legs:
        said = f"{base.name} and {candidate.name} have no prompt on a leg in common"
        raise PolicyError([NOTHING_IN_COMMON.at(Place(candidate.name), said)])
    questions = _questions(legs, frozenset((base.identity, candidate.identity)), carried or {})
    asked = sum(question.measure.p is not None for leg in questions for question in leg)
    looks = candidate.run.header.looks
    judge = Judge(thresholds, looks, asked)
    left_out = {leg: _left_out(leg, parts, (base, candidate)) for leg in both}
    judged = tuple(
        _leg(pairs, leg, judge, _routes(pairs, candidate.run.header), left_out[pairs.leg])
        for pairs, leg in zip(parts, questions, strict=True)
    )
    missing = tuple(leg for leg in order if leg in of_base ^ of_candidate)
    after = {_key(pairs, q.measure): q.process for pairs, leg in zip(parts, questions, strict=True) for q in leg}
    processes = {**(carried or {}), **{key: process for key, process in after.items() if process is not None}}
    return Comparison(base.name, candidate.name, base.run.header.suite_sha256, looks, judged, missing, processes)


def undecided(comparison: Comparison) -> tuple[Need, ...]:
    """What to buy next for the models that more repeats would decide: all that is lacking, but at most as many again.

    Always of all prompts of a model: repeats of those alone that differ would turn chance into a finding.
    """
    held = ((leg.pairs, leg.repeats) for leg in comparison.legs)
    return tuple(
        Need(pairs.leg, pairs.candidate_models, pairs.cases, min(needed - pairs.repeats, pairs.repeats))
        for pairs, needed in held
        if needed is not None and needed > pairs.repeats
    )


def _same_suite(base: Side, candidate: Side) -> None:
    one, other = base.run.header, candidate.run.header
    if one.suite_sha256 != other.suite_sha256:
        said = (
            f"{base.name} ran {one.suite} {one.suite_version} ({one.suite_sha256[:12]}), "
            f"{candidate.name} ran {other.suite} {other.suite_version} ({other.suite_sha256[:12]})"
        )
        raise PolicyError([UNLIKE_SUITES.at(Place(candidate.name), said)])


def _questions(
    legs: Sequence[tuple[Pairs, tuple[Measure, ...]]], runs: frozenset[str], carried: Carried
) -> tuple[tuple[Question, ...], ...]:
    """Every question with its p and its e, both corrected for all that are asked at once."""
    flat = [(pairs, measure) for pairs, found in legs for measure in found]
    processes = [_process(pairs, measure, runs, carried) for pairs, measure in flat]
    p_values = iter(holm.adjusted([measure.p for _, measure in flat if measure.p is not None]))
    e_values = iter(eprocess.adjusted([process.value for process in processes if process is not None]))
    asked = iter([
        Question(measure, None if measure.p is None else next(p_values), process,
                 None if process is None else next(e_values))
        for (_, measure), process in zip(flat, processes, strict=True)
    ])  # fmt: skip
    return tuple(tuple(next(asked) for _ in found) for _, found in legs)


def _process(pairs: Pairs, measure: Measure, runs: frozenset[str], carried: Carried) -> EProcess | None:
    if measure.unit != "points":
        return None
    before = carried.get(_key(pairs, measure), EProcess())
    return before.take(measure.broke, measure.fixed, runs)


def _key(pairs: Pairs, measure: Measure) -> Key:
    return pairs.leg, measure.metric, pairs.base_models, pairs.candidate_models


def _leg(
    pairs: Pairs, questions: Sequence[Question], judge: Judge, routes: tuple[str, ...], left_out: tuple[str, ...]
) -> LegComparison:
    results = tuple(judge.result(question, pairs) for question in questions)
    decided, reasons = outcome(results, pairs, judge.thresholds)
    return LegComparison(pairs, routes, results, decided, reasons, left_out)


def _routes(pairs: Pairs, header: RunHeader) -> tuple[str, ...]:
    """As the candidate was asked: what stood in for a scenario is judged by its prompts, and the scenario is not."""
    ways = (way for way in header.legs if way.leg == pairs.leg and way.model in pairs.candidate_models)
    return tuple(sorted({way.route for way in ways if way.scenario in pairs.scenarios}))


def _legs(side: Side) -> frozenset[LegName]:
    """Where a run has outcomes."""
    return frozenset(attempt.leg for attempt in finals(side.run.attempts))


def _left_out(leg: LegName, parts: Sequence[Pairs], sides: Sequence[Side]) -> tuple[str, ...]:
    asked = {(a.case, a.trial) for side in sides for a in finals(side.run.attempts) if a.leg == leg}
    compared = {way for pairs in parts if pairs.leg == leg for way in pairs.ways}
    return tuple(f"{case} ({trial})" if trial else case for case, trial in sorted(asked - compared))
