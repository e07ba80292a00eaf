"""The ledger's questions on PySpark, in local mode: the answers of DuckDB, to the last digit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.cli import main
from harness.market.spend.cells import Cell
from harness.market.spend.engine import opened
from harness.market.spend.export import export
from harness.market.spend.ledger import writing
from harness.market.spend.tickets import Tickets, tickets
from harness.market.spend.view import look
from tests.contract.scale import installed_pyspark
from tests.shipped import PROJECT
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
