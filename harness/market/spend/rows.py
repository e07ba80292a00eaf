"""Rows of the ledger's tables. Their fields are the columns of `layout.py`, in its order; a test holds them so."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

#: What money is rounded to, once, when it comes in: the digits that the ledger keeps.
PLACES = Decimal("0.000000000001")
#: The key of spend that no key of the account explains.
NO_KEY = ""
#: Before the name of a key whose hash is not known.
NAMED = "name:"


@dataclass(frozen=True, slots=True, order=True)
class Activity:
    """A UTC day of one key, model and endpoint."""

    day: datetime.date
    key: str
    model: str
    permaslug: str
    endpoint: str
    provider: str
    usd: Decimal
    byok_usd: Decimal
    requests: int
    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    cached_tokens: int | None

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What a day and a key have once."""
        return self.model, self.permaslug, self.endpoint, self.provider


@dataclass(frozen=True, slots=True)
class Call:
    """One generation."""

    id: str
    at: datetime.datetime
    day: datetime.date
    key: str
    model: str
    permaslug: str
    endpoint: str
    provider: str
    usd: Decimal
    byok_usd: Decimal
    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    cached_tokens: int | None
    cache_write_tokens: int | None
    scenario: str | None
    ticket: str | None
    machine: str | None
    session: str | None
    source: str


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """A key of the account."""

    key: str
    name: str
    track: str | None


@dataclass(frozen=True, slots=True)
class Counter:
    """What a live counter said."""

    at: datetime.datetime
    what: str
    limit_usd: Decimal | None
    remaining_usd: Decimal | None
    month_usd: Decimal | None
    total_usd: Decimal


@dataclass(frozen=True, slots=True)
class Decision:
    """What a guard on a Mac decided of one turn, and what the turn took. A turn is one call or more."""

    id: str
    at: datetime.datetime
    day: datetime.date
    machine: str
    surface: str
    scenario: str | None
    agent_run: str
    session: str
    labels: str
    ticket: str | None
    wanted: str
    chosen: str | None
    key: str
    model: str
    permaslug: str
    action: str
    reason: str | None
    usd: Decimal
    usd_from: str | None
    requests: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    tool_calls: int
    tool_errors: int
    outcome: str | None


#: The counter of the whole account; one row of it is one sync.
ACCOUNT = "account"
Row: TypeAlias = Activity | Call | Key | Counter | Decision
KINDS: dict[str, type[Row]] = {
    "activity": Activity, "calls": Call, "keys": Key, "counters": Counter, "decisions": Decision,
}  # fmt: skip
