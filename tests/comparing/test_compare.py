"""Two runs against each other: rollback, promote or hold, and what each rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pytest

from compiler.diagnostics import PolicyError
from harness.bench.attempt import Attempt, Grade
from harness.bench.compare import Comparison, LegComparison, compare, undecided
from harness.bench.comparison_page import comparison_page
from harness.bench.measures import Metric
from harness.bench.page import as_text
from harness.bench.sides import Side
from harness.bench.store import Run
from harness.bench.verdicts import Result
from tests.simulated_weeks import THRESHOLDS, TIMEOUT_MS, Change, World, attempt, growing, header, week

RIGHT = Grade(True, None, True, None)
WRONG = Grade(True, None, False, "wrong_value")
BROKEN = Grade(True, "SchemaMismatch", False, None)
Make = Callable[[int, int], Attempt]


def side(name: str, attempts: Iterable[Attempt]) -> Side:
    return Side(name, Run(header(name, World()), tuple(attempts)))


def made(name: str, make: Make, prompts: int = 50, repeats: int = 4) -> Side:
    return side(name, (make(prompt, repeat) for prompt in range(prompts) for repeat in range(1, repeats + 1)))


def call(prompt: int, repeat: int, grade: Grade | None = RIGHT, factor: float = 1.0, **more: object) -> Attempt:
    ms = factor * (1000 + 20 * prompt + (prompt * 7 + repeat * 13) % 29)
    return attempt(case=f"case-{prompt:03d}", repeat=repeat, ms=ms, grade=grade, **more)  # type: ignore[arg-type]


def only(comparison: Comparison) -> LegComparison:
    (leg,) = comparison.legs
    return leg


def result(leg: LegComparison, metric: Metric) -> Result:
    (found,) = (each for each in leg.results if each.question.measure.metric == metric)
    return found


def test_a_broken_route_is_rolled_back() -> None:
    leg = only(
        compare(made("b", call), made("c", lambda p, r: call(p, r, BROKEN if p % 3 == 0 else RIGHT)), THRESHOLDS)
    )
    assert leg.outcome == "rollback"
    assert result(leg, "tool_error").verdict == result(leg, "task_failure").verdict == "worse"
    assert result(leg, "latency_p95").verdict == "within"


def test_a_better_route_is_promoted() -> None:
    """26 of 50 right against 39 of 50, as two real versions of a model had it, in twelve repeats: 600 calls
    without a tool-call error are below a point, 200 are not."""
    outcomes = []
    for repeats in (4, 12):
        base = made("b", lambda p, r: call(p, r, RIGHT if p < 26 else WRONG), repeats=repeats)
        candidate = made("c", lambda p, r: call(p, r, RIGHT if p < 39 else WRONG), repeats=repeats)
        leg = only(compare(base, candidate, THRESHOLDS))
        assert result(leg, "task_failure").verdict == "better"
        outcomes.append(leg.outcome)
    assert outcomes == ["hold", "promote"]


def test_better_is_said_on_single_runs_but_not_promoted_without_a_bound_of_p95() -> None:
    base = made("b", lambda p, r: call(p, r, RIGHT if p < 26 else WRONG), repeats=1)
    leg = only(compare(base, made("c", lambda p, r: call(p, r, RIGHT if p < 39 else WRONG), repeats=1), THRESHOLDS))
    assert result(leg, "task_failure").verdict == "better"
    assert leg.outcome == "hold"
    assert result(leg, "latency_p95").question.measure.high is None


def test_what_no_swap_of_so_few_prompts_can_show_is_not_said_to_be_seen() -> None:
    """Of n prompts two of 2ⁿ swaps are as extreme as it gets: among 23 questions it takes ten, whatever is measured."""
    comparison = compare(*week(World.shipped(repeats=2), np.random.default_rng(1)), THRESHOLDS)
    few = [leg for leg in comparison.legs if len(leg.pairs.cases) < 10]
    assert sorted(len(leg.pairs.cases) for leg in few) == [4, 5, 8]
    assert [result.sees() for leg in few for result in leg.results if result.sees() is not None] == []
    assert [chance for leg in few for result in leg.results if (chance := result.chance(0.8))] == []
    others = [result for leg in comparison.legs if leg not in few for result in leg.results]
    assert {result.question.measure.metric for result in others if result.sees()} >= {"task_failure", "latency_p95"}


def test_two_points_at_fifty_prompts_are_one_prompt_and_no_evidence() -> None:
    candidate = made("c", lambda p, r: call(p, r, WRONG if p == 7 else RIGHT), repeats=1)
    comparison = compare(made("b", call, repeats=1), candidate, THRESHOLDS)
    found = result(only(comparison), "task_failure")
    assert found.question.measure.change == pytest.approx(0.02)
    assert (found.verdict, only(comparison).outcome) == ("unclear", "hold")
    assert "no evidence either way" in as_text(comparison_page(comparison, THRESHOLDS))


def test_one_prompt_that_breaks_in_all_repeats_is_one_prompt() -> None:
    candidate = made("c", lambda p, r: call(p, r, WRONG if p == 7 else RIGHT), repeats=12)
    found = result(only(compare(made("b", call, repeats=12), candidate, THRESHOLDS)), "task_failure")
    assert (found.question.measure.broke, found.question.measure.fixed, found.verdict) == (1, 0, "unclear")


def test_slower_by_half_is_rolled_back_and_by_a_seventh_is_not() -> None:
    base = made("b", call)
    slow = only(compare(base, made("c", lambda p, r: call(p, r, factor=1.5)), THRESHOLDS))
    assert (result(slow, "latency_p95").verdict, slow.outcome) == ("worse", "rollback")
    comparison = compare(base, made("c", lambda p, r: call(p, r, factor=1.15)), THRESHOLDS)
    little = only(comparison)
    assert (result(little, "latency_p95").verdict, little.outcome) == ("unclear", "hold")
    assert "a rise, but below 30 %" in as_text(comparison_page(comparison, THRESHOLDS))


def test_timeouts_do_not_promote() -> None:
    """Where P95 of the candidate lies among timeouts, nobody knows how slow it is."""
    candidate = made("c", lambda p, r: call(p, r, factor=1.0 if p % 10 else 3 * TIMEOUT_MS / 1000))
    leg = only(compare(made("b", call), candidate, THRESHOLDS))
    found = result(leg, "latency_p95").question.measure
    assert found.candidate_at_least and found.high is None
    assert leg.outcome != "promote"


def test_calls_without_an_answer_do_not_promote_and_are_no_model_errors() -> None:
    candidate = made("c", lambda p, r: call(p, r, error="connection_lost" if p % 10 == 0 else None))
    leg = only(compare(made("b", call), candidate, THRESHOLDS))
    assert result(leg, "task_failure").question.measure.candidate == 0.0
    assert leg.outcome == "hold"
    assert "20 of 200 calls of the candidate had no answer" in leg.reasons


def test_cold_is_never_compared_with_cached() -> None:
    """The base was asked twice and the second time answered from its prompt cache, three hundred times faster."""
    base = made("b", lambda p, r: call(p, r, factor=1.0 if r == 1 else 0.003, cached=0 if r == 1 else 399))
    candidate = made("c", call)
    found = result(only(compare(base, candidate, THRESHOLDS)), "latency_p95").question.measure
    assert abs(found.change) < 0.05
    assert "150 other calls left out" in found.note


def test_few_prompts_promote_nothing() -> None:
    leg = only(compare(made("b", call, 5, 40), made("c", call, 5, 40), THRESHOLDS))
    assert leg.outcome == "hold"
    assert "5 prompts are too few" in leg.reasons[0]


def test_other_suites_do_not_compare() -> None:
    base = made("b", call)
    other = base._replace(run=replace(base.run, header=header("b", World(), "f" * 64)))
    with pytest.raises(PolicyError) as refused:
        compare(base, other, THRESHOLDS)
    assert [finding.code for finding in refused.value.findings] == ["VB201"]


def test_nothing_in_common_is_a_finding() -> None:
    candidate = side("c", [call(1, 1, leg="mlx")])
    with pytest.raises(PolicyError) as refused:
        compare(made("b", call), candidate, THRESHOLDS)
    assert [finding.code for finding in refused.value.findings] == ["VB202"]


def test_only_common_prompts_count_and_the_others_are_named() -> None:
    comparison = compare(made("b", call, 50), made("c", call, 30), THRESHOLDS)
    leg = only(comparison)
    assert (len(leg.pairs.cases), len(leg.left_out)) == (30, 20)
    assert "20 prompts left out" in as_text(comparison_page(comparison, THRESHOLDS))


def test_models_of_a_leg_are_judged_apart_and_corrected_together() -> None:
    """Each of two models answered 25 prompts, and one of them got worse."""

    def of(prompt: int, repeat: int, grade: Grade = RIGHT) -> Attempt:
        return call(prompt, repeat, grade if prompt < 25 else RIGHT, model="a/one" if prompt < 25 else "b/two")

    comparison = compare(made("b", of), made("c", lambda p, r: of(p, r, BROKEN if p % 2 else RIGHT)), THRESHOLDS)
    one, two = comparison.legs
    assert [(leg.pairs.candidate_models, len(leg.pairs.cases)) for leg in (one, two)] == [
        (("a/one",), 25),
        (("b/two",), 25),
    ]
    assert (one.outcome, two.outcome) == ("rollback", "hold")
    asked = sum(result.question.measure.p is not None for leg in comparison.legs for result in leg.results)
    assert {result.alpha for leg in comparison.legs for result in leg.results} == {0.05 / asked}
    assert {models for _, _, _, models in comparison.processes} == {("a/one",), ("b/two",)}
    assert [need.models for need in undecided(comparison)] == [("b/two",)]
    page = as_text(comparison_page(comparison, THRESHOLDS))
    assert "openrouter, a/one: rollback" in page and "openrouter, b/two: hold" in page


def test_a_route_that_changed_is_compared_from_its_old_model_to_its_new_one() -> None:
    base = made("b", lambda p, r: call(p, r, model="a/one" if p < 25 else "b/two"))
    legs = compare(base, made("c", lambda p, r: call(p, r, model="b/two")), THRESHOLDS).legs
    assert [(leg.pairs.base_models, leg.pairs.candidate_models) for leg in legs] == [
        (("a/one",), ("b/two",)),
        (("b/two",), ("b/two",)),
    ]


def test_what_a_leg_leaves_out_is_said_once_for_all_its_models() -> None:
    def of(prompt: int, repeat: int) -> Attempt:
        return call(prompt, repeat, model="a/one" if prompt % 2 else "b/two")

    comparison = compare(made("b", of, 50), made("c", of, 30), THRESHOLDS)
    assert [len(leg.pairs.cases) for leg in comparison.legs] == [15, 15]
    assert {leg.left_out for leg in comparison.legs} == {tuple(f"case-{prompt:03d}" for prompt in range(30, 50))}
    assert as_text(comparison_page(comparison, THRESHOLDS)).count("20 prompts left out") == 1


def test_an_answer_in_another_name_counts_for_who_was_asked_and_is_said() -> None:
    """A service may send a retry, or a slug of old, to another model: the route gets what comes of it."""

    def other(prompt: int, repeat: int) -> Attempt:
        return replace(call(prompt, repeat), answered_by="z/other" if prompt < 5 and repeat == 2 else "a/one")

    comparison = compare(made("b", call), made("c", other), THRESHOLDS)
    assert only(comparison).pairs.answered_by == ("a/one", "deepseek/deepseek-v4-flash", "z/other")
    assert "each counts for the model that was asked" in as_text(comparison_page(comparison, THRESHOLDS))


def test_a_prompt_that_a_run_asked_of_two_models_stands_apart_and_names_both() -> None:
    def torn(prompt: int, repeat: int) -> Attempt:
        return call(prompt, repeat, model="z/other" if prompt < 5 and repeat == 2 else "a/one")

    legs = compare(made("b", call), made("c", torn), THRESHOLDS).legs
    assert [(leg.pairs.candidate_models, len(leg.pairs.cases)) for leg in legs] == [
        (("a/one",), 45),
        (("a/one", "z/other"), 5),
    ]


def test_what_to_buy_is_all_prompts_and_at_most_as_many_again() -> None:
    comparison = compare(
        made("b", call, repeats=2),
        made("c", lambda p, r: call(p, r, WRONG if p + r == 9 else RIGHT), repeats=2),
        THRESHOLDS,
    )
    (need,) = undecided(comparison)
    assert need.leg == "openrouter" and len(need.cases) == 50 and 1 <= need.repeats <= 2
    wanted = only(comparison).repeats
    assert wanted is not None and wanted >= 2 + need.repeats


def test_nothing_is_bought_for_what_is_decided() -> None:
    assert undecided(compare(made("b", call), made("c", lambda p, r: call(p, r, BROKEN)), THRESHOLDS)) == ()


def test_evidence_of_earlier_weeks_adds_up_and_acts() -> None:
    """Four broken prompts a week are no evidence in one week, and are in the third."""

    def broken(p: int, r: int) -> Attempt:
        return call(p, r, WRONG if p in (3, 13, 23, 33) and r < 3 else RIGHT)

    outcomes, carried = [], None
    for number in range(3):
        comparison = compare(made(f"b{number}", call), made(f"c{number}", broken), THRESHOLDS, carried=carried)
        outcomes.append(only(comparison).outcome)
        carried = comparison.processes
    assert outcomes == ["hold", "hold", "rollback"]


def test_the_same_week_twice_adds_nothing() -> None:
    base, candidate = made("b", call), made("c", lambda p, r: call(p, r, WRONG if p < 3 else RIGHT))
    first = compare(base, candidate, THRESHOLDS)
    assert compare(base, candidate, THRESHOLDS, carried=first.processes).processes == first.processes


def test_more_looks_ask_for_more_evidence() -> None:
    random = np.random.default_rng(3)
    base, candidate = week(World(legs=1), random, Change(task_failures=0.2))
    one, four = (compare(base, growing(candidate, looks), THRESHOLDS) for looks in (1, 4))
    assert result(only(one), "task_failure").verdict == "worse"
    assert result(only(four), "task_failure").chance(0.2) < result(only(one), "task_failure").chance(0.2)


def test_order_of_rows_changes_nothing() -> None:
    base, candidate = week(World(legs=2), np.random.default_rng(4))
    turned = candidate._replace(run=replace(candidate.run, attempts=candidate.run.attempts[::-1]))
    pages = [as_text(comparison_page(compare(base, c, THRESHOLDS), THRESHOLDS)) for c in (candidate, turned)]
    assert pages[0] == pages[1]
