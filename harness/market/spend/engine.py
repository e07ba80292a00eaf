"""A ledger to ask, by its connection string: DuckDB's file unless another engine is named.

`.vane/ledger.duckdb`, a path or `duckdb://path` is the file that sync and import write. `pyspark://MASTER?folder=FOLDER`
starts Spark on this machine alone (bound to 127.0.0.1, no web page) and reads the Parquet files of `vane spend export`.
Anything else (`clickhouse://…`, `bigquery://…`) is what `ibis.connect` takes, with the tables of the layout in its
database; its Python driver is the caller's to install. `import ibis` takes a second, so it stands inside functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from compiler.diagnostics import Place, PolicyError
from harness.market.spend.findings import ENGINE, NO_LEDGER
from harness.market.spend.layout import TABLES
from harness.market.spend.ledger import FILE, reading

if TYPE_CHECKING:
    import ibis.expr.types as ir

_HINT = "write DuckDB, then hand it over: vane spend export --out FOLDER"


@dataclass(frozen=True, slots=True)
class Engine:
    """An open ledger that answers Ibis expressions over the tables of the layout."""

    #: how findings name it
    name: str
    #: gives an expression's rows as an Arrow table
    run: Callable[[ir.Table], Any]

    def answer(self, expression: ir.Table) -> list[dict[str, Any]]:
        """The rows of an expression: money as Decimal, days as dates."""
        found: list[dict[str, Any]] = self.run(expression).to_pylist()
        return found


def table(name: str) -> ir.Table:
    """One of the ledger's tables, of no engine yet."""
    import ibis

    return ibis.table(dict(TABLES[name]), name=name)


def ledger_file(where: str | None, project: Path) -> Path:
    """The DuckDB file that a connection string names. Raises PolicyError for another engine, which is not written."""
    if where is None:
        return project / FILE
    scheme, separator, rest = where.partition("://")
    if not separator:
        return Path(where)
    if scheme != "duckdb":
        raise PolicyError([ENGINE.at(Place(f"{scheme}://"), f"a ledger on {scheme} is not written", _HINT)])
    return Path(unquote(rest))


@contextmanager
def opened(where: str | None, project: Path) -> Iterator[Engine]:
    """The ledger that a connection string names. Raises PolicyError where there is none."""
    scheme = (where or "").partition("://")[0] if "://" in (where or "") else "duckdb"
    if scheme == "duckdb":
        with _duckdb(ledger_file(where, project)) as engine:
            yield engine
    elif scheme == "pyspark":
        with _spark(str(where)) as engine:
            yield engine
    else:
        yield _any(str(where), scheme)


@contextmanager
def _duckdb(file: Path) -> Iterator[Engine]:
    """Ibis writes the SQL, and DuckDB's own connection runs it: Ibis 12's does not know DuckDB 2."""
    import ibis

    with reading(file) as ledger:
        if ledger is None:
            raise PolicyError([NO_LEDGER.at(Place(str(file)), "there is no ledger, or nothing in it yet")])
        database = ledger.database
        yield Engine(str(file), lambda asked: database.sql(str(ibis.to_sql(asked, dialect="duckdb"))).to_arrow_table())


@contextmanager
def _spark(where: str) -> Iterator[Engine]:
    master, _, query = where.partition("://")[2].partition("?")  # brackets of `local[2]` are no part of a URL
    folder = parse_qs(query).get("folder", [""])[0]
    place = Place(f"pyspark://{master}")
    files = {table: Path(folder) / f"{table}.parquet" for table in TABLES}
    if not folder or not all(file.is_file() for file in files.values()):
        fix = "vane spend export --out FOLDER, and then --ledger 'pyspark://local[2]?folder=FOLDER'"
        raise PolicyError([NO_LEDGER.at(place, f"folder={folder!a:.100} does not hold an exported ledger", fix)])
    try:
        import ibis
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise PolicyError([ENGINE.at(place, "PySpark is not installed", "pip install 'weathervane[scale]'")]) from error
    builder = SparkSession.builder.master(master).appName("weathervane")
    for name, value in _SPARK.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except Exception as error:  # of its Java process, or of an address that is no master's
        said = f"Spark does not start: {type(error).__name__}"
        raise PolicyError([ENGINE.at(place, said, "install Java 17 or newer, and see the address")]) from error
    try:
        backend = ibis.pyspark.connect(session)
        for table, file in files.items():
            session.read.parquet(file.absolute().as_uri()).createOrReplaceTempView(table)
        yield Engine(f"pyspark://{master}", backend.to_pyarrow)
    finally:
        session.stop()


#: On this machine alone, in UTC, and quiet.
_SPARK = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    # a ledger's groups are few: 200 empty partitions a question would take longer than the question
    "spark.sql.shuffle.partitions": "2",
}


def _any(where: str, scheme: str) -> Engine:
    """Another engine, as Ibis knows it. The string may hold a password: only its scheme is ever said."""
    import ibis

    place = Place(f"{scheme}://")
    try:
        backend = ibis.connect(where)
        there = set(backend.list_tables())
    except Exception as error:  # every driver has errors of its own
        said = f"{type(error).__name__}: the ledger does not open"
        fix = f"pip install 'ibis-framework[{scheme}]', and see Ibis's page on {scheme} for the string's form"
        raise PolicyError([ENGINE.at(place, said, fix)]) from error
    if missing := TABLES.keys() - there:
        raise PolicyError([NO_LEDGER.at(place, f"the database has no table {min(missing)!r}", _HINT)])
    return Engine(f"{scheme}://", backend.to_pyarrow)
