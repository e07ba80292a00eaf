"""One model, one vendor or the whole platform over the archived weeks: what was asked for, and its weeks.

Every ISO week of the range is in the answer. One that is not archived, or that does not list what was asked for, says
so and has no tokens: neither is a nought. Tokens are whole numbers; shares and changes are exact until they are shown.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from harness.market.families import parse
from harness.market.history_index import Facts, Index
from harness.market.numbers import change, share
from harness.weeks import Week

TOTAL = "total"
Kind = Literal["family", "permaslug", "vendor", "total"]
Status = Literal["listed", "not listed", "not archived"]
#: Sources that list every week down to the same depth.
DATA_SET = frozenset({"official", "saved"})
#: The rank of each kind, as the index has it.
_RANKS: Mapping[Kind, str] = {"family": "family_rank", "permaslug": "rank", "vendor": "vendor_rank"}


class UnknownNameError(Exception):
    """Nothing in the archive has this name; `near` may be meant."""

    def __init__(self, name: str, near: str | None) -> None:
        self.name, self.near = name, near
        super().__init__(name)


@dataclass(frozen=True, slots=True)
class Subject:
    """What was asked for, as the index knows it."""

    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class WeekOf:
    """One week of a subject."""

    week: Week
    status: Status
    #: None: not known, which is not nothing
    tokens: int | None = None
    rank: int | None = None
    share: Fraction | None = None
    #: against the week before, where both are whole
    change: Fraction | None = None
    change_exact: bool = True
    total: int | None = None
    #: whether the tokens are whole counts
    exact: bool = True
    complete: bool = True
    #: days of the week on which it was listed; None where the source does not say
    days: int | None = None
    permaslugs: tuple[str, ...] = ()


def subject(index: Index, asked: str, canonical: Mapping[str, str]) -> Subject:
    """What a name means. `canonical` has the lock's permaslug of each slug. Raises UnknownNameError.

    A permaslug with a date or a variant is itself alone. A slug is the model whatever it was called over the years.
    """
    if asked == TOTAL:
        return Subject("total", TOTAL)
    if "/" not in asked:
        return _known(index, Subject("vendor", asked))
    base, colon, variant = asked.partition(":")
    permaslug = canonical.get(asked, canonical.get(base, base)).partition(":")[0] + colon + variant
    if variant or (permaslug == asked and parse(asked).date):
        return _known(index, Subject("permaslug", permaslug))
    return _known(index, Subject("family", parse(permaslug).family))


def _known(index: Index, found: Subject) -> Subject:
    """The subject, if there is one of that name. `kind` is a column of ours; the name is bound."""
    if index.database.execute(f"SELECT 1 FROM rows WHERE {found.kind} = ? LIMIT 1", [found.name]).fetchone():
        return found
    names = index.database.execute(f"SELECT DISTINCT {found.kind} FROM rows ORDER BY 1").fetchall()
    near = difflib.get_close_matches(found.name, [str(name) for (name,) in names], 1)
    raise UnknownNameError(found.name, near[0] if near else None)


def history(index: Index, of: Subject, since: Week | None = None, until: Week | None = None) -> tuple[WeekOf, ...]:
    """Its weeks in order: from `since`, else the first that lists it, up to `until`, else the newest of the archive."""
    last = until or max(index.weeks)
    found = _total(index) if of.kind == "total" else _listed(index, of, last)
    first = since or min(found, default=last)
    return tuple(_week(of, week, found, index.weeks) for week in _every(first, last))


def _every(first: Week, last: Week) -> Iterator[Week]:
    while first <= last:
        yield first
        first = first.after()


def _total(index: Index) -> Mapping[Week, WeekOf]:
    return {
        week: WeekOf(week, "listed", facts.total, total=facts.total, exact=facts.exact, complete=facts.complete)
        for week, facts in index.weeks.items()
    }


def _listed(index: Index, of: Subject, last: Week) -> Mapping[Week, WeekOf]:
    """The weeks that list it. Column names are ours; what was asked for is bound."""
    asked = f"""
        SELECT week, sum(tokens), min({_RANKS[of.kind]}), bit_count(bit_or(days)), list(permaslug ORDER BY rank)
        FROM rows WHERE {of.kind} = ? AND week <= ? GROUP BY week
    """
    found = {}
    for name, tokens, rank, days, permaslugs in index.database.execute(asked, [of.name, str(last)]).fetchall():
        facts = index.weeks[week := Week.parse(name)]
        found[week] = WeekOf(
            week, "listed", tokens, rank, share(tokens, facts.total), total=facts.total, exact=facts.exact,
            complete=facts.complete, days=days or None, permaslugs=tuple(permaslugs),
        )  # fmt: skip
    return found


def _week(of: Subject, week: Week, found: Mapping[Week, WeekOf], archived: Mapping[Week, Facts]) -> WeekOf:
    if week not in archived:
        return WeekOf(week, "not archived")
    facts = archived[week]
    if week not in found:
        return WeekOf(week, "not listed", total=facts.total, exact=facts.exact, complete=facts.complete)
    now, then = found[week], found.get(week.before())
    if then is None or not (now.complete and then.complete and _is_alike(of, facts, archived[then.week])):
        return now
    return replace(now, change=change(now.tokens, then.tokens), change_exact=now.exact and then.exact)


def _is_alike(of: Subject, now: Facts, then: Facts) -> bool:
    """A vendor is the sum of its listed models: of a Top 10 and of a Top 50 it is not the same thing."""
    return of.kind != "vendor" or now.source == then.source or {now.source, then.source} <= DATA_SET
