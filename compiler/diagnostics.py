"""Findings: what is wrong, where, and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_LINE_END = re.compile(r"\r\n|\r|\n")


class Severity(StrEnum):
    """How bad a finding is. Only an error stops a compile."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A spot in a file: path relative to the project, 1-based line and column, and how many columns it spans."""

    file: str
    line: int = 1
    column: int = 1
    width: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem: a code that `vane rule` explains, a message that names the culprit, its place and the fix."""

    code: str
    message: str
    place: Place
    fix: str
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of finding, as `vane rules` lists it and `vane rule` explains it."""

    code: str
    name: str
    title: str
    fix: str
    why: str
    severity: Severity = Severity.ERROR

    def at(self, place: Place, message: str, fix: str = "") -> Finding:
        """A finding of this kind; `fix` stands in for the general advice where something better is known."""
        return Finding(self.code, message, place, fix or self.fix, self.severity)


class PolicyError(Exception):
    """The policies cannot be compiled; `findings` says why."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = ordered(findings)
        super().__init__(f"{len(self.findings)} findings, first: {self.findings[0].message}")


def source_lines(text: str) -> list[str]:
    """The lines of a text as YAML and editors count them; str.splitlines also ends lines at form feeds and the like."""
    return _LINE_END.split(text)


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings without repeats, by file, line, column and code."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda f: (f.place, f.code, f.message)))


def errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Only the findings that stop a compile."""
    return tuple(f for f in findings if f.severity is Severity.ERROR)
