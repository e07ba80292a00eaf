"""The ledger as Parquet files, for another engine."""

from __future__ import annotations

import io
from pathlib import Path

from compiler.diagnostics import Place, PolicyError
from compiler.whole_file import write_whole
from harness.market.spend.findings import NO_LEDGER
from harness.market.spend.layout import TABLES
from harness.market.spend.ledger import reading


def export(file: Path, folder: Path) -> dict[str, int]:
    """Write each table as FOLDER/<table>.parquet; rows by table. Raises PolicyError."""
    import pyarrow.parquet as pq

    with reading(file) as ledger:
        if ledger is None:
            raise PolicyError([NO_LEDGER.at(Place(str(file)), "there is no ledger")])
        counts = {}
        for table in TABLES:
            found = ledger.database.sql(f"FROM {table} ORDER BY ALL").to_arrow_table()
            content = io.BytesIO()
            pq.write_table(found, content)
            write_whole(folder / f"{table}.parquet", content.getvalue())
            counts[table] = found.num_rows
    return counts
