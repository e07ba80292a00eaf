"""The fifty prompts: they load, they are spread as the scenarios are, and what is right is graded right."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import pytest

from compiler.load import load
from compiler.policy import FILES, parse
from harness.bench.attempt import Answer
from harness.bench.case import Case
from harness.bench.expectation import Calls, Matches
from harness.bench.grade import grade
from harness.bench.suite import load_suite
from tests.suite.right_answers import right_answers

SUITE = load_suite()
POLICIES = Path(__file__).parents[2] / "policies"
#: A change of a case that can change an answer or a grade changes this; raise `release` in suite.yaml with it.
RELEASED = ("2026.2", "e0b2337d7a722be35c42aaab4d3566527165348378c5276f8e043c035776a7c3")


def test_fifty_prompts_of_a_release() -> None:
    assert len(SUITE.cases) == 50
    assert (SUITE.version, SUITE.sha256) == RELEASED


def test_they_are_spread_by_the_shares_of_tokens() -> None:
    """45 by the shares, within one of it; the other five belong to the scenarios that take no OpenRouter tokens."""
    policies, findings = parse(load(POLICIES, FILES))
    assert policies, findings
    count = Counter(case.scenario for case in SUITE.cases)
    assert count.keys() <= policies.scenarios.keys()
    shares = {name: scenario.expected_share for name, scenario in policies.scenarios.items() if scenario.expected_share}
    for name, share in shares.items():
        assert abs(count[name] - 45 * float(share)) <= 0.5, name
    assert sum(count.values()) - sum(count[name] for name in shares) == 5


def test_every_kind_is_there() -> None:
    kinds = Counter(case.kind for case in SUITE.cases)
    assert all(kinds[kind] >= 4 for kind in ("single", "parallel", "multi_turn", "no_tool", "text"))
    assert sum("image" in case.modalities for case in SUITE.cases) == 5
    assert sum(len(json.dumps(case.messages)) > 20_000 and "image" not in case.modalities for case in SUITE.cases) == 4


def test_prompts_fit_the_context_that_their_scenario_promises() -> None:
    policies, _ = parse(load(POLICIES, FILES))
    assert policies
    for case in SUITE.cases:
        words = sum(len(message["content"]) for message in case.messages if isinstance(message["content"], str))
        needed = policies.scenarios[case.scenario].needs.context_tokens
        assert needed is not None and words / 2 + case.max_tokens < needed, case.id


@pytest.mark.parametrize("case", SUITE.cases, ids=lambda case: case.id)
def test_right_answers_are_right(case: Case) -> None:
    for answer in right_answers(case):
        result = grade(case, answer)
        assert result.success, result
        assert result.protocol_error is None


@pytest.mark.parametrize("case", SUITE.cases, ids=lambda case: case.id)
def test_other_answers_are_wrong(case: Case) -> None:
    right = right_answers(case)[0]
    assert not grade(case, Answer("", (), "stop")).success
    assert not grade(case, Answer("I'm sorry, I can't help with that.", (), "stop")).success
    assert not grade(case, Answer("Certainly! Let me take care of it.", (), "stop")).success
    if right.calls:
        assert not grade(case, Answer("", (*right.calls, right.calls[0]), "tool_calls")).success
        assert not grade(case, Answer("", right.calls[1:], "tool_calls")).success


def test_no_answer_to_one_case_is_right_for_another() -> None:
    """A grader that lets nearly everything pass would show here."""
    answers = {case.id: right_answers(case)[0] for case in SUITE.cases}
    wrongly = [
        (case.id, other)
        for case in SUITE.cases
        for other, answer in answers.items()
        if other != case.id and grade(case, answer).success
    ]
    assert wrongly == []


def test_expected_calls_are_what_tools_take() -> None:
    calls = [case for case in SUITE.cases if isinstance(case.expectation, Calls)]
    assert len(calls) == 19
    assert all(case.tools for case in calls)


def test_patterns_end_on_the_longest_text_that_they_see() -> None:
    hostile = ("Ana, Ben, " * 2000, "git switch " * 1800, "apr " * 5000, "80 " * 6600, " " * 20_000, "\n" * 20_000)
    began = time.process_time()
    for case in SUITE.cases:
        if isinstance(case.expectation, Matches):
            for text in hostile:
                grade(case, Answer(text, (), "stop"))
    assert time.process_time() - began < 20
