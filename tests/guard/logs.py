"""Logs as guards write them (docs/decisions/0028-a-guard-at-request-time.md), made by a seed: whole weeks of sessions,
each of some turns with calls, tool calls, caches and costs; and the ways in which a kill leaves a file.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

Line = dict[str, Any]
FLASH, OPUS = "openrouter/deepseek/deepseek-v4-flash", "openrouter-dollar/anthropic/claude-opus-4.7"
OWL, LOCAL = "openrouter-gray/openrouter/owl-alpha", "mlx/mlx-community/Qwen3-4B-4bit"
#: USD per million prompt and completion tokens, as the shipped lock has them
PRICES = {FLASH: (Decimal("0.112"), Decimal("0.224")), OPUS: (Decimal(5), Decimal(25))}
MONDAY = datetime.datetime(2026, 5, 11, tzinfo=datetime.UTC)


def line(id: str, at: datetime.datetime, **changes: Any) -> Line:
    """A turn that a guard let pass."""
    return {
        "version": 1,
        "id": hashlib.sha256(id.encode()).hexdigest()[:32],
        "at": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z",
        "machine": "studio",
        "surface": "openclaw",
        "scenario": "batch",
        "agent_run": hashlib.sha256(f"run {id}".encode()).hexdigest()[:16],
        "session": hashlib.sha256(f"session {id}".encode()).hexdigest()[:16],
        "labels": [],
        "ticket": None,
        "wanted": FLASH,
        "chosen": changes.get("wanted", FLASH),
        "action": "allow",
        "reason": None,
        "prompt_tokens": 1000,
        "completion_tokens": 100,
        "cache_read_tokens": 0,
        "cache_write_tokens": 0,
        "cost_usd": "0",
        "cost_from": "prices",
        "calls": 1,
        "tool_calls": 0,
        "tool_errors": 0,
        "outcome": "ok",
        **changes,
    }


def stopped(id: str, at: datetime.datetime, reason: str, **changes: Any) -> Line:
    """A turn that a guard answered itself: no model was asked."""
    nothing = dict.fromkeys(
        ("prompt_tokens", "completion_tokens", "cache_read_tokens", "cache_write_tokens", "calls", "tool_calls",
         "tool_errors"), 0,
    )  # fmt: skip
    none = {"chosen": None, "cost_usd": None, "cost_from": None, "outcome": None}
    return line(id, at, **nothing, **none, action="block", reason=reason, **changes)


@dataclass(frozen=True)
class Work:
    """What a scenario's sessions do: `error_rate` of a tool call is a session's own, spread around it."""

    scenario: str
    model: str
    sessions: int
    error_rate: float
    machine: str = "studio"
    turns: int = 8
    #: how unlike sessions are: 0 is one coin for all of them
    spread: float = 0.5
    ticket: str | None = None


def week(monday: datetime.datetime, works: Iterable[Work], seed: int = 1) -> Iterator[Line]:
    """A week of turns, in no order. Sessions differ in their error rates: their turns are not independent."""
    dice = random.Random(f"{seed} {monday}")
    for work in works:
        for number in range(work.sessions):
            name = f"{seed} {monday:%Y%m%d} {work.scenario} {work.model} {number}"
            begin = monday + datetime.timedelta(seconds=dice.randrange(7 * 86_400 - 36_000))
            rate = min(1.0, work.error_rate * dice.uniform(1 - work.spread, 1 + work.spread))
            for turn in range(dice.randint(1, 2 * work.turns - 1)):
                yield _turn(work, f"{name} {turn}", name, begin + datetime.timedelta(seconds=90 * turn), rate, dice)


def _turn(work: Work, id: str, session: str, at: datetime.datetime, rate: float, dice: random.Random) -> Line:
    prompt, completion, tools = dice.randrange(8_000, 60_000), dice.randrange(50, 2_000), dice.randrange(0, 5)
    of_prompt, of_completion = PRICES.get(work.model, (Decimal(0), Decimal(0)))
    usd = (of_prompt * prompt + of_completion * completion) / 1_000_000
    return line(
        id,
        at,
        machine=work.machine,
        scenario=work.scenario,
        session=hashlib.sha256(session.encode()).hexdigest()[:16],
        wanted=work.model,
        ticket=work.ticket,
        prompt_tokens=prompt,
        completion_tokens=completion,
        cache_read_tokens=prompt // 2,
        cost_usd=f"{usd:f}",
        calls=1 + tools,
        tool_calls=tools,
        tool_errors=sum(dice.random() < rate for _ in range(tools)),
    )


def content(lines: Iterable[Line]) -> bytes:
    """As a guard appends them."""
    return b"".join(json.dumps(each, separators=(",", ":")).encode() + b"\n" for each in lines)


def write(file: Path, lines: Iterable[Line]) -> Path:
    """A log's file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content(lines))
    return file
