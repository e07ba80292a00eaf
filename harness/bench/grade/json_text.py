"""An answer that must be JSON of a certain form."""

from __future__ import annotations

from typing import Any

from harness.bench.expectation import FitsSchema
from harness.bench.grade.fences import code_blocks
from harness.bench.grade.schemas import said, violation
from harness.bench.grade.strict_json import parse
from harness.bench.grade.verdict import Verdict


def judge(expected: FitsSchema, text: str) -> Verdict:
    """The whole text, or the one code block in it, is JSON that fits."""
    try:
        value = _value(text)
    except ValueError as error:
        return "not_json", str(error)[:160]
    try:
        wrong = violation(expected.schema, value)
    except RecursionError:
        return "schema_violation", "nested too deeply"
    return ("schema_violation", said(wrong)) if wrong else None


def _value(text: str) -> Any:
    try:
        return parse(text)
    except ValueError:
        blocks = code_blocks(text)
        if len(blocks) != 1:  # which of several would be the answer?
            raise
        return parse(blocks[0])
