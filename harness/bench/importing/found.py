"""What an importer found: cases in the form of our files, and what could not be carried over, each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from compiler.diagnostics import Code, Place, Severity

UNREADABLE = Code(
    "VB120", "unreadable-tests", "A file of tests cannot be read", "give promptfoo YAML, or JSON lines in BFCL's form",
    "Half a suite would be taken for a whole one.",
)  # fmt: skip
SUITE_EXISTS = Code(
    "VB121", "suite-exists", "The folder of the new suite is there already", "name a new folder, or remove this one",
    "Cases may have been edited since they were imported.",
)  # fmt: skip
LEFT_OUT = Code(
    "VB122", "case-left-out", "A test could not be imported", "write the case by hand; docs/suite.md shows how",
    "A case that is graded in another way than its author meant would be worse than none.", Severity.WARNING,
)  # fmt: skip
CHECK_LEFT_OUT = Code(
    "VB123", "check-left-out", "A check of a test could not be imported",
    "look at the comment above the case, and decide whether the rest is enough",
    "Here no model judges, no code of a suite runs, and a case has one expectation.", Severity.WARNING,
)  # fmt: skip
NOTHING_LEFT = Code(
    "VB124", "nothing-imported", "No test of a file can be imported", "see the reasons above",
    "An empty suite would say that everything is well.",
)  # fmt: skip
CODES = (UNREADABLE, SUITE_EXISTS, LEFT_OUT, CHECK_LEFT_OUT, NOTHING_LEFT)


@dataclass(frozen=True, slots=True)
class FoundCase:
    """A case as our files have it; `lost` says which of its checks could not be carried over."""

    form: Mapping[str, Any]
    place: Place
    lost: tuple[str, ...] = ()


@dataclass(slots=True)
class Found:
    """All that an importer found, in the order of the source."""

    cases: list[FoundCase] = field(default_factory=list)
    #: what was left out as a whole, with the reason
    left_out: list[tuple[Place, str]] = field(default_factory=list)
