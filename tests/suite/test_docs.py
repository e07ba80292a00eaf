"""The suite in docs/suite.md is one."""

from __future__ import annotations

import re
from pathlib import Path

from harness.bench.grade import grade
from harness.bench.suite import load_suite
from harness.bench.suite.form import ExpectForm
from tests.suite.right_answers import right_answers

PAGE = (Path(__file__).parents[2] / "docs" / "suite.md").read_text("utf-8")


def test_the_example_loads_and_can_be_answered(tmp_path: Path) -> None:
    for name, text in re.findall(r'```yaml title="bench/ours/(\S+)"\n(.*?)```', PAGE, re.DOTALL):
        (tmp_path / name).write_text(text)
    suite = load_suite(tmp_path)
    assert [case.id for case in suite.cases] == ["ours-open-file", "ours-find-in-log", "ours-fix-timeout"]
    assert all(grade(case, answer).success for case in suite.cases for answer in right_answers(case))


def test_every_expectation_is_explained() -> None:
    assert all(f"`{key}" in PAGE for key in ExpectForm.model_fields)
