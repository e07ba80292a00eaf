"""Text, JSON and patches."""

from __future__ import annotations

import time

import pytest

from harness.bench.attempt import Failure
from harness.bench.expectation import Contains, Expectation, FitsSchema, Matches, PatchGives
from harness.bench.grade import grade
from tests.grading.cases import case, said

BEFORE = "one\ntwo\nthree\n\nfour\nfive\n"
AFTER = "one\n2\nthree\n\nfour\nfive\n"
PATCH = PatchGives("src/a.txt", BEFORE, AFTER, (BEFORE.replace("two", "II"),))
DIFF = "--- a/src/a.txt\n+++ b/src/a.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"
OBJECT = FitsSchema({"type": "object", "properties": {"n": {"const": 3}}, "required": ["n"]})

RIGHT: tuple[tuple[Expectation, str], ...] = (
    (Contains(("409", "conflict")), "It stands for a Conflict (409)."),
    (Contains((), ("sorry",)), "Fine."),
    (Matches(r"^git switch -c \S+$"), "```\ngit switch -c fix\n```"),
    (OBJECT, '{"n": 3}'),
    (OBJECT, '\n {"n": 3.0}\n'),
    (OBJECT, 'Here it is:\n```json\n{"n": 3}\n```\nDone.'),
    (PATCH, DIFF),
    (PATCH, f"Here:\n\n```diff\n{DIFF}```\n"),
    (PATCH, DIFF.replace("a/src", "src").replace("b/src", "src")),
    (PATCH, DIFF.replace("@@ -1,3 +1,3 @@", "@@ -7,9 +1,2 @@")),
    (PATCH, DIFF.replace("@@ -1,3 +1,3 @@", "@@ @@")),
    (PATCH, "@@ -2 +2 @@\n-two\n+2\n"),
    (PATCH, f"diff --git a/src/a.txt b/src/a.txt\nindex 1..2 100644\n{DIFF}"),
    (PATCH, DIFF.replace("+2", "+II")),
    (PATCH, DIFF.replace("\n", "\r\n")),
    (PATCH, "@@ -2,5 +2,5 @@\n-two\n+2\n three\n\n four\n"),
)


@pytest.mark.parametrize(("expected", "text"), RIGHT)
def test_right(expected: Expectation, text: str) -> None:
    assert grade(case(expected, ()), said(text)).failure is None


WRONG: tuple[tuple[Expectation, str, Failure], ...] = (
    (Contains(("409", "conflict")), "A conflict.", "wrong_text"),
    (Contains(("a",), ("b",)), "a B", "wrong_text"),
    (Matches(r"\b18\b"), "180", "wrong_text"),
    (OBJECT, "n is 3", "not_json"),
    (OBJECT, '{"n": 3} and more', "not_json"),
    (OBJECT, '```\n{"n": 3}\n```\n```\n{"n": 4}\n```', "not_json"),
    (OBJECT, '```json\n{"n": 3}', "not_json"),
    (OBJECT, '{"n": 4}', "schema_violation"),
    (OBJECT, '{"n": NaN}', "not_json"),
    (OBJECT, "[" * 50_000 + "]" * 50_000, "not_json"),
    (PATCH, "Replace two by 2.", "patch_does_not_apply"),
    (PATCH, AFTER, "patch_does_not_apply"),
    (PATCH, DIFF.replace("-two", "-tow"), "patch_does_not_apply"),
    (PATCH, DIFF.replace(" three", " Three"), "patch_does_not_apply"),
    (PATCH, DIFF.replace("+2", "+3"), "wrong_patch"),
    (PATCH, DIFF.replace("src/a.txt", "src/b.txt"), "wrong_patch"),
    (PATCH, f"{DIFF}--- a/src/c.txt\n+++ b/src/c.txt\n@@ -1 +1 @@\n-x\n+y\n", "wrong_patch"),
    (PATCH, "@@ -1 +1 @@\n one\n", "patch_does_not_apply"),
)


@pytest.mark.parametrize(("expected", "text", "failure"), WRONG)
def test_wrong(expected: Expectation, text: str, failure: Failure) -> None:
    result = grade(case(expected, ()), said(text))
    assert (result.failure, result.success) == (failure, False)


def test_what_was_cut_off_is_truncated_and_what_is_right_is_right() -> None:
    assert grade(case(OBJECT, ()), said('{"n": ', finish="length")).failure == "truncated"
    assert grade(case(Contains(("yes",)), ()), said("yes, and", finish="length")).success


@pytest.mark.parametrize("text", [
    "a" * 1_000_000, "```x\n" * 200_000, "{" * 1_000_000, "@@\n" * 300_000, "@@ @@\n-" + "x" * 1_000_000,
    "\n" * 1_000_000,
    '"name": "' * 100_000, "--- a\n+++ b\n" * 80_000,
])  # fmt: skip
def test_a_hostile_megabyte_costs_seconds_at_most(text: str) -> None:
    began = time.process_time()
    for expected in (PATCH, OBJECT, Contains(("zz",)), Matches(r"\A(?=[\s\S]*z)(?=[\s\S]*y)")):
        assert not grade(case(expected), said(text)).success
    assert time.process_time() - began < 20
