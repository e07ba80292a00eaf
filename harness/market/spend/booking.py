"""From what the account said to what the ledger holds: what no key explains, what is new, what was revised. Pure but
for the last step, which runs in the ledger's one transaction.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from compiler.diagnostics import Place, PolicyError
from harness.market.spend.account import Said, window_at
from harness.market.spend.findings import KEYS_EXCEED_TOTAL, OLDER_ANSWER, VANISHED_DAY
from harness.market.spend.ledger import Ledger
from harness.market.spend.rows import ACCOUNT, NAMED, NO_KEY, Activity, Counter, Key

#: The account's server adds floats: far below the smallest price, far above what such a sum is off.
_NOISE = Decimal("0.000000001")
_COUNTS = ("requests", "prompt_tokens", "completion_tokens", "reasoning_tokens")

Cell = tuple[datetime.date, str]


@dataclass(frozen=True, slots=True)
class Change:
    """A day of a key: its amount before and after; None where the ledger had nothing."""

    day: datetime.date
    key: str
    old: Decimal | None
    new: Decimal


@dataclass(frozen=True, slots=True)
class Booking:
    """What a sync does to the ledger."""

    said: Said
    added: tuple[Change, ...]
    revised: tuple[Change, ...]
    unchanged: int
    #: rows of the changed (day, key) as they shall be
    rows: tuple[Activity, ...]
    #: days since the first sync that no sync saw; nobody can ask for them any more
    gaps: tuple[datetime.date, ...]


def book(said: Said, ledger: Ledger | None) -> Booking:
    """What has to be done. Raises PolicyError where the answers contradict each other or the ledger."""
    window = said.window
    old = ledger.rows(Activity, "day BETWEEN ? AND ?", (window.first, window.last)) if ledger else ()
    syncs = [counter.at.date() for counter in ledger.rows(Counter, "what = ?", (ACCOUNT,))] if ledger else []
    _hold_against(said, old, syncs)
    asked_about = {*said.by_key, NO_KEY}
    gone = tuple(row for row in old if row.key not in asked_about)
    asked = tuple(row for rows in said.by_key.values() for row in rows)
    new = _cells((*asked, *unexplained(said.total, (*asked, *gone))))
    before = _cells(row for row in old if row.key in asked_about)
    changed = sorted(cell for cell in before.keys() | new.keys() if before.get(cell) != new.get(cell))
    changes = [Change(*cell, _usd(before.get(cell)), _usd(new.get(cell)) or Decimal(0)) for cell in changed]
    return Booking(
        said,
        added=tuple(change for change in changes if change.old is None),
        revised=tuple(change for change in changes if change.old is not None),
        unchanged=len(new.keys() - {*changed}),
        rows=tuple(row for cell in changed for row in new.get(cell, ())),
        gaps=gaps((*syncs, said.at.date())),
    )


def enter(booking: Booking, ledger: Ledger) -> None:
    """Do it; the caller's transaction makes it one step."""
    said = booking.said
    ledger.remove("activity", ("day", "key"), [(c.day, c.key) for c in (*booking.added, *booking.revised)])
    ledger.remove("keys", ("key",), [(key.key,) for key in said.keys])
    ledger.remove("counters", ("at", "what"), [(counter.at, counter.what) for counter in said.counters])
    ledger.add((*booking.rows, *said.keys, *said.counters))
    name_calls(ledger)


def name_calls(ledger: Ledger) -> None:
    """Calls and decisions that know only their key's name get its hash, once one key of the account has that name."""
    for table in ("calls", "decisions"):
        ledger.database.execute(
            f"UPDATE {table} SET key = named.key FROM (SELECT name, min(key) AS key FROM keys GROUP BY name "
            f"HAVING count(*) = 1) AS named WHERE {table}.key = ? || named.name",
            [NAMED],
        )


def unexplained(total: Iterable[Activity], known: Iterable[Activity]) -> Iterator[Activity]:
    """What of the account's total no key has. Raises PolicyError where the keys have more than there is."""
    explained: dict[tuple[object, ...], list[Activity]] = defaultdict(list)
    for row in known:
        explained[row.day, row.identity].append(row)
    for row in total:
        if rest := _rest(row, explained.pop((row.day, row.identity), [])):
            yield rest
    for rows in explained.values():
        if any(row.usd or row.byok_usd or row.requests for row in rows):
            raise _exceeding(rows[0], "the total does not have it")


def _rest(total: Activity, known: list[Activity]) -> Activity | None:
    counts = {name: getattr(total, name) - sum(getattr(row, name) for row in known) for name in _COUNTS}
    usd = total.usd - sum(row.usd for row in known)
    byok = total.byok_usd - sum(row.byok_usd for row in known)
    noise = _NOISE * (1 + len(known))
    if min(usd, byok) < -noise or min(counts.values()) < 0:
        raise _exceeding(total, f"it has {total.usd} USD, {total.requests} requests and {total.prompt_tokens} tokens")
    if max(usd, byok) <= noise and not any(counts.values()):
        return None
    return replace(
        total, usd=max(usd, Decimal(0)), byok_usd=max(byok, Decimal(0)), cached_tokens=_uncached(total, known), **counts
    )


def _uncached(total: Activity, known: list[Activity]) -> int | None:
    """Cached tokens that no key has; None where one of the rows does not tell."""
    cached = [row.cached_tokens for row in known if row.cached_tokens is not None]
    if total.cached_tokens is None or len(cached) < len(known):
        return None
    return max(0, total.cached_tokens - sum(cached))


def _exceeding(row: Activity, why: str) -> PolicyError:
    said = f"{row.day}, {row.model} at {row.provider}: the keys come to more than the account's total; {why}"
    return PolicyError([KEYS_EXCEED_TOTAL.at(Place("GET /activity"), said)])


def _hold_against(said: Said, old: Iterable[Activity], syncs: Iterable[datetime.date]) -> None:
    """An answer must be no older than the ledger, and must not have lost a day."""
    today, newest = said.at.date(), max(syncs, default=datetime.date.min)
    if today < newest:
        message = f"the answer is of {today}, and the ledger was synced on {newest}"
        raise PolicyError([OLDER_ANSWER.at(Place("GET /activity"), message)])
    there = {row.day for row in said.total}
    lost = sorted({row.day for row in old if row.usd or row.byok_usd} - there)
    if lost:
        amount = sum(row.usd + row.byok_usd for row in old if row.day == lost[0])
        message = f"{lost[0]} has {amount:.2f} USD in the ledger and nothing in the answer ({len(lost)} such days)"
        raise PolicyError([VANISHED_DAY.at(Place("GET /activity"), message)])


def _cells(rows: Iterable[Activity]) -> Mapping[Cell, tuple[Activity, ...]]:
    found: dict[Cell, list[Activity]] = defaultdict(list)
    for row in rows:
        found[row.day, row.key].append(row)
    return {cell: tuple(sorted(each, key=lambda row: row.identity)) for cell, each in found.items()}


def _usd(rows: Iterable[Activity] | None) -> Decimal | None:
    return None if rows is None else sum((row.usd + row.byok_usd for row in rows), Decimal(0))


def gaps(syncs: Iterable[datetime.date]) -> tuple[datetime.date, ...]:
    """Days between the first and the last sync's windows that none of them saw."""
    seen = {day for sync in {*syncs} for day in window_at(sync).days}
    if not seen:
        return ()
    first, last = min(seen), max(seen)
    every = (first + datetime.timedelta(days=number) for number in range((last - first).days + 1))
    return tuple(day for day in every if day not in seen)


def key_names(keys: Iterable[Key]) -> Mapping[str, str]:
    """Hash → what people call it."""
    return {NO_KEY: "no key of the account", **{key.key: key.name or key.key[:12] for key in keys}}
