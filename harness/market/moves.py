"""What moved between two weeks: a pure function of two rankings. The unit is a family (harness/market/families.py)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from harness.market.families import Group, groups, version
from harness.market.numbers import change
from harness.market.rankings import Ranked, Ranking
from harness.market.shares import Origins, VendorShare, concentration, origins, vendor_shares
from harness.market.vendors import Vendor, vendor

#: Kinds whose weeks hold every model down to the same depth, and the whole platform.
_DATA_SET = frozenset({"official", "saved"})


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a family stands in one week: its rank among families, all its tokens, and the rows that they are of."""

    rank: int
    tokens: int
    rows: tuple[Ranked, ...]

    @property
    def days(self) -> int:
        """On how many days it was listed at all; 0 where the source gives no days."""
        return len({day for row in self.rows for day in row.days})


@dataclass(frozen=True, slots=True)
class Line:
    """One family in both weeks. None: not listed, which is not the same as nothing."""

    name: str
    group: Group
    now: Standing | None
    then: Standing | None

    @property
    def vendor(self) -> Vendor:
        """Who makes it."""
        return vendor(self.name)

    @property
    def change(self) -> Fraction | None:
        """The change of its tokens as a part of what they were."""
        return change(self.now.tokens, self.then.tokens) if self.now and self.then else None

    @property
    def climbed(self) -> int | None:
        """By how many ranks it rose; below zero: fell."""
        return self.then.rank - self.now.rank if self.now and self.then else None

    @property
    def claimed_percent(self) -> int | None:
        """The change that the source itself gives, if all of the family is one row of it."""
        return self.now.rows[0].claimed_percent if self.now and len(self.now.rows) == 1 else None

    @property
    def part_of_week(self) -> bool:
        """Whether it was listed on some days only: its tokens of the other days are in `other`, or never were."""
        return any(0 < standing.days < 7 for standing in (self.now, self.then) if standing)


@dataclass(frozen=True, slots=True)
class Moves:
    """All that moved from one week to another."""

    now: Ranking
    then: Ranking
    #: the Top N that was asked for, and as much of it as both weeks list
    top_asked: int
    depth: int
    threshold_percent: Decimal
    #: every family that either week lists, the present week's ranks first
    lines: tuple[Line, ...]
    #: permaslugs that the policies name: they are watched at any rank
    named: frozenset[str] = frozenset()

    @property
    def top(self) -> tuple[Line, ...]:
        """The present week's Top N."""
        return tuple(line for line in self.lines if line.now and line.now.rank <= self.top_asked)

    @property
    def movers(self) -> tuple[Line, ...]:
        """Families in either week's Top N, or in the policies, that pass the threshold; the largest change first."""
        moved = (line for line in self.lines if self._is_watched(line) and self._passes(line))
        return tuple(sorted(moved, key=lambda line: (-abs(self._largest(line)), line.name)))

    @property
    def entrants(self) -> tuple[Line, ...]:
        """Families in the Top N that were not in it."""
        return tuple(line for line in self.lines if self._is_in(line.now) and not self._is_in(line.then))

    @property
    def dropouts(self) -> tuple[Line, ...]:
        """Families that were in the Top N and no longer are."""
        out = (line for line in self.lines if self._is_in(line.then) and not self._is_in(line.now))
        return tuple(sorted(out, key=lambda line: line.then.rank if line.then else 0))

    @property
    def successions(self) -> tuple[Line, ...]:
        """Families that go on under another name."""
        return tuple(line for line in self.lines if line.group.successors)

    @property
    def weeks_apart(self) -> int:
        """1 for neighbours."""
        return (self.now.week.monday - self.then.week.monday).days // 7

    @property
    def is_like_for_like(self) -> bool:
        """Whether both weeks are the data set's: sums over what is listed can then be compared."""
        return {self.now.provenance.kind, self.then.provenance.kind} <= _DATA_SET

    @property
    def total_change(self) -> Fraction | None:
        """The change of the whole platform; None where a source does not know the whole."""
        return change(self.now.platform.total, self.then.platform.total)

    @property
    def vendors(self) -> tuple[VendorShare, ...]:
        """Tokens by vendor in both weeks."""
        return vendor_shares(self.now.platform, self.then.platform)

    @property
    def origins(self) -> Origins:
        """Tokens by the country of the vendor."""
        return origins(self.now.platform)

    def concentration(self) -> Mapping[str, Fraction | None]:
        """How much of the platform its largest models take."""
        tokens = sorted((line.now.tokens for line in self.lines if line.now), reverse=True)
        return concentration(tokens, self.now.platform.total)

    def claim(self, line: Line) -> int | None:
        """A line's change by its source's own word, where the archive cannot measure it week on week itself."""
        measured = self.weeks_apart == 1 and line.change is not None
        return None if measured else line.claimed_percent

    def line_of(self, permaslug: str) -> Line | None:
        """The family that a permaslug belongs to."""
        return next((line for line in self.lines if permaslug in line.group.members), None)

    def notes(self) -> Iterator[str]:
        """What a reader must know before comparing."""
        for ranking in (self.now, self.then):
            if note := _about(ranking):
                yield note
        if self.weeks_apart != 1:
            yield f"{self.then.week} is {self.weeks_apart} weeks earlier: changes are over all of them, not over one"
        if self.depth < self.top_asked:
            yield f"both weeks list only a Top {self.depth}: entrants and dropouts are those of the Top {self.depth}"

    def _is_in(self, standing: Standing | None) -> bool:
        return standing is not None and standing.rank <= self.depth

    def _is_watched(self, line: Line) -> bool:
        return self._is_in(line.now) or self._is_in(line.then) or not self.named.isdisjoint(line.group.members)

    def _passes(self, line: Line) -> bool:
        return self._largest(line) != 0 and abs(self._largest(line)) * 100 >= Fraction(self.threshold_percent)

    def _largest(self, line: Line) -> Fraction:
        """The measured change, or the source's own claim where that is larger."""
        return max(line.change or Fraction(0), Fraction(self.claim(line) or 0, 100), key=abs)


def moves(
    now: Ranking, then: Ranking, top: int, threshold_percent: Decimal, named: Collection[str] = frozenset()
) -> Moves:
    """Compare two weeks: a Top N, and the change in percent from which a family is a mover."""
    before, after = _rows(then), _rows(now)
    found = groups(_tokens(before), _tokens(after))
    old, new = _standings(found, before), _standings(found, after)
    lines = tuple(Line(_name(group, before, after), group, new.get(group), old.get(group)) for group in found)
    depth = min(top, len(new), len(old))
    return Moves(now, then, top, depth, threshold_percent, tuple(sorted(lines, key=_order)), frozenset(named))


def _rows(ranking: Ranking) -> Mapping[str, Ranked]:
    return {row.permaslug: row for row in ranking.platform.models}


def _tokens(rows: Mapping[str, Ranked]) -> Mapping[str, int]:
    return {permaslug: row.tokens for permaslug, row in rows.items()}


def _standings(found: Collection[Group], rows: Mapping[str, Ranked]) -> Mapping[Group, Standing]:
    """Families by rank. Rows of equal tokens stay in the source's order: rounded numbers are often equal."""
    listed = {group: tuple(rows[slug] for slug in group.members if slug in rows) for group in found}
    totals = {group: sum(row.tokens for row in of) for group, of in listed.items() if of}
    ordered = sorted(totals, key=lambda group: (-totals[group], min(row.rank for row in listed[group])))
    return {group: Standing(rank, totals[group], listed[group]) for rank, group in enumerate(ordered, 1)}


def _name(group: Group, before: Mapping[str, Ranked], after: Mapping[str, Ranked]) -> str:
    """The largest row's name, of the present week if it has one; without the variant where there are several."""
    rows = [after[slug] for slug in group.members if slug in after] or [before[slug] for slug in group.members]
    largest = max(rows, key=lambda row: (row.tokens, row.permaslug)).permaslug
    return largest if len(group.members) == 1 else version(largest)


def _order(line: Line) -> tuple[int, int, str]:
    return (0, line.now.rank, line.name) if line.now else (1, line.then.rank if line.then else 0, line.name)


def _about(ranking: Ranking) -> str | None:
    """What is special about a week that is not the data set's, or not whole."""
    said = {
        "scrape": "is from an archive of the public page, not from the official data set",
        "article": "is an article's table, not from the official data set",
    }.get(ranking.provenance.kind, "")
    parts = [
        said,
        "" if ranking.provenance.exact else "its numbers are rounded",
        "" if ranking.platform.total is not None else "it does not know the platform's total",
        "" if ranking.is_complete else f"it covers {len(ranking.days)} of 7 days",
    ]
    told = "; ".join(part for part in parts if part)
    return f"{ranking.week} {told}" if said else f"{ranking.week}: {told}" if told else None
