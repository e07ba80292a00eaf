"""The files that imports are tested with are files that the real OpenClaw takes."""

from __future__ import annotations

import json

import pytest

from tests.contract.conftest import Verdict
from tests.importing.shapes import REAL, Shape


@pytest.mark.parametrize("shape", REAL, ids=lambda shape: shape.name)
def test_openclaw_takes_the_shape(shape: Shape, verdict: Verdict) -> None:
    answer = verdict(shape.text.encode())
    assert answer["valid"] is True, json.dumps(answer, indent=1)
