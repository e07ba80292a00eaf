"""A run's attempts as a Parquet file beside it: for DuckDB, pandas or a spreadsheet. The JSON lines stay the truth."""

from __future__ import annotations

from pathlib import Path

#: Money as decimals, moments in UTC; what is not named here has the type that DuckDB gives it below.
_COLUMNS = {
    "row": "VARCHAR", "case": "VARCHAR", "scenario": "VARCHAR", "leg": "VARCHAR", "model": "VARCHAR",
    "trial": "VARCHAR", "answered_by": "VARCHAR", "provider": "VARCHAR", "repeat": "INTEGER", "attempt": "INTEGER",
    "final": "BOOLEAN", "started": "TIMESTAMPTZ", "queued_ms": "DOUBLE", "first_token_ms": "DOUBLE",
    "last_token_ms": "DOUBLE", "token_chunks": "INTEGER", "total_ms": "DOUBLE", "censored": "BOOLEAN",
    "http_status": "INTEGER", "error": "VARCHAR", "error_detail": "VARCHAR", "prompt_tokens": "BIGINT",
    "completion_tokens": "BIGINT", "cached_tokens": "BIGINT", "reasoning_tokens": "BIGINT",
    "billed_usd": "DECIMAL(38, 24)", "cost_usd": "DECIMAL(38, 24)", "cost_basis": "VARCHAR",
    "grade": "STRUCT(is_tool_request BOOLEAN, protocol_error VARCHAR, success BOOLEAN, failure VARCHAR, "
             "detail VARCHAR)",
    "prompt_sha256": "VARCHAR", "answer_sha256": "VARCHAR",
    "answer": 'STRUCT("text" VARCHAR, calls STRUCT("name" VARCHAR, arguments VARCHAR)[], finish_reason VARCHAR, '
              "refusal VARCHAR, reasoning_chars BIGINT)",
}  # fmt: skip
_MEMORY = "256MB"


def write_parquet(run_file: Path) -> Path:
    """Convert the attempts of a run; the file appears whole or not at all."""
    import duckdb

    target = run_file.with_suffix(".parquet")
    temporary = target.with_name(f".{target.name}")
    columns = ", ".join(f"{_quoted(name)}: {_quoted(kind)}" for name, kind in _COLUMNS.items())
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _MEMORY,
        "threads": 1,
        "temp_directory": "",
        "autoinstall_known_extensions": False,
    }
    with duckdb.connect(config=settings) as database:
        database.execute("SET TimeZone = 'UTC'")
        database.execute(
            f"COPY (SELECT * EXCLUDE (row) FROM read_json({_quoted(str(run_file))}, columns = {{{columns}}}, "
            f"format = 'newline_delimited', maximum_object_size = 33554432) "
            f"WHERE row = 'attempt') TO {_quoted(str(temporary))} (FORMAT parquet, COMPRESSION zstd)"
        )
    temporary.replace(target)
    return target


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


if __name__ == "__main__":  # in a process of its own: DuckDB's memory is not the run's
    import sys

    write_parquet(Path(sys.argv[1]))
