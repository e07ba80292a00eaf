"""The ledger's one question, on DuckDB."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.market.spend.cells import cells
from harness.market.spend.engine import opened
from harness.market.spend.ledger import writing
from tests.spend.ledgers import FIRST, KEYS, check, made


@pytest.mark.parametrize("seed", range(3))
def test_every_way_in_which_bills_and_logs_meet(tmp_path: Path, seed: int) -> None:
    activity, calls = made(seed)
    file = tmp_path / "ledger.duckdb"
    with writing(file) as ledger:
        ledger.add((*activity, *calls, *KEYS))
    with opened(str(file), tmp_path) as engine:
        found = check(engine, activity, calls)
        assert {cell.scenario for cell in found} == {None, "security-audit", "batch"}
        of_a_day = cells(engine, FIRST, FIRST)
    assert of_a_day == tuple(cell for cell in found if cell.day == FIRST)
