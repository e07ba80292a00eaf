"""Rows of the ledger's tables. Their fields are the columns of `layout.py`, in its order; a test holds them so."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal

#: What money is rounded to, once, when it comes in: the digits that the ledger keeps.
PLACES = Decimal("0.000000000001")
#: The source of rows that OpenRouter's own bill gave.
BILL = "activity"
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
    source: str

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


#: The counter of the whole account; one row of it is one sync.
ACCOUNT = "account"
KINDS: dict[str, type[Activity] | type[Call] | type[Key] | type[Counter]] = {
    "activity": Activity, "calls": Call, "keys": Key, "counters": Counter,
}  # fmt: skip
