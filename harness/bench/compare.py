"""One run against another on the same prompts: rollback, promote or hold for each leg. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from harness.bench.verdicts import Judge, Outcome, Question, Result, Thresholds, outcome

#: Leg, metric, the models of base and candidate: with another model, evidence starts again.
Key: TypeAlias = tuple[LegName, Metric, tuple[str, ...], tuple[str, ...]]
#: Evidence of earlier weeks.
Carried: TypeAlias = Mapping[Key, EProcess]


@dataclass(frozen=True, slots=True)
class LegComparison:
    """One leg."""

    pairs: Pairs
    results: tuple[Result, ...]
    outcome: Outcome
    reasons: tuple[str, ...]
    #: prompts that one of the runs lacks
    left_out: tuple[str, ...]

    @property
    def repeats(self) -> int | None:
        """Repeats of each prompt, in both runs, that would decide; None: decided, or no number would."""
        needed = [result.repeats for result in self.results]
        return max((count for count in needed if count is not None), default=None) if self.outcome == "hold" else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """All legs that both runs have."""

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
    sides = [paired(leg, base.run.attempts, candidate.run.attempts) for leg in both]
    legs = [(pairs, measures(pairs)) for pairs in sides if pairs]
    if not legs:
        said = f"{base.name} and {candidate.name} have no prompt on a leg in common"
        raise PolicyError([NOTHING_IN_COMMON.at(Place(candidate.name), said)])
    questions = _questions(legs, frozenset((base.identity, candidate.identity)), carried or {})
    asked = sum(question.measure.p is not None for leg in questions for question in leg)
    looks = candidate.run.header.looks
    judge = Judge(thresholds, looks, asked)
    judged = tuple(
        _leg(pairs, leg, judge, _left_out(pairs, base, candidate))
        for (pairs, _), leg in zip(legs, questions, strict=True)
    )
    missing = tuple(leg for leg in order if leg in of_base ^ of_candidate)
    after = {_key(pairs, q.measure): q.process for (pairs, _), leg in zip(legs, questions, strict=True) for q in leg}
    processes = {**(carried or {}), **{key: process for key, process in after.items() if process is not None}}
    return Comparison(base.name, candidate.name, base.run.header.suite_sha256, looks, judged, missing, processes)


def undecided(comparison: Comparison) -> tuple[Need, ...]:
    """What to buy next for the legs that more repeats would decide: all that is lacking, but at most as many again.

    Always of all prompts: repeats of those alone that differ would turn chance into a finding.
    """
    held = ((leg, leg.repeats) for leg in comparison.legs)
    return tuple(
        Need(leg.pairs.leg, leg.pairs.cases, min(needed - leg.pairs.repeats, leg.pairs.repeats))
        for leg, needed in held
        if needed is not None and needed > leg.pairs.repeats
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


def _leg(pairs: Pairs, questions: Sequence[Question], judge: Judge, left_out: tuple[str, ...]) -> LegComparison:
    results = tuple(judge.result(question, pairs) for question in questions)
    decided, reasons = outcome(results, pairs, judge.thresholds)
    return LegComparison(pairs, results, decided, reasons, left_out)


def _legs(side: Side) -> frozenset[LegName]:
    """Where a run has outcomes."""
    return frozenset(attempt.leg for attempt in finals(side.run.attempts))


def _left_out(pairs: Pairs, *sides: Side) -> tuple[str, ...]:
    return tuple(sorted(set(_cases(pairs.leg, sides)) - set(pairs.cases)))


def _cases(leg: LegName, sides: Sequence[Side]) -> Iterator[str]:
    return (a.case for side in sides for a in finals(side.run.attempts) if a.leg == leg)
