"""What is asked of the guards' decisions in a ledger. Ibis expressions, whatever the engine."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.market.spend.engine import Engine, table
from harness.weeks import Week

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True, slots=True)
class Group:
    """Decisions that are alike."""

    machine: str
    surface: str
    scenario: str | None
    model: str
    permaslug: str
    labels: str
    action: str
    reason: str | None
    decisions: int
    tokens: int
    first: datetime.datetime
    last: datetime.datetime


@dataclass(frozen=True, slots=True)
class Session:
    """Tool calls of a session, in one scenario and on one model."""

    scenario: str
    model: str
    session: str
    calls: int
    errors: int


def groups(engine: Engine, week: Week) -> tuple[Group, ...]:
    """All decisions of a week."""
    rows = _within(week)
    by = rows.group_by("machine", "surface", "scenario", "model", "permaslug", "labels", "action", "reason")
    found = engine.answer(
        by.agg(
            decisions=rows.count(),
            tokens=(rows.prompt_tokens + rows.completion_tokens).sum(),
            first=rows.at.min(),
            last=rows.at.max(),
        )
    )
    whole = ({**row, "decisions": int(row["decisions"]), "tokens": int(row["tokens"])} for row in found)
    return tuple(Group(**{**row, "first": _utc(row["first"]), "last": _utc(row["last"])}) for row in whole)


def sessions(engine: Engine, week: Week) -> tuple[Session, ...]:
    """Those in which a model called tools."""
    rows = _within(week)
    called = rows.filter(rows.tool_calls > 0, rows.scenario.notnull())
    by = called.group_by("scenario", "model", "session")
    found = engine.answer(by.agg(calls=called.tool_calls.sum(), errors=called.tool_errors.sum()))
    return tuple(Session(**{**row, "calls": int(row["calls"]), "errors": int(row["errors"])}) for row in found)


def _within(week: Week) -> ir.Table:
    import ibis

    rows = table("decisions")
    return rows.filter(rows.day.between(ibis.literal(week.monday), ibis.literal(week.sunday)))


def _utc(at: datetime.datetime) -> datetime.datetime:
    """Some engines give times in UTC without saying so."""
    return at.astimezone(datetime.UTC) if at.tzinfo else at.replace(tzinfo=datetime.UTC)
