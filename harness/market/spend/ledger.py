"""The ledger on disk: a DuckDB file with the layout's tables, written in one transaction. A killed process leaves the
old ledger or the new one: DuckDB's write-ahead log is taken over at the next opening only where its commit is in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from compiler.diagnostics import Place, PolicyError
from harness.market.spend.findings import LEDGER_IN_USE, NOT_A_LEDGER
from harness.market.spend.layout import ADDED, TABLES
from harness.market.spend.rows import KINDS, Activity, Call, Counter, Decision, Key, Row

FILE = ".vane/ledger.duckdb"
#: Nothing is fetched from the network, and times are shown as they are kept.
SETTINGS: Mapping[str, Any] = {"autoinstall_known_extensions": "false", "TimeZone": "UTC"}
_DUCKDB_TYPES = {
    "decimal(38, 12)": "DECIMAL(38,12)", "date": "DATE", "string": "VARCHAR", "int64": "BIGINT",
    "timestamp('UTC')": "TIMESTAMP WITH TIME ZONE",
}  # fmt: skip
_Row = TypeVar("_Row", Activity, Call, Key, Counter, Decision)


class Ledger:
    """An open ledger: whole tables as rows, in and out."""

    def __init__(self, database: duckdb.DuckDBPyConnection) -> None:
        self.database = database

    def rows(self, kind: type[_Row], where: str = "true", values: Iterable[object] = ()) -> tuple[_Row, ...]:
        """Rows of a table in the order of their columns. `where` is ours; values are bound."""
        found = self.database.execute(f"SELECT * FROM {_table(kind)} WHERE {where} ORDER BY ALL", [*values])
        return tuple(kind(*row) for row in found.fetchall())

    def add(self, rows: Iterable[Row]) -> None:
        """Append rows, each to its table."""
        by_table: dict[str, list[Any]] = {}
        for row in rows:
            by_table.setdefault(_table(type(row)), []).append(astuple(row))
        for table, tuples in by_table.items():
            self.database.register("batch", as_arrow(table, tuples))
            self.database.execute(f"INSERT INTO {table} SELECT * FROM batch")
            self.database.unregister("batch")

    def remove(self, table: str, columns: Sequence[str], values: Iterable[Sequence[object]]) -> None:
        """Delete the rows whose columns hold one of these tuples."""
        if lists := [list(column) for column in zip(*values, strict=True)]:
            names = ", ".join(f'"{column}"' for column in columns)
            wanted = ", ".join("unnest(?)" for _ in columns)
            self.database.execute(f"DELETE FROM {table} WHERE ({names}) IN (SELECT ({wanted}))", lists)


def as_arrow(table: str, tuples: Iterable[tuple[Any, ...]]) -> Any:
    """Rows of a table as Arrow: whole columns at once, in the layout's types."""
    import pyarrow as pa

    kinds = {
        "decimal(38, 12)": pa.decimal128(38, 12), "date": pa.date32(), "string": pa.string(), "int64": pa.int64(),
        "timestamp('UTC')": pa.timestamp("us", tz="UTC"),
    }  # fmt: skip
    columns = list(zip(*tuples, strict=True)) or [()] * len(TABLES[table])
    schema = pa.schema([(name, kinds[kind]) for name, kind in TABLES[table].items()])
    return pa.table([pa.array(list(c), f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


@contextmanager
def writing(file: Path) -> Iterator[Ledger]:
    """One transaction: all of it or nothing. Raises PolicyError where the file is no ledger, or in use."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with _connected(file) as database:
        database.begin()
        for table in TABLES:
            database.execute(f"CREATE TABLE IF NOT EXISTS {_columns(table)}")
        check(database, file)
        yield Ledger(database)
        database.commit()


@contextmanager
def reading(file: Path) -> Iterator[Ledger | None]:
    """The ledger as it is, or None where there is none yet."""
    if not file.exists():
        yield None
        return
    with _connected(file, read_only=True) as database:
        if not _tables(database):  # made by a first sync that was killed before its commit
            yield None
            return
        for table in ADDED - _tables(database).keys():
            database.execute(f"CREATE TEMP TABLE {_columns(table)}")
        check(database, file)
        yield Ledger(database)


def _columns(table: str) -> str:
    wanted = ", ".join(f'"{name}" {_DUCKDB_TYPES[kind]}' for name, kind in TABLES[table].items())
    return f"{table} ({wanted})"


@contextmanager
def _connected(file: Path, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        database = duckdb.connect(file, read_only=read_only, config=dict(SETTINGS))
    except duckdb.Error as error:
        raise refusal(file, error) from error
    try:
        yield database
    finally:
        database.close()  # rolls back what was not committed


def refusal(file: Path, error: Exception) -> PolicyError:
    """Why a file does not open, as a finding."""
    said = str(error).partition("\n")[0]
    code = LEDGER_IN_USE if "lock" in said.lower() else NOT_A_LEDGER
    return PolicyError([code.at(Place(str(file)), f"the ledger does not open: {said:.300}")])


def _tables(database: duckdb.DuckDBPyConnection) -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = {}
    asked = "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal ORDER BY column_index"
    for table, column, kind in database.execute(asked).fetchall():
        found.setdefault(table, {})[column] = kind
    return found


def check(database: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Raises PolicyError where the tables are not the layout's."""
    found = _tables(database)
    for table, columns in TABLES.items():
        wanted = {name: _DUCKDB_TYPES[kind] for name, kind in columns.items()}
        if found.get(table) != wanted:
            raise PolicyError([NOT_A_LEDGER.at(Place(str(file)), f"table {table!r} has other columns than a ledger's")])


def _table(kind: type[Row]) -> str:
    return next(table for table, known in KINDS.items() if known is kind)
