"""A ledger of many calls as Parquet, a replay of all of them, and a bare scan of the same columns.

`python -m tests.bench.many_calls make FOLDER ROWS`, or `simulate FOLDER PROJECT`, or `scan FOLDER`: each a process.
"""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from harness.market.spend.engine import Engine
from harness.market.spend.layout import CALLS, TABLES
from harness.market.spend.ledger import SETTINGS
from harness.market.spend.standing import Span

#: Ten models, each with half of what the one before has; slug, permaslug, key.
MODELS = (
    ("deepseek/deepseek-v4-flash", "deepseek/deepseek-v4-flash-20260423", "token"),
    ("tencent/hy3-preview", "tencent/hy3-preview-20260421", "token"),
    ("google/gemini-3-flash-preview", "google/gemini-3-flash-preview-20251217", "token"),
    ("anthropic/claude-opus-4.7", "anthropic/claude-4.7-opus-20260416", "dollar"),
    ("minimax/minimax-m2.7", "minimax/minimax-m2.7-20260318", "token"),
    ("openrouter/owl-alpha", "openrouter/owl-alpha", "gray"),
    ("anthropic/claude-sonnet-4.6", "anthropic/claude-4.6-sonnet-20260217", "token"),
    ("deepseek/deepseek-v3.2", "deepseek/deepseek-v3.2-20251201", "token"),
    ("moonshotai/kimi-k2.6", "moonshotai/kimi-k2.6-20260420", "token"),
    ("x-ai/grok-4.3", "x-ai/grok-4.3-20260430", "token"),
)
#: Prices that depend on length and hour, for the lock of the replay.
OVERRIDES: dict[str, list[dict[str, Any]]] = {
    "anthropic/claude-opus-4.7": [
        {"min_prompt_tokens": 200_000, "prices": {"prompt": "0.00001", "completion": "0.0000375"}}
    ],
    "google/gemini-3-flash-preview": [{"min_prompt_tokens": 128_000, "prices": {"prompt": "0.000001"}}],
    "deepseek/deepseek-v4-flash": [{"utc_start": "1630", "utc_end": "0030", "prices": {"prompt": "0.000000056"}}],
}
SINCE, UNTIL = datetime.date(2026, 5, 1), datetime.date(2026, 5, 31)
SETTING = "ide-assist.primary=anthropic/claude-sonnet-4.6"
#: What the replay reads of a call.
COLUMNS = (
    "day", "at", "key", "model", "permaslug", "scenario", "usd", "byok_usd", "prompt_tokens", "completion_tokens",
    "reasoning_tokens", "cached_tokens", "cache_write_tokens",
)  # fmt: skip


def make(folder: Path, rows: int) -> None:
    """The four tables. A row's number decides everything: the same rows every time."""
    folder.mkdir(parents=True, exist_ok=True)
    database = duckdb.connect(config=dict(SETTINGS))
    models = ", ".join(str(model) for model in MODELS)
    database.execute(
        f"CREATE TABLE models AS SELECT row_number() OVER () - 1 AS n, * FROM (VALUES {models}) t(slug, perma, k)"
    )
    database.execute(f"""
        COPY (
            WITH drawn AS (
                SELECT i, hash(i) AS h, hash(i + 1000000007) AS g,
                       least(9, floor(-log2(1 - (hash(i + 17) % 1000000) / 1000000.0)))::BIGINT AS n,
                       -- most prompts are short; one in eighteen passes 200,000 tokens
                       (2000 * pow(2, (hash(i + 5) % 7050) / 1000.0))::BIGINT AS p
                FROM range({rows}) t(i)
            )
            SELECT 'gen-' || i AS id,
                   to_timestamp(1777593600 + (i * 2678400) // {rows}) AS at,
                   (DATE '2026-05-01' + ((i * 31) // {rows})::INTEGER)::DATE AS day, k AS key, slug AS model,
                   perma AS permaslug, '' AS endpoint, 'p' || h % 5 AS provider,
                   (p * 0.0000003)::DECIMAL(38, 12) AS usd, 0::DECIMAL(38, 12) AS byok_usd, p AS prompt_tokens,
                   (h % 3000)::BIGINT AS completion_tokens, (h % 500)::BIGINT AS reasoning_tokens,
                   CASE WHEN g % 4 > 0 THEN (p * (g % 4)) // 5 END AS cached_tokens,
                   CASE WHEN g % 8 > 0 THEN p // 8 END AS cache_write_tokens,
                   ['agent-loops', 'ide-assist', 'batch', NULL][(1 + h % 4)::BIGINT] AS scenario,
                   NULL::VARCHAR AS ticket, NULL::VARCHAR AS machine, NULL::VARCHAR AS session, 'log' AS source
            FROM drawn JOIN models USING (n)
        ) TO '{folder}/calls.parquet' (FORMAT parquet)
    """)  # fmt: skip
    database.execute(
        f"COPY (SELECT k AS key, 'vane-' || k AS name, k AS track FROM models GROUP BY k) TO '{folder}/keys.parquet'"
    )


@contextmanager
def engine(folder: Path) -> Iterator[Engine]:
    """The tables in DuckDB, as views; those that are not there are empty."""
    import ibis

    from harness.market.spend.ledger import as_arrow

    database = duckdb.connect(config=dict(SETTINGS))
    for table in TABLES:
        if (file := folder / f"{table}.parquet").exists():
            database.execute(f"CREATE VIEW {table} AS SELECT * FROM '{file}'")
        else:
            database.register(table, as_arrow(table, ()))
    yield Engine(str(folder), lambda asked: database.sql(str(ibis.to_sql(asked, dialect="duckdb"))).to_arrow_table())


def simulate(folder: Path, project: Path) -> str:
    """The whole of `vane simulate`, but for finding the ledger."""
    from harness.bench.page import as_text
    from harness.market.simulate.page import page
    from harness.market.simulate.run import simulate as replay
    from harness.market.simulate.sides import Setting, sides

    before, after = sides(project, None, None, [Setting.parse(SETTING)])
    with engine(folder) as ledger:
        return as_text(tuple(page(replay(ledger, Span.month(SINCE), before, after, ()))))


def scan(folder: Path) -> str:
    """The same columns once through the same engine: sums of numbers, the greatest of everything else."""
    columns = ", ".join(f'{"sum" if CALLS[c] in ("int64", CALLS["usd"]) else "max"}("{c}")' for c in COLUMNS)
    database = duckdb.connect(config=dict(SETTINGS))
    asked = f"SELECT {columns} FROM '{folder}/calls.parquet' WHERE day BETWEEN '{SINCE}' AND '{UNTIL}'"
    return str(database.execute(asked).fetchall())


def project_with_tiers(policies: Path, into: Path) -> Path:
    """The shipped policies with prices that depend on length and hour."""
    import shutil

    shutil.copytree(policies, into / "policies")
    file = into / "policies/models.lock.json"
    lock = json.loads(file.read_text("utf-8"), parse_float=Decimal)
    for slug, overrides in OVERRIDES.items():
        lock["models"][slug]["pricing"]["overrides"] = overrides
    file.write_text(json.dumps(lock), "utf-8")
    return into


if __name__ == "__main__":
    what, where = sys.argv[1], Path(sys.argv[2])
    if what == "make":
        make(where, int(sys.argv[3]))
    else:
        sys.stdout.write(simulate(where, Path(sys.argv[3])) if what == "simulate" else scan(where))
