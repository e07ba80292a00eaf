"""The ledger's questions on PySpark, in local mode: the answers of DuckDB, to the last digit."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.cli import main
from harness.guards.week import guards_of
from harness.market.spend.cells import Cell, cells
from harness.market.spend.engine import opened
from harness.market.spend.export import export
from harness.market.spend.ledger import writing
from harness.market.spend.tickets import Tickets, tickets
from harness.market.spend.view import look
from harness.weeks import Week
from tests.contract.scale import installed_pyspark
from tests.guard.decisions import turn
from tests.shipped import PROJECT, shipped
from tests.simulate.ledgers import DAY, FLASH, OPUS, activity
from tests.spend.ledgers import FIRST, KEYS, LAST, check, made

pytestmark = pytest.mark.filterwarnings("ignore")  # of PySpark and pandas, and of the sockets to its Java process
SEED = 7


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger as a DuckDB file, and as Parquet beside it."""
    folder = tmp_path_factory.mktemp("ledger")
    activity, calls = made(SEED)
    with writing(folder / "ledger.duckdb") as ledger:
        ledger.add((*activity, *calls, *KEYS))
    export(folder / "ledger.duckdb", folder / "parquet")
    return folder


@pytest.fixture(scope="module")
def spark(exported: Path) -> Iterator[str]:
    """The connection string of the same ledger on Spark."""
    installed_pyspark()
    yield f"pyspark://local[2]?folder={exported / 'parquet'}"


def _answers(where: str, folder: Path) -> tuple[tuple[Cell, ...], Tickets]:
    with opened(where, folder) as engine:
        found = check(engine, *made(SEED))
        return found, tickets(engine, look(engine, PROJECT, FIRST, LAST))


def test_answers_are_the_same_to_the_last_digit(exported: Path, spark: str) -> None:
    found, bare = _answers(spark, exported)
    assert (found, bare) == _answers(str(exported / "ledger.duckdb"), exported)
    assert len(bare.without) > 50


def test_a_month_is_shown_the_same(exported: Path, spark: str, capfd: pytest.CaptureFixture[str]) -> None:
    said = []
    for where in (str(exported / "ledger.duckdb"), spark):
        assert main(["spend", "show", "2026-04", "--json", "--ledger", where, "-C", str(PROJECT)]) == 0
        said.append(capfd.readouterr().out)
    assert len(said[0]) > 2000
    assert said[0] == said[1]


def test_turns_of_guards_are_split_the_same(tmp_path: Path) -> None:
    """Bills that turns split, days that turns alone know, and what the guards did."""
    installed_pyspark()
    rows = (
        activity(FLASH, 10**7, 10**6, "1.50", requests=20),
        turn("a", FLASH, 4 * 10**6, 10**5, "0.612345678901", scenario="batch", calls=8),
        turn("b", FLASH, 3 * 10**6, 10**5, "0.45", scenario="agent-loops", calls=5),
        turn("c", OPUS, 100, 10, "0.000000000001", scenario="security-audit", day=DAY + datetime.timedelta(days=1)),
    )
    with writing(tmp_path / "ledger") as ledger:
        ledger.add(rows)
    export(tmp_path / "ledger", tmp_path / "parquet")
    said = []
    for where in (str(tmp_path / "ledger"), f"pyspark://local[2]?folder={tmp_path / 'parquet'}"):
        with opened(where, tmp_path) as engine:
            found = cells(engine, DAY, DAY + datetime.timedelta(days=1))
            said.append((found, guards_of(engine, shipped().policies, Week.of(DAY))))
    assert said[0] == said[1]
    assert {cell.scenario for cell in said[0][0]} == {None, "batch", "agent-loops", "security-audit"}
