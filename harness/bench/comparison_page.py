"""A comparison as a page for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby

from harness.bench.compare import Comparison, LegComparison
from harness.bench.measures import Measure
from harness.bench.numbers import NONE, change_words, milliseconds, names, size_words, usd
from harness.bench.page import Block, Heading, Sentence, Table
from harness.bench.verdicts import ALPHA, NAMES, Result, Thresholds

_HEADER = ("metric", "base", "candidate", "change (95 %)", "p, Holm", "E, corrected", "it says", "would have seen")


def comparison_page(comparison: Comparison, thresholds: Thresholds) -> tuple[Block, ...]:
    """What follows for each model of each leg, and from what."""
    legs = [list(parts) for _, parts in groupby(comparison.legs, lambda leg: leg.pairs.leg)]
    return (
        Heading(f"{comparison.candidate} against {comparison.base}", 1),
        *(block for parts in legs for block in _leg(parts, thresholds)),
        *_missing(comparison),
        Heading("How to read this"),
        *(Sentence(words, is_item=True) for words in _reading(comparison, thresholds)),
    )


def _leg(parts: Sequence[LegComparison], thresholds: Thresholds) -> Iterator[Block]:
    for part in parts:
        model = f", {names(part.pairs.candidate_models)}" if len(parts) > 1 else ""
        yield Heading(f"{part.pairs.leg}{model}: {part.outcome}")
        yield from _part(part, thresholds)
    if left_out := parts[0].left_out:
        yield Sentence(f"{len(left_out)} prompts left out that one of the runs lacks: {names(left_out)}.", is_item=True)


def _part(leg: LegComparison, thresholds: Thresholds) -> Iterator[Block]:
    pairs = leg.pairs
    why = "; ".join(leg.reasons)
    yield Sentence(f"{why[:1].upper()}{why[1:]}.")
    models = f"{names(pairs.base_models)} → {names(pairs.candidate_models)}"
    yield Sentence(f"{models}, {len(pairs.cases)} prompts in both, {pairs.repeats} repeats of each.")
    yield Table(_HEADER, tuple(_row(result, thresholds) for result in leg.results))
    yield from (Sentence(words, is_item=True) for words in _notes(leg))


def _row(result: Result, thresholds: Thresholds) -> tuple[str, ...]:
    question = result.question
    measure = question.measure
    return (
        NAMES[measure.metric],
        _level(measure, measure.base, measure.base_at_least),
        _level(measure, measure.candidate, measure.candidate_at_least),
        change_words(measure.change, measure.low, measure.high, measure.unit),
        NONE if question.p_adjusted is None else f"{question.p_adjusted:.3f}",
        NONE if question.e_adjusted is None else f"{question.e_adjusted:.2g}",
        said(result, thresholds),
        size_words(result.sees(), measure.unit),
    )


def _level(measure: Measure, value: float | Decimal, at_least: bool) -> str:
    if isinstance(value, Decimal):
        return usd(value)
    words = f"{100 * value:.1f} %" if measure.unit == "points" else milliseconds(value)
    return f"≥ {words}" if at_least else words


def said(result: Result, thresholds: Thresholds) -> str:
    """The verdict in words. No evidence is not evidence of nothing, and is never worded as such."""
    measure = result.question.measure
    if measure.p is None:
        return "shown, not judged"
    if result.verdict == "within":
        return f"no rise of {size_words(thresholds.margin(measure), measure.unit)} or more"
    if result.verdict != "unclear":
        return result.verdict
    if measure.low is not None and measure.low > 0:
        return _risen(result, thresholds)
    return "no evidence either way"


def _risen(result: Result, thresholds: Thresholds) -> str:
    """A rise by its own interval that does not count."""
    measure, p = result.question.measure, result.question.p_adjusted
    if p is not None and p <= ALPHA:
        return f"a rise, but below {size_words(thresholds.demote(measure), measure.unit)}"
    return "a hint of a rise; not enough among so many questions"


def _notes(leg: LegComparison) -> Iterator[str]:
    for result in leg.results:
        measure = result.question.measure
        if measure.note and measure.p is not None:
            yield f"{NAMES[measure.metric]}: {measure.note}."
    if leg.outcome == "hold":
        yield from _what_would_decide(leg)
    lost = leg.pairs.unanswered
    if lost.base or lost.candidate:
        yield (
            f"Calls without an answer, in no metric above: base {lost.base} of {lost.base_calls}, "
            f"candidate {lost.candidate} of {lost.candidate_calls}."
        )
    if len(leg.pairs.answered_by) > len({*leg.pairs.base_models, *leg.pairs.candidate_models}):
        yield f"Answers named {names(leg.pairs.answered_by)}; each counts for the model that was asked."


def _what_would_decide(leg: LegComparison) -> Iterator[str]:
    open_gates = [r for r in leg.results if r.verdict == "unclear" and r.threshold > 0]
    for result in open_gates:
        metric = NAMES[result.question.measure.metric]
        if result.repeats is None:
            yield f"{metric}: no number of repeats of these prompts would decide; more prompts may."
        else:
            yield f"{metric}: about {result.repeats} repeats of each prompt in both runs would decide, if it stays so."


def _missing(comparison: Comparison) -> Iterator[Block]:
    if comparison.missing_legs:
        yield Sentence(f"Legs in one of the runs only, not compared: {', '.join(comparison.missing_legs)}.")


def _reading(comparison: Comparison, thresholds: Thresholds) -> Sequence[str]:
    points, percent = size_words(thresholds.demote_points, "points"), size_words(thresholds.demote_percent, "percent")
    margin, room = size_words(thresholds.promote_points, "points"), size_words(thresholds.promote_percent, "percent")
    looks = (
        "" if comparison.looks == 1 else f" It is one of {comparison.looks} looks, each with its share of the error."
    )
    return (
        f"Rollback: a rise of at least {points} or {percent} of P95, its interval above zero, p ≤ 0.05 after Holm over "
        f"all legs, models and metrics; or E ≥ 20 after correction. Promote: the whole interval is below {margin} and "
        f"{room}. Else hold.{looks}",
        "In a world without change, a week says worse or better of anything in 5 of 100 cases at most.",
        "No evidence either way is not evidence of no change. The last column says what rise would have been found in "
        "four of five such comparisons.",
        "Cost and P50 decide nothing: acceptance.yaml has no threshold for them.",
    )
