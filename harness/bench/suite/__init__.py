"""A folder of YAML → a suite. This folder is the shipped one; a team's own loads the same way (docs/suite.md)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from compiler.diagnostics import Finding, Place, PolicyError
from compiler.load import Documents, load
from compiler.policy.complaints import complaints
from compiler.yaml_text import Document
from harness.bench.case import Case, Suite
from harness.bench.suite.build import case_of
from harness.bench.suite.checks import Written, case_findings, tool_findings
from harness.bench.suite.form import CasesForm, SuiteForm
from harness.bench.suite.hashing import suite_hash
from harness.bench.suite_codes import CASE_TWICE, NO_CASES, NO_SUITE

#: The fifty prompts that come with the tool.
SHIPPED = Path(__file__).parent
_TOP = "suite.yaml"


def load_suite(folder: Path = SHIPPED) -> Suite:
    """The suite in a folder; PolicyError with every finding where something is wrong with it."""
    folder = folder.resolve()
    if not (folder / _TOP).is_file():
        raise PolicyError([NO_SUITE.at(Place(f"{folder.name}/{_TOP}"), f"no {_TOP} in {folder.name!r}")])
    documents = load(folder, frozenset({_TOP, "/*.yaml"}))
    findings = list(documents.findings)
    top = _top(documents, findings)
    cases = tuple(case for document in _files(documents) for case in _cases(document, findings))
    findings += _twice(documents)
    if not cases and not findings:
        findings.append(NO_CASES.at(Place(f"{folder.name}/{_TOP}"), "no file beside it holds a case"))
    if findings or top is None:
        raise PolicyError(findings)
    return Suite(top.suite, top.release, suite_hash(cases), cases)


def _files(documents: Documents) -> list[Document]:
    return [document for name, document in documents.files.items() if name != _TOP]


def _top(documents: Documents, findings: list[Finding]) -> SuiteForm | None:
    document = documents.files.get(_TOP)
    if document is None:
        return None
    try:
        return SuiteForm.model_validate(document.data)
    except ValidationError as error:
        findings += complaints(document, SuiteForm, error)
        return None


def _cases(document: Document, findings: list[Finding]) -> list[Case]:
    try:
        file = CasesForm.model_validate(document.data)
    except ValidationError as error:
        findings += complaints(document, CasesForm, error)
        return []
    wrong = list(tool_findings(file.tools, lambda *path: document.place("tools", *path)))
    for at, form in enumerate(file.cases):
        wrong += case_findings(Written(file, form, _placed(document, at)))
    findings += wrong
    return [] if wrong else [case_of(file, form) for form in file.cases]


def _placed(document: Document, at: int) -> Callable[..., Place]:
    def place(*path: str | int, key: bool = False) -> Place:
        return document.place("cases", at, *path, key=key)

    return place


def _twice(documents: Documents) -> list[Finding]:
    """Ids that are there already; letters of another case are the same on some disks."""
    seen: dict[str, Place] = {}
    findings = []
    for document in _files(documents):
        cases = document.data.get("cases") if isinstance(document.data, dict) else None
        for at, case in enumerate(cases if isinstance(cases, list) else ()):
            id = case.get("id") if isinstance(case, dict) else None
            if not isinstance(id, str):
                continue
            where = document.place("cases", at, "id")
            if id in seen:
                findings.append(CASE_TWICE.at(where, f"case {id!r} is also at {seen[id]}"))
            seen.setdefault(id, where)
    return findings
