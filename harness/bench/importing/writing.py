"""Imported cases as a suite's files. What our own checks refuse is left out and said; the result is loaded before it
takes its place."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from compiler.diagnostics import Place
from compiler.importing.yaml_text import comment
from harness.bench.case import Suite
from harness.bench.importing.found import Found, FoundCase
from harness.bench.suite import load_suite
from harness.bench.suite.checks import Written, case_findings, tool_findings
from harness.bench.suite.form import CasesForm

#: Characters that our loader refuses unless they are escaped.
_UNSEEN = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
_ORDER = ("id", "kind", "title", "system", "ask", "messages", "own_tools", "max_tokens", "expect")
#: Cases of one file: a file of a suite may not be larger than 4 MiB.
_A_FILE = 100


def admitted(found: Found, scenario: str) -> Found:
    """Only the cases that a suite can hold; the others are left out with the first reason."""
    kept = Found(left_out=list(found.left_out))
    for case in found.cases:
        problem = _problem(case, scenario)
        if problem is None:
            kept.cases.append(case)
        else:
            kept.left_out.append((case.place, f"{case.form['id']}: {problem}"))
    return kept


def _problem(case: FoundCase, scenario: str) -> str | None:
    data = {"version": 1, "scenario": scenario, "cases": [case.form]}
    try:
        json.dumps(data, ensure_ascii=False, allow_nan=False).encode()
        file = CasesForm.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(str(step) for step in first['loc'][2:])}: {first['msg']}"
    except (ValueError, RecursionError) as error:
        return f"it cannot be written: {error}"
    form = file.cases[0]
    written = Written(file, form, lambda *_, **__: Place("", 1))
    findings = [*tool_findings(form.own_tools, written.place), *case_findings(written)]
    return findings[0].message if findings else None


def write_suite(folder: Path, cases: Sequence[FoundCase], name: str, scenario: str, source: str) -> Suite:
    """Write the folder, which must not be there. It is complete and loads, or it is not there."""
    temporary = folder.with_name(f".{folder.name}.vane-new")
    shutil.rmtree(temporary, ignore_errors=True)  # of a killed run
    temporary.mkdir(parents=True)
    try:
        for file, lines in _files(cases, name, scenario, source):
            (temporary / file).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
        suite = load_suite(temporary)
        temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return suite


def _files(cases: Sequence[FoundCase], name: str, scenario: str, source: str) -> Iterator[tuple[str, list[str]]]:
    yield "suite.yaml", [*comment(f"Imported from {source}"), "version: 1", f"suite: {name}", 'release: "1"']
    for start in range(0, len(cases), _A_FILE):
        part = cases[start : start + _A_FILE]
        lines = [*comment(f"Imported from {source}"), "version: 1", f"scenario: {scenario}", "cases:"]
        number = "" if len(cases) <= _A_FILE else f"-{start // _A_FILE + 1:03d}"
        yield f"{scenario}{number}.yaml", [*lines, *(line for case in part for line in _case(case))]


def _case(case: FoundCase) -> Iterator[str]:
    for lost in case.lost:
        yield from comment(f"not carried over: {lost}", "  ")
    form: Mapping[str, Any] = case.form
    for number, key in enumerate(key for key in _ORDER if key in form):
        yield f"{'    ' if number else '  - '}{key}: {_quoted(form[key])}"


def _quoted(value: Any) -> str:
    """JSON, which is YAML; what our loader takes for unseen is escaped."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", json.dumps(value, ensure_ascii=False))
