"""A replay and `vane spend show` settle the two grains of money in code of their own: they must come to the same."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from harness.market.simulate.run import simulate
from harness.market.spend.cells import cells
from harness.market.spend.engine import opened
from harness.market.spend.ledger import writing
from harness.market.spend.standing import Span
from tests.simulate.ledgers import shipped_side
from tests.spend.ledgers import FIRST, KEYS, LAST, made


@pytest.mark.parametrize("seed", range(3))
def test_the_bill_is_the_ledger_s(tmp_path: Path, seed: int) -> None:
    activity, calls = made(seed)
    with writing(tmp_path / "ledger.duckdb") as ledger:
        ledger.add((*activity, *calls, *KEYS))
    side = shipped_side()
    with opened(str(tmp_path / "ledger.duckdb"), tmp_path) as engine:
        spent = cells(engine, FIRST, LAST)
        bill = simulate(engine, Span.month(FIRST), side, side, ()).bill
    assert bill.billed == sum((cell.cost for cell in spent), Decimal(0))
    assert sum(outcome.amounts.tokens for outcome in bill.outcomes) == sum(cell.tokens for cell in spent)
    assert bill.billed > 1000
