"""From measures to verdicts: what may be said of a metric, and what follows for the leg.

Of each metric one of four things is said:
- **worse**: significant after Holm, its interval above zero, and at least the demote threshold; or the e-process acts;
- **better**: significant after Holm, its interval below zero, and at least the promote margin;
- **within**: its whole interval lies below the promote margin, so a rise that matters is excluded;
- **unclear**: the run is no evidence either way, which is not evidence of no change.

A leg is rolled back if a metric with a threshold is worse, promoted if each is within or better, and held otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from compiler.policy.acceptance import Acceptance
from harness.bench.measures import Measure, Metric
from harness.bench.pairs import Pairs
from harness.bench.stats.eprocess import ACT_AT, EProcess
from harness.bench.stats.power import repeats_to_decide

Verdict = Literal["worse", "better", "within", "unclear"]
Outcome = Literal["rollback", "promote", "hold"]

ALPHA = 0.05
#: With fewer prompts, no resampling of prompts tells what other prompts would do.
FEWEST_PROMPTS = 10
#: Those that acceptance.yaml has thresholds for; a failed task is counted in the points of a tool error.
GATES: tuple[Metric, ...] = ("tool_error", "task_failure", "latency_p95")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """acceptance.yaml's, as shares."""

    promote_points: float
    demote_points: float
    promote_percent: float
    demote_percent: float

    @classmethod
    def of(cls, acceptance: Acceptance) -> Thresholds:
        """From policy."""
        promote, demote = acceptance.promote, acceptance.demote
        return cls(*(
            float(value) / 100
            for value in (
                promote.tool_error_rise_points, demote.tool_error_rise_points,
                promote.p95_latency_rise_percent, demote.p95_latency_rise_percent,
            )
        ))  # fmt: skip

    def margin(self, measure: Measure) -> float:
        """Below which a rise counts as none. What has no threshold has no margin."""
        if measure.metric not in GATES:
            return 0.0
        return self.promote_points if measure.unit == "points" else self.promote_percent

    def demote(self, measure: Measure) -> float:
        """From which a rise counts."""
        if measure.metric not in GATES:
            return 0.0
        return self.demote_points if measure.unit == "points" else self.demote_percent


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a measure, with all other questions of the comparison in mind."""

    measure: Measure
    p_adjusted: float | None
    process: EProcess | None
    e_adjusted: float | None


@dataclass(frozen=True, slots=True)
class Result:
    """A metric, judged."""

    question: Question
    verdict: Verdict
    #: repeats of each prompt that would decide, in both runs; None: it is decided, or no number would
    repeats: int | None
    #: the error rate that is left for this question, and the rise from which it counts
    alpha: float
    threshold: float

    def chance(self, rise: float) -> float:
        """The chance that a comparison like this one would have called such a rise worse. Simulates."""
        return self.question.measure.power(rise, self.alpha, self.threshold)

    def sees(self) -> float | None:
        """The smallest rise that this comparison would have called worse four times of five. Simulates: not free."""
        measure = self.question.measure
        return None if measure.p is None else measure.sees(self.alpha, self.threshold)


@dataclass(frozen=True, slots=True)
class Judge:
    """The thresholds and error rates of one comparison."""

    thresholds: Thresholds
    #: at how many moments somebody may look and act, decided before the first
    looks: int
    #: how many questions are asked at once
    questions: int

    @property
    def alpha(self) -> float:
        """For all questions of one look."""
        return ALPHA / self.looks

    def result(self, question: Question, pairs: Pairs) -> Result:
        """One metric."""
        measure = question.measure
        verdict = self.verdict(question, len(pairs.cases))
        repeats = None
        if verdict == "unclear" and measure.metric in GATES and len(pairs.cases) >= FEWEST_PROMPTS:
            repeats = repeats_to_decide(lambda more: self._decides(measure, more), pairs.repeats)
        each = self.alpha / max(1, self.questions)
        return Result(question, verdict, repeats, each, self.thresholds.demote(measure))

    def verdict(self, question: Question, prompts: int) -> Verdict:
        """What may be said."""
        measure, margin = question.measure, self.thresholds.margin(question.measure)
        if question.e_adjusted is not None and question.e_adjusted >= ACT_AT * self.looks:
            return "worse"
        is_significant = question.p_adjusted is not None and question.p_adjusted <= self.alpha
        low, high = measure.low, measure.high
        if is_significant and low is not None and low > 0 and measure.change >= self.thresholds.demote(measure):
            return "worse"
        if is_significant and high is not None and high < 0 and measure.change <= -margin:
            return "better"
        is_within = margin > 0 and high is not None and high < margin and prompts >= FEWEST_PROMPTS
        return "within" if is_within else "unclear"

    def _decides(self, measure: Measure, repeats: float) -> bool:
        low, high = measure.at_repeats(repeats)
        is_worse = low > 0 and measure.change >= self.thresholds.demote(measure)
        return is_worse or (high is not None and high < self.thresholds.margin(measure))


def outcome(results: Sequence[Result], pairs: Pairs, thresholds: Thresholds) -> tuple[Outcome, tuple[str, ...]]:
    """What follows for the leg, and why it does not go further."""
    gates = {result.question.measure.metric: result for result in results if result.question.measure.metric in GATES}
    if worse := [metric for metric in gates if gates[metric].verdict == "worse"]:
        return "rollback", tuple(f"{NAMES[metric]} worse" for metric in worse)
    if reasons := tuple(_held(gates, pairs, thresholds)):
        return "hold", reasons
    return "promote", ("every metric with a threshold is within its margin, or better",)


NAMES: Mapping[Metric, str] = {
    "tool_error": "tool-call errors",
    "task_failure": "failed tasks",
    "latency_p95": "P95 latency",
    "latency_p50": "P50 latency",
    "cost": "cost",
}


def _held(gates: Mapping[Metric, Result], pairs: Pairs, thresholds: Thresholds) -> Iterator[str]:
    if len(pairs.cases) < FEWEST_PROMPTS:
        yield f"{len(pairs.cases)} prompts are too few to promote on; {FEWEST_PROMPTS} is the least"
    if pairs.unanswered.rise > thresholds.promote_points:
        lost = pairs.unanswered
        yield f"{lost.candidate} of {lost.candidate_calls} calls of the candidate had no answer"
    for metric in GATES:
        if metric not in gates:
            if metric != "tool_error":  # not every leg has tool calls; every leg has tasks and times
                yield f"there is no evidence on {NAMES[metric]}"
        elif gates[metric].verdict == "unclear":
            yield f"no evidence either way on {NAMES[metric]}"
