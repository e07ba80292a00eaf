"""An OpenRouter account that never was: three keys, thirty days of bills, and one loop that nobody stopped.

It answers what OpenRouter's description (August 2026) says of `GET /keys`, `/activity`, `/key` and `/credits`. Prices
are those of the lock, volumes are made up and the same each time: six people's work, and from the week's first day on
an agent that audits in a circle. Nobody ran `vane account apply`: no key has a limit, only the bill knows the cap.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from compiler.policy import Policies
from compiler.policy.lock import LockedModel
from harness.weeks import Week

MANAGEMENT = "sk-or-v1-demo-management"
#: Completed days that /activity holds.
_DAYS = 30
_MILLION = 10**6
#: Millions of tokens that are read on a day: by the token track's primary, by trials, by audits, and by the loop.
_VOLUME, _TRIALS, _AUDITS, _LOOP = 60, 4, 3, 25
_BOUGHT = 5000


@dataclass(frozen=True, slots=True)
class Key:
    """A track's key, and what it asks for each day: model → millions of prompt tokens."""

    track: str
    daily: Mapping[str, int]

    @property
    def secret(self) -> str:
        """Nobody else's: the account knows it."""
        return f"sk-or-v1-demo-{self.track}"

    @property
    def hash(self) -> str:
        """As OpenRouter names a key."""
        return hashlib.sha256(self.secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Account:
    """The account as it stands on the Monday after a week."""

    now: datetime.datetime
    week: Week
    keys: tuple[Key, ...]
    models: Mapping[str, LockedModel]

    def answer(self, path: str, query: Mapping[str, str], secret: str) -> Any:
        """A good answer. Raises LookupError for what it does not have."""
        own = next((key for key in self.keys if key.secret == secret), None)
        if path == "/key" and own:
            return {"data": self._counter(own)}
        if secret != MANAGEMENT:
            raise LookupError("User not found.")
        if path == "/keys":
            found = self.keys if query.get("offset", "0") == "0" else ()
            return {"data": [self._counter(key) | {"hash": key.hash, "name": f"vane-{key.track}"} for key in found]}
        if path == "/activity":
            return {"data": list(self._rows(query.get("api_key_hash")))}
        if path == "/credits":
            return {"data": {"total_credits": _BOUGHT, "total_usage": self._used(self._days())}}
        raise LookupError("Not Found")

    def _days(self) -> tuple[datetime.date, ...]:
        today = self.now.date()
        return tuple(today - datetime.timedelta(days=back) for back in range(_DAYS, 0, -1))

    def _rows(self, hash: str | None) -> Iterator[dict[str, Any]]:
        for key in self.keys:
            if hash in (None, key.hash):
                yield from (self._row(key, model, day) for day in self._days() for model in key.daily)

    def _row(self, key: Key, slug: str, day: datetime.date) -> dict[str, Any]:
        model, millions = self.models[slug], key.daily[slug]
        if key.track == "dollar" and day >= self.week.monday:
            millions = _LOOP
        prompt, completion = millions * _MILLION, millions * _MILLION // 25
        usd = prompt * model.pricing.prompt + completion * model.pricing.completion
        return {
            "date": str(day), "model": slug, "model_permaslug": model.canonical_slug, "endpoint_id": f"demo-{slug}",
            "provider_name": "Demo", "usage": usd, "byok_usage_inference": 0, "requests": millions * 40,
            "prompt_tokens": prompt, "completion_tokens": completion, "reasoning_tokens": 0,
        }  # fmt: skip

    def _used(self, days: tuple[datetime.date, ...], key: Key | None = None) -> Decimal:
        rows = (row for row in self._rows(key.hash if key else None) if row["date"] in set(map(str, days)))
        return sum((row["usage"] for row in rows), Decimal(0))

    def _counter(self, key: Key) -> dict[str, Any]:
        ever, month = self._days(), tuple(day for day in self._days() if day.month == self.now.month)
        return {
            "label": f"demo {key.track}", "disabled": False,
            "limit": None, "limit_reset": None, "limit_remaining": None,
            "usage": self._used(ever, key), "usage_monthly": self._used(month, key),
            "byok_usage": 0, "byok_usage_monthly": 0,
        }  # fmt: skip


def account_of(policies: Policies, now: datetime.datetime, week: Week) -> Account:
    """A team with these policies: each track's key asks for its models, the token track's most for its primary."""
    tracks = policies.tracks
    token = (tracks.token_track.primary, *tracks.token_track.fallbacks)
    keys = [Key("token", {slug: _VOLUME // (1 + 2 * at) for at, slug in enumerate(token)})]
    if tracks.dollar_track:
        keys.append(Key("dollar", {tracks.dollar_track.primary: _AUDITS}))
    if tracks.gray_pool:
        keys.append(Key("gray", dict.fromkeys(tracks.gray_pool.models, _TRIALS)))
    return Account(now, week, tuple(keys), policies.lock.models)
