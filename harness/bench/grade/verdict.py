"""What a grader says: nothing where the answer is right, else the failure and what exactly was wrong."""

from __future__ import annotations

from typing import TypeAlias

from harness.bench.attempt import Failure

Verdict: TypeAlias = tuple[Failure, str] | None


def shown(value: object) -> str:
    """A value of a model for people: one line, cut short."""
    said = repr(value)
    return said if len(said) <= 120 else f"{said[:117]}..."
