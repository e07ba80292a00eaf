"""A run in numbers: what counts for what."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from harness.bench.attempt import Attempt, Grade
from harness.bench.page import as_markdown, as_text
from harness.bench.store import Run
from harness.bench.summary import RunSummary, repeats_for_bound, summarise
from harness.bench.summary_page import summary_page
from tests.simulated_weeks import TIMEOUT_MS, World, attempt, header

RIGHT = Grade(True, None, True, None)
WRONG = Grade(True, None, False, "wrong_value")
BROKEN = Grade(True, "InvalidJson", False, None)
TEXT = Grade(False, None, True, None)


def run(*attempts: Attempt) -> Run:
    return Run(header("made", World()), attempts)


def group(*attempts: Attempt) -> RunSummary:
    (found,) = summarise("made", run(*attempts)).groups
    return found


def test_protocol_errors_and_task_success_are_never_mixed() -> None:
    found = group(
        *(attempt(case=f"{n}", grade=grade) for n, grade in enumerate((RIGHT, WRONG, BROKEN, TEXT))),
        attempt(case="5", error="connection_lost"),
    )
    assert (found.tool_errors.count, found.tool_errors.total) == (1, 3)  # the text is no tool request
    assert (found.successes.count, found.successes.total) == (2, 4)
    assert (found.calls, found.unanswered, found.transport) == (5, 1, (("connection_lost", 1),))
    assert found.failures == (("InvalidJson", 1), ("wrong_value", 1))
    assert found.tool_error_kinds == (("InvalidJson", 1),)


def test_dropped_calls_stand_beside_the_rate_that_does_not_see_them() -> None:
    lost = Grade(True, None, False, "dropped_call")
    rows = [attempt(case=f"{n}", grade=grade) for n, grade in enumerate((RIGHT, BROKEN, lost, lost))]
    found = group(*rows)
    assert (found.tool_errors.count, found.tool_errors.total, found.dropped_calls) == (1, 4, 2)
    assert (found.successes.count, found.failures[0]) == (1, ("dropped_call", 2))
    page = as_text(summary_page(summarise("made", run(*rows))))
    answers = next(line for line in page.splitlines() if "1 of 4" in line)
    assert re.search(r"1 of 4 +2 +25\.0 %", answers), answers
    assert "Dropped: the answer ended in a tool call that never came" in page
    assert "Dropped:" not in as_text(summary_page(summarise("made", run(rows[0]))))


def test_only_the_final_attempt_is_the_outcome_and_every_attempt_costs() -> None:
    found = group(
        attempt(error="rate_limited", final=False),
        attempt(number=2, cost="0.003", grade=WRONG, final=False),
        attempt(number=3, cost="0.002", grade=RIGHT),
    )
    assert (found.successes.count, found.successes.total) == (1, 1)
    assert (found.attempts, found.calls, found.retries, found.rate_limit_waits) == (3, 1, 2, 1)
    assert found.money.billed == Decimal("0.005")
    assert found.money.unknown == 1


def test_warm_ups_cost_and_never_count() -> None:
    found = group(attempt(repeat=0, grade=BROKEN, cost="0.01", final=False), attempt(grade=RIGHT))
    assert (found.calls, found.attempts, found.tool_errors.count) == (1, 1, 0)
    assert (found.money.billed, found.money.warm_up) == (Decimal("0.001"), Decimal("0.01"))


def test_each_run_is_the_mean_over_repeats() -> None:
    found = group(*(attempt(case=f"{n}", repeat=r, grade=RIGHT, cost="0.001") for n in range(3) for r in (1, 2)))
    assert (found.prompts, found.repeats, found.money.each_run) == (3, 2, Decimal("0.003"))


def test_cold_and_prompt_cached_calls_stand_apart() -> None:
    cold = [attempt(case=f"{n}", ms=2400.0, grade=RIGHT) for n in range(4)]
    cached = [attempt(case=f"{n}", repeat=2, ms=7.0, grade=RIGHT, cached=399) for n in range(4)]
    first, second = group(*cold, *cached).speeds
    assert (first.warmth, first.total_p50.ms, second.warmth, second.total_p50.ms) == ("cold", 2400.0, "cached", 7.0)


def test_a_timeout_that_was_made_again_is_still_a_time() -> None:
    found = group(
        attempt(ms=2 * TIMEOUT_MS, final=False),
        attempt(number=2, ms=500.0, grade=RIGHT),
    )
    (speed,) = found.speeds
    assert (speed.calls, speed.total_p95.ms, speed.total_p95.at_least) == (2, TIMEOUT_MS, True)
    assert found.timeouts == 1


def test_other_transport_errors_have_no_time() -> None:
    (speed,) = group(attempt(error="connection_lost", ms=3.0), attempt(case="2", grade=RIGHT)).speeds
    assert (speed.calls, speed.total_p50.ms) == (1, 1000.0)


@pytest.mark.parametrize(("prompts", "repeats"), [(50, 2), (72, 1), (36, 2), (10, 8)])
def test_repeats_that_give_p95_a_bound(prompts: int, repeats: int) -> None:
    assert repeats_for_bound(prompts) == repeats


def test_the_page_says_that_fifty_calls_have_no_bound_and_what_has() -> None:
    made = run(*(attempt(case=f"{n}", ms=1000.0 + n, grade=RIGHT) for n in range(50)))
    page = as_text(summary_page(summarise("made", made)))
    assert "50 calls have no upper bound of P95 at 95 %. 2 repeats of 50 prompts would." in page
    assert "1047 ms (1043 ms … ?)" in page


def test_the_page_names_what_answered_instead() -> None:
    made = run(attempt(grade=RIGHT, answered_by="somebody/else"))
    assert "somebody/else (asked: deepseek/deepseek-v4-flash)" in as_text(summary_page(summarise("made", made)))


def test_text_from_outside_starts_nothing() -> None:
    name = "evil|`x`<img src=x>\n::error::boo @everyone [a](http://b) \u202e\x1b[31m" + "y" * 5000
    made = summarise("made", run(attempt(grade=RIGHT, answered_by=name)))
    page, text = as_markdown(summary_page(made)), as_text(summary_page(made))
    assert not re.search(r"(?<!\\)[<`\[](?!!--)", page)  # but for the comment that parts a mention
    assert all(mark not in page for mark in ("\n::", "@everyone", "\u202e", "\x1b"))
    assert all(mark not in text for mark in ("\n::", "\u202e", "\x1b"))
    assert len(page) < 6000
    rows = [line for line in page.splitlines() if line.startswith("| openrouter")]
    assert any("evil" in row for row in rows)


def test_an_empty_run_says_so() -> None:
    assert "The run has no calls." in as_text(summary_page(summarise("made", run())))
