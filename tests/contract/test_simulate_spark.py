"""A replay on PySpark, in local mode: DuckDB's page, to the last digit."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.cli import main
from harness.market.spend.export import export
from harness.market.spend.ledger import writing
from tests.bench.many_calls import project_with_tiers
from tests.contract.scale import installed_pyspark
from tests.shipped import PROJECT
from tests.spend.ledgers import KEYS, made

pytestmark = pytest.mark.filterwarnings("ignore")  # of PySpark and pandas, and of the sockets to its Java process


def test_the_same_page(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    installed_pyspark()
    activity, calls = made(7)
    file = tmp_path / "ledger.duckdb"
    with writing(file) as ledger:
        ledger.add((*activity, *calls, *KEYS))
    export(file, tmp_path / "parquet")
    project = project_with_tiers(PROJECT / "policies", tmp_path)  # prices by length and hour
    said = []
    for where in (str(file), f"pyspark://local[2]?folder={tmp_path / 'parquet'}"):
        setting = "batch.primary=anthropic/claude-opus-4.7"
        asked = ["simulate", "--month", "2026-04", "--set", setting, "--json", "--ledger", where, "-C", str(project)]
        assert main(asked) == 0
        said.append([line for line in capfd.readouterr().out.splitlines() if '"ledger"' not in line])
    assert len(said[0]) > 100
    assert said[0] == said[1]
