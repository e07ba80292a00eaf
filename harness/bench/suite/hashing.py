"""The hash of a suite: all that can change an answer or a grade, and nothing else.

Titles, comments, the order of files and cases, and the suite's own name and release are left out. What is sent is
taken in its order (a model reads tools from top to bottom), what grades is sorted.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from harness.bench.case import Case
from harness.bench.grade import GRADING


def suite_hash(cases: Iterable[Case]) -> str:
    """Hexadecimal sha256."""
    whole = hashlib.sha256(f"grading {GRADING}\n".encode())
    for case in sorted(cases, key=lambda case: case.id):
        whole.update(case_hash(case).encode() + b"\n")
    return whole.hexdigest()


def case_hash(case: Case) -> str:
    """Hexadecimal sha256 of one case."""
    sent = [case.id, case.scenario, case.messages, case.tools, case.response_format, case.max_tokens, case.modalities]
    graded = [type(case.expectation).__name__, _sorted(dataclasses.asdict(case.expectation))]
    return hashlib.sha256(json.dumps([sent, graded], ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, frozenset):
        return sorted(value)
    return [_sorted(below) for below in value] if isinstance(value, list | tuple) else value
