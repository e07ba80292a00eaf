"""The weeks that a picture shows, and what they say: plain data, before anything is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from harness.market.rankings import Ranked, Ranking
from harness.weeks import Week

WEEKS, TOP = 8, 10
Mark = Literal["up", "down", "same", "new", "none"]


@dataclass(frozen=True, slots=True)
class Window:
    """The drawn week and up to seven before it. A week without a ranking is a gap, and stays one."""

    weeks: tuple[Week, ...]
    rankings: Mapping[Week, Ranking]
    #: by permaslug: what carries a model's line from one week to the next, also across a new permaslug
    lineage: Callable[[str], str] = str

    @property
    def last(self) -> Ranking:
        """The drawn week."""
        return self.rankings[self.weeks[-1]]

    @property
    def before(self) -> Ranking | None:
        """The week before it, where that is archived."""
        return self.rankings.get(self.weeks[-1].before())

    def top(self, week: Week) -> tuple[Ranked, ...]:
        """The Top 10 of a week; nothing for a gap."""
        ranking = self.rankings.get(week)
        return () if ranking is None else ranking.platform.models[:TOP]


def window(week: Week, read: Callable[[Week], Ranking | None], lineage: Callable[[str], str] = str) -> Window:
    """The weeks up to `week`, from the first that is archived; `week` itself must be."""
    asked = tuple(week.before(back) for back in reversed(range(WEEKS)))
    found = {each: ranking for each in asked if (ranking := read(each)) is not None}
    if week not in found:
        raise KeyError(f"{week} is not archived")
    return Window(asked[asked.index(min(found)) :], found, lineage)


@dataclass(frozen=True, slots=True)
class Bar:
    """A model of the Top 10 beside its week before."""

    model: Ranked
    mark: Mark
    #: its tokens in the week before, where the two weeks can be compared
    before: int | None
    #: its rank in the week before, where it was listed
    was: int | None
    #: whether both weeks count whole tokens
    exact: bool


def bars(shown: Window) -> tuple[Bar, ...]:
    """The Top 10 of the drawn week. Nothing is compared with a gap, or between whole and part weeks."""
    last, before = shown.last, shown.before
    if before is None or not (last.is_complete and before.is_complete):
        return tuple(Bar(model, "none", None, None, last.provenance.exact) for model in shown.top(last.week))
    exact = last.provenance.exact and before.provenance.exact
    listed = _by_lineage(before, shown.lineage)
    return tuple(_bar(model, listed.get(shown.lineage(model.permaslug)), exact) for model in shown.top(last.week))


def _bar(model: Ranked, was: Ranked | None, exact: bool) -> Bar:
    if was is None or not was.tokens:
        return Bar(model, "new", None, None, exact)
    mark: Mark = "up" if model.tokens > was.tokens else "down" if model.tokens < was.tokens else "same"
    return Bar(model, mark, was.tokens, was.rank, exact)


def _by_lineage(ranking: Ranking, lineage: Callable[[str], str]) -> Mapping[str, Ranked]:
    """The best-ranked model of each lineage."""
    return {lineage(model.permaslug): model for model in reversed(ranking.platform.models)}


@dataclass(frozen=True, slots=True)
class Line:
    """A model's way through the Top 10: its rank in each week that has it there."""

    lineage: str
    ranks: Mapping[Week, int]
    permaslugs: Mapping[Week, str]
    #: weeks in which it is in the Top 10 and was not in the archived week before
    entered: frozenset[Week]
    #: the first archived week after its last one in the Top 10; None for one that is still there
    left: Week | None


def lines(shown: Window) -> tuple[Line, ...]:
    """Every model that was in the Top 10 of a shown week, by its newest rank: those still there come first."""
    seen: dict[str, dict[Week, Ranked]] = {}
    for week in shown.weeks:
        for model in reversed(shown.top(week)):
            seen.setdefault(shown.lineage(model.permaslug), {})[week] = model
    made = (_line(lineage, models, shown) for lineage, models in seen.items())
    return tuple(sorted(made, key=lambda line: (-max(line.ranks).monday.toordinal(), line.ranks[max(line.ranks)])))


def _line(lineage: str, models: Mapping[Week, Ranked], shown: Window) -> Line:
    entered = frozenset(week for week in models if week.before() in shown.rankings and week.before() not in models)
    later = (week for week in shown.weeks if week > max(models) and week in shown.rankings)
    return Line(
        lineage,
        {week: model.rank for week, model in models.items()},
        {week: model.permaslug for week, model in models.items()},
        entered,
        next(later, None),
    )
