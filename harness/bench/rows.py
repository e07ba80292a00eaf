"""Rows of the run store: an attempt as a JSON object, and back. Money is text there: a JSON number would be a float."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from harness.bench.attempt import Answer, Attempt, Grade, ToolCall, Usage


def row_of(attempt: Attempt) -> dict[str, Any]:
    """The attempt as plain data, in the order of its fields."""
    usage, grade, answer = attempt.usage, attempt.grade, attempt.answer
    return {
        "row": "attempt",
        "case": attempt.case,
        "scenario": attempt.scenario,
        "leg": attempt.leg,
        "trial": attempt.trial,
        "model": attempt.model,
        "answered_by": attempt.answered_by,
        "provider": attempt.provider,
        "repeat": attempt.repeat,
        "attempt": attempt.attempt,
        "final": attempt.final,
        "started": attempt.started.isoformat(),
        "queued_ms": _milliseconds(attempt.queued_ms),
        "first_token_ms": _milliseconds(attempt.first_token_ms),
        "last_token_ms": _milliseconds(attempt.last_token_ms),
        "token_chunks": attempt.token_chunks,
        "total_ms": _milliseconds(attempt.total_ms),
        "censored": attempt.censored,
        "http_status": attempt.http_status,
        "error": attempt.error,
        "error_detail": attempt.error_detail,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cached_tokens": usage.cached_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "billed_usd": _money(usage.cost_usd),
        "cost_usd": _money(attempt.cost_usd),
        "cost_basis": attempt.cost_basis,
        "grade": None if grade is None else _grade_row(grade),
        "prompt_sha256": attempt.prompt_sha256,
        "answer_sha256": attempt.answer_sha256,
        "answer": None if answer is None else asdict(answer),
    }


def attempt_of(row: Mapping[str, Any]) -> Attempt:
    """The attempt that a row holds. Raises KeyError, TypeError or ValueError for what no row of ours looks like."""
    usage = Usage(
        row["prompt_tokens"], row["completion_tokens"], row["cached_tokens"], row["reasoning_tokens"],
        _decimal(row["billed_usd"]),
    )  # fmt: skip
    started = datetime.datetime.fromisoformat(row["started"])
    if started.tzinfo is None:
        raise ValueError(f"{row['started']!r} says no time zone")
    same = (
        "case", "scenario", "leg", "model", "answered_by", "provider", "repeat", "attempt", "final", "queued_ms",
        "first_token_ms", "last_token_ms", "token_chunks", "total_ms", "censored", "http_status", "error",
        "error_detail", "cost_basis", "prompt_sha256", "answer_sha256",
    )  # fmt: skip
    return Attempt(
        **{name: row[name] for name in same},
        trial=row.get("trial", ""),  # runs of before there were trials say nothing of them
        started=started,
        usage=usage,
        cost_usd=_decimal(row["cost_usd"]),
        grade=None if row["grade"] is None else Grade(**row["grade"]),
        answer=None if row["answer"] is None else _answer(row["answer"]),
    )


def _answer(row: Mapping[str, Any]) -> Answer:
    return Answer(**{**row, "calls": tuple(ToolCall(**call) for call in row["calls"])})


def _grade_row(grade: Grade) -> dict[str, Any]:
    return {
        "is_tool_request": grade.is_tool_request,
        "protocol_error": grade.protocol_error,
        "success": grade.success,
        "failure": grade.failure,
        "detail": grade.detail,
    }


def _milliseconds(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _money(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
