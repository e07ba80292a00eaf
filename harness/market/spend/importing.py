"""What imports of calls have in common: UTC, names of models, ids that come once, two sources of one call."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from compiler.diagnostics import Place, PolicyError
from compiler.policy import Policies
from harness.market.exposure import permaslug
from harness.market.spend.amounts import OddError
from harness.market.spend.findings import DUPLICATE_ROW, MIXED_TIME_ZONES, ODD_DAY, ODD_ROW
from harness.market.spend.ledger import Ledger
from harness.market.spend.rows import NAMED, Call

#: OpenRouter's ids tell the second at which the call came: gen-1782618417-…
_ID_SECOND = re.compile(r"gen-([0-9]{10})-")
#: A call may take minutes; the nearest time zones are half an hour apart.
_PATIENCE = datetime.timedelta(minutes=20)
#: Clocks differ.
AHEAD = datetime.timedelta(minutes=5)
_ID = re.compile(r"[A-Za-z0-9_.:-]{4,200}")
#: What a source that knows it adds to one that does not; None and "" know nothing.
_ADDED = ("key", "endpoint", "cached_tokens", "cache_write_tokens", "scenario", "ticket", "machine", "session")


@dataclass(frozen=True, slots=True)
class Names:
    """Both names of a model, by the lock."""

    slugs: Mapping[str, str]
    policies: Policies

    @classmethod
    def of(cls, policies: Policies) -> Names:
        """Those of the lock's models."""
        return cls({locked.canonical_slug: slug for slug, locked in policies.lock.models.items()}, policies)

    def both(self, name: str, variant: str = "") -> tuple[str, str]:
        """Slug and permanent name; the same twice for a model that the lock does not have."""
        base, _, own = name.partition(":")
        colon = f":{own or variant}" if own or variant else ""
        return f"{self.slugs.get(base, base)}{colon}", permaslug(f"{base}{colon}", self.policies)


def utc(text: str, id: str, now: datetime.datetime) -> datetime.datetime:
    """A time of an export, in UTC whether it says so or not. Raises OddError where it cannot be UTC."""
    try:
        at = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise OddError(ODD_ROW, f"{text!a:.60} is no time") from None
    if at.utcoffset():
        raise OddError(MIXED_TIME_ZONES, f"{text} is {at:%z} from UTC")
    at = at.replace(tzinfo=datetime.UTC)
    if at > now + AHEAD:
        raise OddError(ODD_DAY, f"{text} is in the future; it is {now:%Y-%m-%d %H:%M} UTC")
    if found := _ID_SECOND.match(id):
        came = datetime.datetime.fromtimestamp(int(found.group(1)), datetime.UTC)
        if abs(at - came) > _PATIENCE:
            raise OddError(MIXED_TIME_ZONES, f"{text} is not UTC: the id {id} is of {came:%Y-%m-%d %H:%M:%S} UTC")
    return at


def says_zone(text: str) -> bool:
    """Whether a time names its offset."""
    return datetime.datetime.fromisoformat(text).tzinfo is not None


def checked_id(id: str) -> str:
    """An id as it may be. Raises OddError."""
    if not _ID.fullmatch(id):
        raise OddError(ODD_ROW, f"{id!a:.60} is no generation's id")
    return id


def placed(file: Path, line: int, read: Callable[[], Call]) -> tuple[Place, Call]:
    """What `read` gives, and where it stood; what it refuses becomes a finding there."""
    place = Place(str(file), line)
    try:
        return place, read()
    except OddError as error:
        raise PolicyError([error.code.at(place, str(error))]) from error


def once(calls: Iterable[tuple[Place, Call]]) -> tuple[Call, ...]:
    """The calls of a file. Raises PolicyError where an id comes twice."""
    places: dict[str, Place] = {}
    found = []
    for place, call in calls:
        if (first := places.setdefault(call.id, place)) != place:
            raise PolicyError([DUPLICATE_ROW.at(place, f"{call.id} stands on line {first.line} already")])
        found.append(call)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import did."""

    added: int
    revised: int
    unchanged: int


def enter_calls(calls: tuple[Call, ...], ledger: Ledger) -> Taken:
    """Upsert by id; the caller's transaction makes it one step."""
    ids = [call.id for call in calls]
    old = {call.id: call for call in ledger.rows(Call, "id IN (SELECT unnest(?))", (ids,))}
    merged = [merge(old[call.id], call) if call.id in old else call for call in calls]
    changed = [call for call in merged if old.get(call.id) != call]
    ledger.remove("calls", ("id",), [(call.id,) for call in changed])
    ledger.add(changed)
    revised = sum(call.id in old for call in changed)
    return Taken(len(changed) - revised, revised, len(calls) - len(changed))


def merge(old: Call, new: Call) -> Call:
    """Two sources of one call: the newer one's numbers, and what only the older one knew."""
    kept: dict[str, Any] = {name: getattr(old, name) for name in _ADDED if getattr(new, name) in (None, "")}
    if new.key.startswith(NAMED) and old.key:  # its hash may be known by now
        kept["key"] = old.key
    sources = sorted({*old.source.split("+"), *new.source.split("+")})
    return replace(new, source="+".join(sources), **kept)
