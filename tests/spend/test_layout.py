"""The rows are the tables: names, order and number of columns."""

from __future__ import annotations

import datetime
from dataclasses import fields
from pathlib import Path

import pytest

from harness.market.spend.layout import TABLES
from harness.market.spend.ledger import reading, writing
from harness.market.spend.rows import KINDS, Activity, Call, Counter, Key
from tests.spend.ledgers import KEYS, made

AT = datetime.datetime(2026, 5, 18, 6, 17, 3, 250, tzinfo=datetime.UTC)


@pytest.mark.parametrize("table", TABLES)
def test_fields_are_columns(table: str) -> None:
    assert [field.name for field in fields(KINDS[table])] == list(TABLES[table])


def test_rows_come_back_as_they_went_in(tmp_path: Path) -> None:
    activity, calls = made(1)
    counters = tuple(Counter(AT, what, None, None, None, activity[0].usd) for what in ("account", "dollar"))
    with writing(tmp_path / "ledger") as ledger:
        ledger.add((*activity, *calls, *KEYS, *counters))
    with reading(tmp_path / "ledger") as ledger:
        assert ledger
        assert {*ledger.rows(Activity)} == {*activity}
        assert {*ledger.rows(Call)} == {*calls}
        assert {*ledger.rows(Key)} == {*KEYS}
        assert ledger.rows(Counter) == counters


def test_what_fails_half_way_is_not_there(tmp_path: Path) -> None:
    def half() -> None:
        with writing(tmp_path / "ledger") as ledger:
            ledger.add(KEYS)
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        half()
    with reading(tmp_path / "ledger") as ledger:
        assert ledger is None
