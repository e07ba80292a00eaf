"""Small ledgers, and the replay of one: rows in, a report out, through a real DuckDB file."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

from compiler.load import load
from compiler.policy import FILES
from harness.bench.attempt import Attempt
from harness.market.simulate.report import Report
from harness.market.simulate.run import simulate
from harness.market.simulate.sides import Setting, Side, side, with_settings
from harness.market.spend.engine import opened
from harness.market.spend.ledger import writing
from harness.market.spend.rows import Activity, Call, Decision, Key
from harness.market.spend.standing import Span
from tests.shipped import PROJECT

DAY = datetime.date(2026, 5, 20)
M = 1_000_000
MAY = Span.month(DAY)
KEYS = (Key("h-token", "vane-token", "token"), Key("h-dollar", "vane-dollar", "dollar"), Key("h-x", "somebody's", None))
FLASH, HY3, OPUS = "deepseek/deepseek-v4-flash", "tencent/hy3-preview", "anthropic/claude-opus-4.7"
SONNET, GEMINI = "anthropic/claude-sonnet-4.6", "google/gemini-3-flash-preview"
PERMASLUGS = {
    FLASH: "deepseek/deepseek-v4-flash-20260423", HY3: "tencent/hy3-preview-20260421",
    OPUS: "anthropic/claude-4.7-opus-20260416", SONNET: "anthropic/claude-4.6-sonnet-20260217",
    GEMINI: "google/gemini-3-flash-preview-20251217",
}  # fmt: skip
Rows = Iterable[Activity | Call | Decision | Key]


def activity(
    model: str = FLASH, prompt: int = 0, completion: int = 0, usd: str = "0", *, key: str = "h-token",
    cached: int | None = 0, day: datetime.date = DAY, requests: int = 1,
) -> Activity:  # fmt: skip
    return Activity(
        day, key, model, PERMASLUGS.get(model, model), "endpoint", "provider", Decimal(usd), Decimal(0), requests,
        prompt, completion, 0, cached,
    )  # fmt: skip


def call(
    id: str, model: str = FLASH, prompt: int = 0, completion: int = 0, usd: str = "0", *, key: str = "h-token",
    cached: int | None = 0, written: int | None = 0, scenario: str | None = None, hour: int = 12,
    day: datetime.date = DAY,
) -> Call:  # fmt: skip
    at = datetime.datetime.combine(day, datetime.time(hour, 0), datetime.UTC)
    return Call(
        id, at, day, key, model, PERMASLUGS.get(model, model), "endpoint", "provider", Decimal(usd), Decimal(0),
        prompt, completion, 0, cached, written, scenario, None, None, None, "log",
    )  # fmt: skip


def write_ledger(file: Path, rows: Rows) -> Path:
    with writing(file) as ledger:
        ledger.add((*KEYS, *rows))
    return file


@cache
def shipped_side() -> Side:
    return side("policies/", load(PROJECT / "policies", FILES))


def changed(*settings: str, of: Side | None = None) -> Side:
    """The shipped policies with other primaries."""
    of = of or shipped_side()
    return side("changed", with_settings(of.policies.documents, of.policies, [Setting.parse(s) for s in settings]))


def with_overrides(of: Side, model: str, **pricing: object) -> Side:
    """A side whose lock has other prices of a model."""
    lock = of.policies.lock
    locked = lock.models[model]
    priced = locked.model_copy(
        update={"pricing": type(locked.pricing).model_validate({**locked.pricing.model_dump(mode="json"), **pricing})}
    )
    policies = replace(of.policies, lock=lock.model_copy(update={"models": {**lock.models, model: priced}}))
    return replace(of, policies=policies)


def replayed(
    tmp_path: Path, rows: Rows, before: Side, after: Side | None = None, runs: tuple[Attempt, ...] = ()
) -> Report:
    """Write the rows and replay May. Without a changed side, the policies stay as they are."""
    (report,) = replays(tmp_path, rows, before, (after or before,), runs)
    return report


def replays(
    tmp_path: Path, rows: Rows, before: Side, after: Iterable[Side], runs: tuple[Attempt, ...] = ()
) -> tuple[Report, ...]:
    """One ledger, replayed under several policies."""
    file = tmp_path / "ledger.duckdb"
    file.unlink(missing_ok=True)
    write_ledger(file, rows)
    with opened(str(file), tmp_path) as engine:
        return tuple(simulate(engine, MAY, before, each, runs) for each in after)
