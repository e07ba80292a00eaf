"""A sync that is killed leaves the old ledger or the new one, and the next sync heals it."""

from __future__ import annotations

import datetime
import pickle
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

from harness.market.spend.ledger import reading
from harness.market.spend.rows import Activity, Counter, Key
from tests.shipped import PROJECT
from tests.spend.killed import booked
from tests.spend.schedules import said, sync, world

PATIENCE = 600


def rows(file: Path) -> tuple[object, ...]:
    with reading(file) as ledger:
        return (*ledger.rows(Activity), *ledger.rows(Key), *ledger.rows(Counter)) if ledger else ()


def test_killed_anywhere(tmp_path: Path) -> None:
    account, base = world(12), tmp_path / "base.duckdb"
    account.pass_days(6)
    sync(account, base)
    for spent in account.spent[::3]:
        spent.usd += Decimal("0.25")  # days are revised, and new ones come
    account.pass_days(6)
    learnt = said(account)
    (tmp_path / "said").write_bytes(pickle.dumps(learnt))
    arguments = [str(tmp_path / "said"), str(base), str(tmp_path), "4", "10"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.spend.killed", *arguments],
        cwd=PROJECT, capture_output=True, text=True, timeout=PATIENCE, check=True,
    )  # fmt: skip
    tries = [(name, int(ended)) for name, ended in (line.split() for line in done.stdout.splitlines())]
    old, new = rows(base), rows(tmp_path / "whole.duckdb")
    assert old != new
    ends = {ended for name, ended in tries if name.startswith("moment")}
    assert ends == {0, signal.SIGKILL}
    assert len(tries) > 15
    found = set()
    for name, ended in tries:
        file = tmp_path / f"{name}.duckdb"
        left = rows(file)
        assert left in (old, new), name
        assert ended or left == new, name
        found.add(left == new)
        booked(learnt, file)
        assert rows(file) == new, name
    assert found == {True, False}


def test_the_answer_of_a_killed_sync_comes_again(tmp_path: Path) -> None:
    """Nothing but the transaction writes: what was asked and not booked leaves no trace."""
    account, file = world(3), tmp_path / "ledger.duckdb"
    account.now += datetime.timedelta(days=3)
    said(account)
    assert not file.exists()
    sync(account, file)
    assert len(rows(file)) > 3
