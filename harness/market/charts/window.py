"""The weeks that a picture shows, and what they say: plain data, before anything is drawn.

A line of the picture is a family, as in `vane market diff`: variants and a new permaslug of one model are one line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import pairwise

from harness.market.moves import Line, Moves, Standing, moves
from harness.market.rankings import Ranking
from harness.weeks import Week

WEEKS, TOP = 8, 10
#: Members of a family: its identity from week to week.
Names = frozenset[str]


@dataclass(frozen=True)
class Window:
    """The drawn week and up to seven before it. A week without a ranking is a gap, and stays one."""

    weeks: tuple[Week, ...]
    rankings: Mapping[Week, Ranking]

    @property
    def last(self) -> Ranking:
        """The drawn week."""
        return self.rankings[self.weeks[-1]]

    @property
    def before(self) -> Ranking | None:
        """The week before it, where that is archived and the two can be compared: whole with whole."""
        before = self.rankings.get(self.last.week.before())
        return before if before and before.is_complete and self.last.is_complete else None

    @cached_property
    def moved(self) -> Mapping[Week, Moves]:
        """Each archived week against the archived one before it; the first one against itself."""
        archived = [week for week in self.weeks if week in self.rankings]
        pairs = zip(archived, [archived[0], *archived], strict=False)
        return {now: moves(self.rankings[now], self.rankings[then], TOP, Decimal(0)) for now, then in pairs}


def window(week: Week, read: Callable[[Week], Ranking | None]) -> Window:
    """The weeks up to `week`, from the first that is archived; `week` itself must be."""
    asked = tuple(week.before(back) for back in reversed(range(WEEKS)))
    found = {each: ranking for each in asked if (ranking := read(each)) is not None}
    if week not in found:
        raise KeyError(f"{week} is not archived")
    return Window(asked[asked.index(min(found)) :], found)


@dataclass(frozen=True, slots=True)
class Bar:
    """A family of the Top 10 beside its week before."""

    name: str
    now: Standing
    #: None: it was not listed, or there is no week to compare with
    then: Standing | None
    #: whether there is a week to compare with
    compared: bool
    #: the change that the source itself gives, where we have none
    claimed_percent: int | None
    #: whether both weeks count whole tokens
    exact: bool
    #: whether it was listed on some days only of a week: the rest of its tokens is in neither number
    part: bool


def bars(shown: Window) -> tuple[Bar, ...]:
    """The Top 10 of the drawn week. Nothing is compared across a gap, or between whole and part weeks."""
    before, exact = shown.before, shown.last.provenance.exact
    if before is not None:
        exact = exact and before.provenance.exact
    return tuple(_bar(line, before is not None, exact) for line in shown.moved[shown.last.week].top)


def _bar(line: Line, compared: bool, exact: bool) -> Bar:
    if line.now is None:
        raise ValueError(f"{line.name} is not in the drawn week")
    then = line.then if compared else None
    claimed = None if then and then.tokens else line.claimed_percent
    return Bar(line.name, line.now, then, compared, claimed, exact, line.part_of_week)


@dataclass(frozen=True, slots=True)
class Way:
    """A family's way through the Top 10: its rank in each week that has it there."""

    #: as it is called in the newest of them
    name: str
    ranks: Mapping[Week, int]
    #: weeks in which it is in the Top 10 and was not in the week before, which is archived
    entered: frozenset[Week]
    #: the first archived week after its last one in the Top 10; None for one that is still there
    left: Week | None
    #: its rank in the drawn week, if it is listed there at all
    now: int | None


def ways(shown: Window) -> tuple[Way, ...]:
    """Every family that was in the Top 10 of a shown week: those still there by rank, then the last to leave first."""
    found: list[tuple[Names, dict[Week, Line]]] = []
    for week, moved in shown.moved.items():
        for line in moved.lines:
            if line.now:
                _join(found, frozenset(line.group.members), week, line)
    made = (_way(lines, shown) for _, lines in found if any(_in_top(line) for line in lines.values()))
    return tuple(sorted(made, key=_newest_first))


def _join(found: list[tuple[Names, dict[Week, Line]]], names: Names, week: Week, line: Line) -> None:
    """Put a week's family to the ways that share a name with it; where one week has two of them, the better one leads.

    A handover joins two ways into one.
    """
    same = [(others, lines) for others, lines in found if names & others]
    found[:] = [each for each in found if each not in same]
    joined: dict[Week, Line] = {}
    for lines in ({week: line}, *(lines for _, lines in same)):
        for when, each in lines.items():
            joined[when] = min(joined.get(when, each), each, key=_rank)
    found.append((names.union(*(others for others, _ in same)), joined))


def _rank(line: Line) -> int:
    return line.now.rank if line.now else 0


def _in_top(line: Line) -> bool:
    return 0 < _rank(line) <= TOP


def _way(lines: Mapping[Week, Line], shown: Window) -> Way:
    ranks = {week: _rank(line) for week, line in sorted(lines.items()) if _in_top(line)}
    entered = frozenset(week for week in ranks if week.before() in shown.rankings and week.before() not in ranks)
    later = (week for week in shown.weeks if week > max(ranks) and week in shown.rankings)
    now = lines.get(shown.last.week)
    return Way(lines[max(ranks)].name, ranks, entered, next(later, None), _rank(now) if now else None)


def _newest_first(way: Way) -> tuple[int, int, str]:
    return (-max(way.ranks).monday.toordinal(), way.ranks[max(way.ranks)], way.name)


def runs(shown: Window, way: Way) -> Iterator[tuple[Week, ...]]:
    """Neighbouring weeks of a way: a line is drawn through each run, and not across what nobody knows."""
    run: list[Week] = []
    for week in shown.weeks:
        if week in way.ranks:
            run.append(week)
        elif run:
            yield tuple(run)
            run = []
    if run:
        yield tuple(run)


def bridges(shown: Window, way: Way) -> Iterator[tuple[Week, Week]]:
    """Pairs of weeks of a way with nothing archived between them; the way may have gone anywhere."""
    weeks = [*way.ranks, *([way.left] if way.left else [])]
    for before, after in pairwise(weeks):
        between = shown.weeks[shown.weeks.index(before) + 1 : shown.weeks.index(after)]
        if between and not any(week in shown.rankings for week in between):
            yield before, after
