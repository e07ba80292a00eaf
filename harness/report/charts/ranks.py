"""Ranks over the weeks: a line for each family that was in the Top 10, ours in colour. Rows below it hold who left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from harness.market.charts.window import TOP, Way, Window, bridges, runs, ways
from harness.market.families import parse
from harness.report.charts.scale import Dot, Line, Tick, column
from harness.report.words import NONE, model
from harness.weeks import Week

ROW = 30
_FOOT = TOP + 1


@dataclass(frozen=True, slots=True)
class Drawn:
    """A family's way: its marks, and its ranks in words, a week each."""

    #: its own on the page
    key: str
    name: str
    is_ours: bool
    lines: tuple[Line, ...]
    dots: tuple[Dot, ...]
    ranks: tuple[str, ...]
    #: beside the row of its last rank; None: it left the Top 10
    row: int | None
    left: str


@dataclass(frozen=True, slots=True)
class Ranks:
    """The chart."""

    ticks: tuple[Tick, ...]
    height: int
    drawn: tuple[Drawn, ...]

    @property
    def at_end(self) -> tuple[Drawn, ...]:
        """Names beside the last column, by row."""
        return tuple(sorted((each for each in self.drawn if each.row), key=lambda each: each.row or 0))

    @property
    def gone(self) -> tuple[Drawn, ...]:
        """Who left."""
        return tuple(each for each in self.drawn if each.row is None)


def ranks(shown: Window, ours: frozenset[str]) -> Ranks:
    """The whole chart."""
    found = ways(shown)
    drawn = tuple(_drawn(shown, way, str(at), parse(way.name).family in ours) for at, way in enumerate(found))
    rows = _FOOT if any(way.left for way in found) else TOP
    ticks = tuple(Tick(_x(shown, week), f"W{week.number:02d}") for week in shown.weeks)
    return Ranks(ticks, rows * ROW, drawn)


def _drawn(shown: Window, way: Way, key: str, is_ours: bool) -> Drawn:
    name = model(way.name)
    now = f"now {way.now}" if way.now else "no longer listed"
    return Drawn(
        key, name, is_ours, tuple(_lines(shown, way)), tuple(_dots(shown, way, name)),
        tuple(str(way.ranks.get(week, NONE)) for week in shown.weeks),
        None if way.left else way.ranks[shown.last.week],
        f"left in W{way.left.number:02d}, {now}" if way.left else "",
    )  # fmt: skip


def _lines(shown: Window, way: Way) -> Iterator[Line]:
    for run in runs(shown, way):
        yield from (_line(shown, way, *pair) for pair in pairwise(run))
    if way.left and way.left.before() in way.ranks:
        yield _line(shown, way, way.left.before(), way.left, "out")
    yield from (_line(shown, way, *pair, "gap") for pair in bridges(shown, way))


def _line(shown: Window, way: Way, start: Week, end: Week, kind: str = "") -> Line:
    return Line(_x(shown, start), _y(way, start), _x(shown, end), _y(way, end), kind)


def _dots(shown: Window, way: Way, name: str) -> Iterator[Dot]:
    for week, rank in way.ranks.items():
        entered = week in way.entered
        says = f"{name}: rank {rank} in {week}{', entered the Top 10' if entered else ''}"
        yield Dot(_x(shown, week), _y(way, week), says, "entered" if entered else "")
    if way.left:
        yield Dot(_x(shown, way.left), _y(way, way.left), f"{name}: left the Top 10 in {way.left}", "left")


def _x(shown: Window, week: Week) -> str:
    return column(shown.weeks.index(week), len(shown.weeks))


def _y(way: Way, week: Week) -> str:
    return str(way.ranks.get(week, _FOOT) * ROW - ROW // 2)
