"""Our grader against BFCL's own checker, out of its wheel, on every importable case and thousands of wrong answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.bench.case import Case
from harness.bench.grade import grade
from harness.bench.importing.bfcl import read_bfcl
from harness.bench.importing.found import Found
from harness.bench.importing.writing import admitted
from harness.bench.suite.build import case_of
from harness.bench.suite.form import CasesForm
from tests.contract.bfcl import CATEGORIES, by_id, checker, lines, unpacked
from tests.grading.disagreements import explained
from tests.grading.mutations import answer_of, mutations

#: Of its 3,491 cases in these categories; the others accept only what their own tools forbid, or offer no tool.
AT_LEAST = 3_400


@pytest.fixture(scope="module")
def wheel() -> Path:
    folder = unpacked()
    if folder is None:
        pytest.skip("the wheel of bfcl-eval cannot be had here")
    return folder


@pytest.fixture(scope="module")
def imported(wheel: Path) -> Mapping[str, Found]:
    return {
        category: admitted(
            read_bfcl(
                "\n".join(lines(wheel, category)), category, "\n".join(lines(wheel, category, "possible_answer"))
            ),
            "agent-loops",
        )
        for category in CATEGORIES
    }


def test_nearly_all_of_bfcl_can_be_imported(imported: Mapping[str, Found]) -> None:
    assert sum(len(found.cases) for found in imported.values()) >= AT_LEAST
    assert all(why for found in imported.values() for _, why in found.left_out)


def test_verdicts_are_bfcls_but_for_its_known_flaws(wheel: Path, imported: Mapping[str, Found]) -> None:
    check = checker(wheel)
    known: Counter[str] = Counter()
    verdicts = 0
    for category, found in imported.items():
        questions = list(by_id(lines(wheel, category)).values())
        answers = by_id(lines(wheel, category, "possible_answer"))
        for one in found.cases if answers else ():
            entry = questions[one.place.line - 1]
            truth = answers[entry["id"]]["ground_truth"]
            theirs = _theirs(check, entry["function"], truth, category)
            case = _case(one.form)
            for kind, calls in mutations(truth):
                verdicts += 1
                ours = grade(case, answer_of(calls)).success
                if ours != theirs(calls):
                    why = explained(ours, calls, truth, theirs)
                    assert why, (entry["id"], kind, ours, calls, truth)
                    known[why.partition(":")[0]] += 1
    assert verdicts > 90_000
    # each flaw is met, so that none is listed in vain
    assert known.keys() == {"digits run together", "greedy matching"}
    assert known["digits run together"] + known["greedy matching"] < verdicts / 200


def test_a_known_flaw_is_one(wheel: Path) -> None:
    check = checker(wheel)
    function = {"name": "f", "parameters": {"type": "dict", "properties": {"x": {"type": "string"}}, "required": ["x"]}}
    for given, accepted in (("105", "10.5"), ("5", "-5"), ("3000", "3,000")):
        assert check([function], [{"f": {"x": given}}], [{"f": {"x": [accepted]}}], "simple_python")["valid"]


def _theirs(check: Callable[..., Mapping[str, Any]], functions: Any, truth: Any, category: str) -> Callable[..., bool]:
    return lambda calls: bool(check(functions, calls, truth, category)["valid"])


def _case(form: Mapping[str, Any]) -> Case:
    file = CasesForm.model_validate({"version": 1, "scenario": "agent-loops", "cases": [form]})
    return case_of(file, file.cases[0])
