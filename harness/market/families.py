"""Which names are one model: variants side by side, and a family that goes on under a new permaslug.

OpenRouter ranks each permaslug and variant by itself. `deepseek-v4-flash-20260423` followed by `…-20260731`, and
`hy3-preview` by `hy3:free` by `hy3`, are one model to whoever routes to it. What differs in any other part of the name
is another model: claude-4.6-opus and claude-4.7-opus, v4-flash and v4-pro, qwen3-30b and qwen3-235b.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

_DATE = re.compile(r"-(20\d{2}-\d{2}-\d{2}|20\d{6}|\d{2}-\d{2}|\d{4})$")
_PREVIEW = "-preview"


@dataclass(frozen=True, slots=True)
class Name:
    """A permaslug taken apart."""

    vendor: str
    #: the name without date, `-preview` and variant
    base: str
    #: the date in it as yyyymmdd; "" where there is none, or where it does not say the year
    date: str
    is_preview: bool
    variant: str

    @property
    def family(self) -> str:
        """What all names of one model share."""
        return f"{self.vendor}/{self.base}"


@dataclass(frozen=True, slots=True)
class Group:
    """Permaslugs that count as one model between two weeks."""

    members: tuple[str, ...]
    #: those that hand over, and those that take over; both empty where nothing of the kind goes on
    predecessors: tuple[str, ...] = ()
    successors: tuple[str, ...] = ()


def version(permaslug: str) -> str:
    """A permaslug without its variant: what `GET /models` calls canonical_slug."""
    return permaslug.partition(":")[0]


def parse(permaslug: str) -> Name:
    """Take a permaslug apart. A name without a vendor is its own family."""
    vendor, _, rest = version(permaslug).rpartition("/")
    date = ""
    if (found := _DATE.search(rest)) and _is_date(found.group(1)):
        rest, date = rest[: found.start()], _sortable(found.group(1))
    base = rest.removesuffix(_PREVIEW)
    return Name(vendor, base, date, base != rest, permaslug.partition(":")[2])


def _is_date(digits: str) -> bool:
    """Four digits are a month and a day, or a year and a month; 4-digit model numbers are neither, or so we hope."""
    plain = digits.replace("-", "")
    if len(plain) == 8:
        return _is_day(plain[4:])
    return _is_day(plain) or (23 <= int(plain[:2]) <= 39 and 1 <= int(plain[2:]) <= 12)


def _is_day(plain: str) -> bool:
    return 1 <= int(plain[:2]) <= 12 and 1 <= int(plain[2:]) <= 31


def _sortable(digits: str) -> str:
    plain = digits.replace("-", "")
    if len(plain) == 8:
        return plain
    return "" if _is_day(plain) else f"20{plain}00"


def groups(then: Mapping[str, int], now: Mapping[str, int]) -> tuple[Group, ...]:
    """Every permaslug of two weeks (with its tokens) in exactly one group, in the order of their names."""
    names = {permaslug: parse(permaslug) for permaslug in then.keys() | now.keys()}
    ordered = sorted(names, key=lambda permaslug: (names[permaslug].family, permaslug))
    found: list[Group] = []
    for _, members in groupby(ordered, key=lambda permaslug: names[permaslug].family):
        found += _split(tuple(members), names, then, now)
    return tuple(sorted(found, key=lambda group: group.members))


def _split(
    family: tuple[str, ...], names: Mapping[str, Name], then: Mapping[str, int], now: Mapping[str, int]
) -> Iterable[Group]:
    """Versions that hand over to each other together, each other version alone with its variants."""
    rise = {slug: now.get(slug, 0) - then.get(slug, 0) for slug in family}
    versions = {slug: tuple(s for s in family if version(s) == version(slug)) for slug in family}
    total = {slug: sum(rise[member] for member in versions[slug]) for slug in family}
    pairs = [
        (old, new)
        for old in family
        for new in family
        if version(old) != version(new) and total[old] < 0 < total[new] and _is_newer(names[new], names[old])
    ]
    together = {slug for pair in pairs for end in pair for slug in versions[end]}
    if together:
        yield _group(tuple(slug for slug in family if slug in together), rise, then, now)
    for members in dict.fromkeys(versions[slug] for slug in family if slug not in together):
        yield _group(members, rise, then, now)


def _is_newer(new: Name, old: Name) -> bool:
    if new.is_preview != old.is_preview:
        return old.is_preview
    return not (new.date and old.date) or new.date > old.date


def _group(members: tuple[str, ...], rise: Mapping[str, int], then: Mapping[str, int], now: Mapping[str, int]) -> Group:
    """A succession needs more than two variants that move apart: something appears, or something is gone."""
    old = tuple(slug for slug in members if slug in then and rise[slug] < 0)
    new = tuple(slug for slug in members if slug in now and rise[slug] > 0)
    appears_or_goes = any(slug not in now for slug in old) or any(slug not in then for slug in new)
    is_handover = len({version(slug) for slug in members}) > 1
    return Group(members, old, new) if old and new and (appears_or_goes or is_handover) else Group(members)
