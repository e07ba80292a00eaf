"""The ledger's tables: which columns, of which types. Every engine that reads a ledger finds exactly these.

Two grains tell of the same money and are never added up: `activity` is what OpenRouter bills for a UTC day by key,
model and endpoint; `calls` is one row a generation, from logs that also know scenario, ticket and machine. A day with
rows of source "activity" was billed whole: they are its money, whatever key a call carries, and `calls` only says how
it splits. A (day, key) with rows of another source is covered by these; elsewhere `calls` is the money. `cells.py` asks
by these rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: USD. Twelve places: a thousandth of the price of one token of the cheapest model still counts.
USD = "decimal(38, 12)"

ACTIVITY: Mapping[str, str] = MappingProxyType({
    "day": "date",  # UTC, complete
    "key": "string",  # the key's hash, as OpenRouter gives it; "" for what no key of the account is known for
    "model": "string",  # the slug, with its variant
    "permaslug": "string",
    "endpoint": "string",  # OpenRouter's endpoint id; "" where the source does not tell
    "provider": "string",
    "usd": USD,  # what OpenRouter charged
    "byok_usd": USD,  # what a provider charged to a key of the team's own
    "requests": "int64",
    "prompt_tokens": "int64",
    "completion_tokens": "int64",
    "reasoning_tokens": "int64",  # part of completion_tokens
    "cached_tokens": "int64",  # part of prompt_tokens; null where the source does not tell
    "source": "string",  # "activity", or the name of the import
})  # fmt: skip

CALLS: Mapping[str, str] = MappingProxyType({
    "id": "string",  # the generation's id: unique
    "at": "timestamp('UTC')",
    "day": "date",  # of `at`
    "key": "string",  # the key's hash where its name is known in `keys`, else "name:<label>"; "" where nobody says
    "model": "string",
    "permaslug": "string",
    "endpoint": "string",
    "provider": "string",
    "usd": USD,
    "byok_usd": USD,
    "prompt_tokens": "int64",
    "completion_tokens": "int64",
    "reasoning_tokens": "int64",
    "cached_tokens": "int64",  # null where the source does not tell
    "cache_write_tokens": "int64",  # null where the source does not tell
    "scenario": "string",  # null where the log does not tell
    "ticket": "string",
    "machine": "string",
    "session": "string",  # a hash
    "source": "string",
})  # fmt: skip

#: The account's keys, and which track each one is (by the name that `generated/openrouter/keys.json` gives it).
KEYS: Mapping[str, str] = MappingProxyType({
    "key": "string",  # the hash: unique
    "name": "string",
    "track": "string",  # token, dollar or gray; null for a key that is no track's
})  # fmt: skip

#: What the live counters said, one row an answer: `GET /key` of each track's key, `GET /credits` of the account.
COUNTERS: Mapping[str, str] = MappingProxyType({
    "at": "timestamp('UTC')",
    "what": "string",  # a track, or "account"
    "limit_usd": USD,  # null without one
    "remaining_usd": USD,
    "month_usd": USD,  # null for the account
    "total_usd": USD,
})  # fmt: skip

TABLES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"activity": ACTIVITY, "calls": CALLS, "keys": KEYS, "counters": COUNTERS}
)
