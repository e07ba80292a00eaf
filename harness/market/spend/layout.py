"""The ledger's tables: which columns, of which types. Every engine that reads a ledger finds exactly these.

Three grains tell of the same money and are never added up: `activity` is what OpenRouter bills for a UTC day by key,
model and endpoint; `calls` is one row a generation, from logs that also know scenario, ticket and machine; `decisions`
is one row a turn, from the guards on the Macs. A day with rows of `activity` was billed whole: they are its money,
whatever key a call carries, and `calls` only says how it splits. On other days `calls` is the money. `decisions` says
how the rest splits, and is money on days of which nothing else tells. `settled.py` has these rules.
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

#: What the guards on the Macs decided (docs/decisions/0028-a-guard-at-request-time.md), one row a turn.
DECISIONS: Mapping[str, str] = MappingProxyType({
    "id": "string",  # unique
    "at": "timestamp('UTC')",
    "day": "date",  # of `at`
    "machine": "string",
    "surface": "string",  # openclaw or cursor
    "scenario": "string",  # null where the surface did not tell
    "agent_run": "string",  # a hash
    "session": "string",  # a hash
    "labels": "string",  # names in order, a blank between two; "" without any
    "ticket": "string",  # null where none was given
    "wanted": "string",  # a model as the surface names it
    "chosen": "string",  # null where no model was asked
    "key": "string",  # as in `calls`; "" where no key of the account was used
    "model": "string",  # the slug of `chosen`; "" without one
    "permaslug": "string",
    "action": "string",  # allow, warn, reroute or block
    "reason": "string",  # share, cap, label, ticket or unreadable; null where there was none
    "usd": USD,
    "usd_from": "string",  # provider, or prices: the lock's; null where nobody said what it cost
    "requests": "int64",
    "prompt_tokens": "int64",
    "completion_tokens": "int64",
    "cached_tokens": "int64",  # part of prompt_tokens
    "cache_write_tokens": "int64",  # part of prompt_tokens
    "tool_calls": "int64",
    "tool_errors": "int64",  # part of tool_calls
    "outcome": "string",  # ok or error; null where no model was asked
})  # fmt: skip

TABLES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"activity": ACTIVITY, "calls": CALLS, "keys": KEYS, "counters": COUNTERS, "decisions": DECISIONS}
)
#: Tables that a ledger of an older version lacks. They are read as empty, and made by the next sync or import.
ADDED = frozenset({"decisions"})
