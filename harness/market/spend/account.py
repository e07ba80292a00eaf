"""What the account says of its spend: keys, activity by key and in all, live counters. Questions only.

After OpenRouter's description (`GET /keys`, `/activity`, `/key`, `/credits`): activity holds the last 30 completed UTC
days, and money is a JSON number, which is read as a decimal and never as a float. A key that is gone from the account
is not asked about: its rows in the ledger stay (docs/decisions/0014-a-ledger-of-days-and-calls.md).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from compiler.diagnostics import Finding, Place, PolicyError
from harness.market.spend import amounts
from harness.market.spend.amounts import OddError
from harness.market.spend.findings import (
    COUNTER_UNREAD,
    DUPLICATE_ROW,
    NOT_A_MANAGEMENT_KEY,
    ODD_ANSWER,
    ODD_DAY,
    OLDER_ANSWER,
    UNANSWERED,
)
from harness.market.spend.rows import ACCOUNT, BILL, NO_KEY, Activity, Counter, Key
from harness.market.spend.standing import Span
from harness.market.spend.track_keys import TrackKey, track_of
from harness.openrouter import Answer, OpenRouter, UnansweredError

#: Completed days that /activity holds.
DAYS = 30
_REFUSED = (401, 403)
#: An account with more keys than this is answered with the same page for ever.
_MOST_PAGES = 1000
#: What an account may have bought or spent since it was opened.
_MOST_EVER = Decimal(10**9)

_Read = TypeVar("_Read")
#: Tells what is asked, and how many questions there are.
Tell = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Said:
    """All that one sync learnt."""

    at: datetime.datetime
    #: the completed days that activity holds
    window: Span
    keys: tuple[Key, ...]
    #: rows of each key that was asked about
    by_key: Mapping[str, tuple[Activity, ...]]
    #: rows of the account as a whole; their key is ""
    total: tuple[Activity, ...]
    counters: tuple[Counter, ...]
    notes: tuple[Finding, ...]


def window_at(today: datetime.date) -> Span:
    """The completed days that an answer of that day holds."""
    first, last = today - datetime.timedelta(days=DAYS), today - datetime.timedelta(days=1)
    return Span(f"{first} to {last}", first, last)


@dataclass(frozen=True, slots=True)
class Asking:
    """One round of questions. `own` opens a client for the secret in a variable, None where it is not set."""

    client: OpenRouter
    own: Callable[[str], OpenRouter | None]
    tell: Tell

    def ask(self, tracks: Mapping[str, TrackKey]) -> Said:
        """Everything, keys before the total: what is billed in between is then in the total. Raises PolicyError."""
        credits = self._get("/credits", 0)
        keys = {key.key: key for key in self._keys()}
        count = len(keys) + len(tracks) + 2
        by_key = {}
        window = window_at(credits.day)
        for hash in keys:
            by_key[hash] = self._activity({"api_key_hash": hash}, hash, window, count)
        total = self._activity({}, NO_KEY, window, count)
        notes: list[Finding] = []
        counters = [_counter(credits, _account_counter), *self._counters(tracks, count, notes)]
        return Said(credits.at, window, tuple(keys.values()), by_key, total, tuple(counters), tuple(notes))

    def _get(self, path: str, count: int, query: Mapping[str, str | int] | None = None) -> Answer:
        self.tell(f"GET {path}", count)
        try:
            return self.client.get(path, query)
        except UnansweredError as error:
            code = NOT_A_MANAGEMENT_KEY if error.status in _REFUSED else UNANSWERED
            raise PolicyError([code.at(Place(error.question), error.problem)]) from error

    def _keys(self) -> Iterator[Key]:
        offset = 0
        for _ in range(_MOST_PAGES):
            answer = self._get("/keys", 0, {"include_disabled": "true", "offset": offset})
            page = rows_of(answer)
            if not page:
                return
            offset += len(page)
            yield from (with_place(answer, partial(_key, row)) for row in page)
        raise PolicyError([ODD_ANSWER.at(Place("GET /keys"), f"the list does not end after {_MOST_PAGES} pages")])

    def _activity(self, query: Mapping[str, str | int], key: str, window: Span, count: int) -> tuple[Activity, ...]:
        answer = self._get("/activity", count, query)
        if window_at(answer.day) != window:
            said = f"the first answer was of {window.last + datetime.timedelta(days=1)}, this one is of {answer.day}"
            raise PolicyError([OLDER_ANSWER.at(Place(answer.question), said)])
        return activity_rows(answer.question, rows_of(answer), key, window)

    def _counters(self, tracks: Mapping[str, TrackKey], count: int, notes: list[Finding]) -> Iterator[Counter]:
        for track in tracks.values():
            self.tell(f"GET /key ({track.name})", count)
            place = Place(f"GET /key ({track.name})")
            try:
                if (client := self.own(track.variable)) is None:
                    notes.append(COUNTER_UNREAD.at(place, f"{track.variable} is not set"))
                    continue
                with client:
                    yield _counter(client.get("/key"), partial(_track_counter, track.track))
            except UnansweredError as error:
                notes.append(COUNTER_UNREAD.at(place, f"{track.variable}: {error.problem}"))


def rows_of(answer: Answer) -> list[Mapping[str, Any]]:
    """The list under `data`. Raises PolicyError."""
    data = answer.data.get("data") if isinstance(answer.data, dict) else None
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise PolicyError([ODD_ANSWER.at(Place(answer.question), "`data` is not a list of objects")])
    return data


def activity_rows(place: str, data: list[Mapping[str, Any]], key: str, window: Span) -> tuple[Activity, ...]:
    """The rows of an answer of /activity, checked. Raises PolicyError."""
    found: dict[tuple[Any, ...], Activity] = {}
    for number, row in enumerate(data, 1):
        where = Place(place, number)
        try:
            made = activity_row(row, key)
        except OddError as error:
            raise PolicyError([error.code.at(where, f"row {number}: {error}")]) from error
        if not window.first <= made.day <= window.last:
            said = f"row {number} is of {made.day}; the completed days are {window.name}"
            raise PolicyError([ODD_DAY.at(where, said)])
        if (made.day, made.identity) in found:
            said = f"row {number}: {made.day} has {made.model} at {made.endpoint!r} twice"
            raise PolicyError([DUPLICATE_ROW.at(where, said, _AGAIN)])
        found[made.day, made.identity] = made
    return tuple(sorted(found.values()))


_AGAIN = "the ledger was not changed; try again later"


def activity_row(row: Mapping[str, Any], key: str) -> Activity:
    """One row. Raises OddError."""
    return Activity(
        day=amounts.day(row, "date"),
        key=key,
        model=amounts.text(row, "model"),
        permaslug=amounts.text(row, "model_permaslug"),
        endpoint=amounts.optional_text(row, "endpoint_id") or "",
        provider=amounts.text(row, "provider_name"),
        usd=amounts.usd(row, "usage"),
        byok_usd=amounts.usd(row, "byok_usage_inference"),
        requests=amounts.count(row, "requests"),
        prompt_tokens=amounts.count(row, "prompt_tokens"),
        completion_tokens=amounts.count(row, "completion_tokens"),
        reasoning_tokens=amounts.count(row, "reasoning_tokens"),
        cached_tokens=amounts.optional_count(row, "cached_tokens"),
        source=BILL,
    )


def _key(row: Mapping[str, Any]) -> Key:
    name = amounts.optional_text(row, "name") or ""
    return Key(amounts.text(row, "hash"), name, track_of(name))


def with_place(answer: Answer, read: Callable[[], _Read]) -> _Read:
    """What `read` gives; what it refuses becomes a finding at the answer."""
    try:
        return read()
    except OddError as error:
        raise PolicyError([error.code.at(Place(answer.question), str(error))]) from error


def _counter(answer: Answer, read: Callable[[Mapping[str, Any], datetime.datetime], Counter]) -> Counter:
    data = answer.data.get("data") if isinstance(answer.data, dict) else None
    if not isinstance(data, dict):
        raise PolicyError([ODD_ANSWER.at(Place(answer.question), "`data` is not an object")])
    return with_place(answer, partial(read, data, answer.at))


def _account_counter(data: Mapping[str, Any], at: datetime.datetime) -> Counter:
    bought, used = (amounts.usd(data, name, _MOST_EVER) for name in ("total_credits", "total_usage"))
    return Counter(at, ACCOUNT, None, bought - used, None, used)


def _track_counter(track: str, data: Mapping[str, Any], at: datetime.datetime) -> Counter:
    """With what providers charged to the team's own keys: limits of tracks count it (`include_byok_in_limit`)."""
    month, ever = (
        amounts.usd(data, name, _MOST_EVER) + amounts.usd(data, f"byok_{name}", _MOST_EVER)
        for name in ("usage_monthly", "usage")
    )
    limit, remaining = (amounts.optional_usd(data, name, _MOST_EVER) for name in ("limit", "limit_remaining"))
    return Counter(at, track, limit, remaining, month, ever)
