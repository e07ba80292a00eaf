"""Eighty cases of BFCL, where their file lies beside the project: perfect answers are right, wrong kinds are wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.bench.case import Case
from harness.bench.grade import grade
from harness.bench.importing.bfcl import read_bfcl
from harness.bench.importing.writing import admitted
from harness.bench.suite.build import case_of
from harness.bench.suite.form import CasesForm
from tests.grading.mutations import answer_of, mutations, perfect

SAMPLE = Path(__file__).parents[3] / "shared" / "data" / "bfcl" / "cases.json"
#: What must never be taken for right. Other mutations may give another accepted value.
WRONG = {"no call", "wrong name", "extra parameter", "dropped parallel", "repeated call", "extra key", "null"}


def sample() -> list[tuple[Case, list[Any]]]:
    """Cases with their accepted answers; those that the importer leaves out are not among them."""
    entries = json.loads(SAMPLE.read_text("utf-8")) if SAMPLE.is_file() else []
    lines = [json.dumps({"id": e["id"], "question": [e["messages"]], "function": e["bfcl_functions"]}) for e in entries]
    answers = [json.dumps({"id": e["id"], "ground_truth": e["ground_truth"]}) for e in entries if e["ground_truth"]]
    found = admitted(read_bfcl("\n".join(lines), "cases.json", "\n".join(answers)), "agent-loops")
    made = []
    for case in found.cases:
        file = CasesForm.model_validate({"version": 1, "scenario": "agent-loops", "cases": [case.form]})
        made.append((case_of(file, file.cases[0]), entries[case.place.line - 1]["ground_truth"] or []))
    return made


@pytest.mark.skipif(not SAMPLE.is_file(), reason="no BFCL sample beside the project; make contract takes all of BFCL")
def test_the_sample_is_graded_as_bfcl_grades_it() -> None:
    cases = sample()
    assert len(cases) >= 79  # of 80
    verdicts = 0
    for case, truth in cases:
        assert grade(case, answer_of(perfect(truth))).success, case.id
        for kind, calls in mutations(truth) if truth else ():
            result = grade(case, answer_of(calls))
            assert not (kind in WRONG and result.success), (case.id, kind, calls)
            assert kind != "reordered parallel" or result.success, case.id
            verdicts += 1
        if not truth:
            tool = case.tools[0]["function"]["name"]
            assert grade(case, answer_of([{tool: {}}])).failure == "call_when_irrelevant"
    assert verdicts > 2000
