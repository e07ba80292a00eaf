"""Long contexts made by a seed: a log, a repository or a ledger with the one fact that the question needs.

The same seed gives the same text on every machine and version of Python: of `random.Random` only `random()` is used,
whose sequence Python promises to keep. The fact stands behind a known part of the items, so that a miss can be told
from a lack of reading.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, TypeVar

Maker = Literal["log", "repository", "ledger"]
_T = TypeVar("_T")

#: Characters of a token, as byte-pair vocabularies cut such text: about. Digits and punctuation make short tokens.
_CHARS: Mapping[Maker, float] = MappingProxyType({"log": 2.6, "repository": 3.6, "ledger": 2.4})
_START = datetime.datetime(2026, 5, 18, 6, 0, 0, tzinfo=datetime.UTC)

_SERVICES = ("gateway", "billing", "mailer", "search", "uploads", "sessions", "webhooks", "thumbnails")
_EVENTS = (
    "GET /v1/orders 200 in {n} ms", "POST /v1/uploads 201 in {n} ms", "cache miss for key user:{n}", "job {n} done",
    "connection from 10.0.{s}.{b} accepted", "retry 1 of 3 for job {n}", "flushed {n} rows", "heartbeat ok, lag {s} s",
    "GET /v1/search?q=invoice 200 in {n} ms", "token refreshed for user:{n}", "queue depth {s}", "GC pause {b} ms",
)  # fmt: skip
_NOUNS = ("order", "invoice", "session", "upload", "customer", "refund", "ticket", "route", "quota", "webhook")
_VERBS = ("load", "store", "merge", "validate", "render", "archive", "count", "notify", "expire", "rank")
_PAYEES = (
    "Kiosk Nord", "Hosting AG", "City Rail", "Paper Mill", "Lunch Box", "Cloud Disk", "Print Shop", "Taxi Blue",
    "Book Corner", "Coffee Lab", "Desk Rental", "Phone Line", "Water Works", "Clean Co", "Flower Stand",
)  # fmt: skip
_ACCOUNTS = ("4200 office", "4210 travel", "4300 hosting", "4400 catering", "4500 services")


def context(make: Maker, tokens: int, seed: int, fact: str, at: float) -> str:
    """A text of about so many tokens; `fact` stands behind the share `at` of it, with {time} or {date} filled in."""
    dice = random.Random(seed)
    items = list(_enough(_MAKERS[make](dice), int(tokens * _CHARS[make]) - len(fact)))
    place = min(int(len(items) * at), len(items) - 1)
    # what stands before the fact also tells its time, so that the order of a log is kept
    items.insert(place + 1, _stamped(make, fact, place))
    return "\n".join(items)


def _enough(items: Iterator[str], size: int) -> Iterator[str]:
    for item in items:
        yield item
        size -= len(item) + 1
        if size <= 0:
            return


def _stamped(make: Maker, fact: str, place: int) -> str:
    # the next item of a log is a second later, so half a second is between the two
    now = _START + datetime.timedelta(seconds=place, milliseconds=500)
    day = _START + datetime.timedelta(days=place // _A_DAY)
    return (
        fact.replace("{time}", _time(now)).replace("{date}", day.date().isoformat()) if make != "repository" else fact
    )


def _time(moment: datetime.datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _log(dice: random.Random) -> Iterator[str]:
    second = 0
    while True:
        event = _pick(dice, _EVENTS).format(n=_whole(dice, 9000) + 10, s=_whole(dice, 40), b=_whole(dice, 250))
        yield f"{_time(_START + datetime.timedelta(seconds=second))} INFO {_pick(dice, _SERVICES)} {event}"
        second += 1


_A_DAY = 9  # bookings


def _ledger(dice: random.Random) -> Iterator[str]:
    yield "date;document;account;payee;amount_eur"
    number = 1
    while True:
        day = (_START + datetime.timedelta(days=number // _A_DAY)).date()
        amount = f"{_whole(dice, 900) + 3}.{_whole(dice, 100):02d}"
        yield f"{day};B{number:05d};{_pick(dice, _ACCOUNTS)};{_pick(dice, _PAYEES)};{amount}"
        number += 1


def _repository(dice: random.Random) -> Iterator[str]:
    number = 0
    while True:
        noun, other = _pick(dice, _NOUNS), _pick(dice, _NOUNS)
        functions = "\n\n".join(_function(dice, noun, other) for _ in range(2 + _whole(dice, 3)))
        number += 1
        yield f"=== services/{_pick(dice, _SERVICES)}/{noun}_{number:03d}.py ===\nimport logging\n\n{functions}\n"


def _function(dice: random.Random, noun: str, other: str) -> str:
    verb, limit = _pick(dice, _VERBS), _whole(dice, 500) + 10
    return (
        f"def {verb}_{noun}_{limit}({noun}_id: int, limit: int = {limit}) -> list[int]:\n"
        f'    """{verb.capitalize()} a {noun} and what belongs to it."""\n'
        f"    found = [{noun}_id * n for n in range(limit)]\n"
        f'    logging.debug("{verb} {other}: %d", len(found))\n'
        f"    return found[:limit]"
    )


def _pick(dice: random.Random, items: Sequence[_T]) -> _T:
    return items[_whole(dice, len(items))]


def _whole(dice: random.Random, below: int) -> int:
    return int(dice.random() * below)


_MAKERS: Mapping[Maker, Callable[[random.Random], Iterator[str]]] = MappingProxyType(
    {"log": _log, "repository": _repository, "ledger": _ledger}
)
