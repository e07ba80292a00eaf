"""Ranks over the weeks as a bump chart, with names instead of a legend.

The Top 10 of the drawn week have their names at the right. A family that left the Top 10 goes down to a row of its own
below rank 10 and has its name there. The last to leave has the highest row, so that no line crosses a name: all lines
to lower rows come down further left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import altair as alt

from harness.market.charts import columns, look
from harness.market.charts.panels import Panel, over, panel
from harness.market.charts.window import TOP, Way, Window, bridges, runs
from harness.market.charts.words import model_name, safe, vendor_of
from harness.weeks import Week

_ROW = 27
_TO_NAME = 14
#: Lines of one vendor have one colour, and are told apart by these.
_DASHES = ([1, 0], [9, 7], [1, 7])
_BRIDGE = [1, 6]
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A way, how it is drawn, and its row below the Top 10 where it has left it."""

    way: Way
    colour: str
    dash: list[int]
    lane: int | None


def drawn(found: Sequence[Way], hues: Mapping[str, str]) -> tuple[Drawn, ...]:
    """What each way looks like."""
    of_vendor: Counter[str] = Counter()
    made: list[Drawn] = []
    for way in found:
        vendor = vendor_of(way.name)
        here = way.left is None
        dash = _DASHES[of_vendor[vendor] % len(_DASHES)] if here else _DASHES[0]
        of_vendor[vendor] += here
        lane = None if here else TOP + 1 + sum(each.lane is not None for each in made)
        made.append(Drawn(way, hues.get(vendor, look.GREY.light) if here else look.PALE.light, dash, lane))
    return tuple(made)


def points(shown: Window, ways: Sequence[Drawn]) -> Iterator[Row]:
    """Every point of every line. A line goes through the points of one `run`; `place` is a rank, or a row below."""
    for number, each in enumerate(ways):
        way = each.way
        for part, weeks in enumerate(runs(shown, way)):
            run = f"{number}.{part}"
            for week in weeks:
                kind = "entered" if week in way.entered else "there"
                yield _row(shown, each, week, run, kind)
        if way.left and way.left.before() in way.ranks:
            yield _row(shown, each, way.left, run, "left")
        elif way.left:
            yield _row(shown, each, way.left, f"{number}.left", "left")
        for before, after in bridges(shown, way):
            for week in (before, after):
                yield {**_row(shown, each, week, f"{number}.{before}", "bridge"), "dash": _BRIDGE, "width": 2}


def _row(shown: Window, each: Drawn, week: Week, run: str, kind: str) -> Row:
    return {
        "week": str(week), "column": shown.weeks.index(week), "run": run, "kind": kind, "colour": each.colour,
        "place": each.way.ranks.get(week, each.lane), "dash": each.dash, "width": 3.5,
    }  # fmt: skip


def names(shown: Window, ways: Sequence[Drawn]) -> Iterator[Row]:
    """The name at the end of each line; of one that left, also where it is now."""
    for each in ways:
        way, name = each.way, safe(model_name(each.way.name))
        if way.left is None:
            column = len(shown.weeks) - 1
            yield {"column": column, "place": way.ranks[shown.last.week], "name": name, "colour": look.INK.light}
        else:
            now = f"now {way.now}" if way.now else "not listed"
            column = shown.weeks.index(way.left)
            yield {"column": column, "place": each.lane, "name": f"{name} · {now}", "colour": look.MUTED.light}


def chart(shown: Window, found: Sequence[Way], hues: Mapping[str, str], title: alt.TitleParams) -> Panel:
    """The panel."""
    ways = drawn(found, hues)
    depth = TOP + sum(each.lane is not None for each in ways)
    y = alt.Y("place:Q", axis=None, scale=alt.Scale(domain=[0.4, depth + 0.6], reverse=True, nice=False))
    x, colour = columns.across(shown), alt.Color("colour:N", scale=None, legend=None)
    number = over([{"place": place} for place in range(1, TOP + 1)])
    unarchived = {week: "not archived" for week in shown.weeks if week not in shown.rankings}
    left_of_first = columns.place(shown, 0) - 20
    layers = (
        columns.labels(shown),
        columns.gaps(shown, unarchived, _ROW * TOP // 2),
        number.mark_text(align="right", color=look.MUTED.light, fontSize=look.SMALL).encode(
            text="place:N", y=y, x=alt.value(left_of_first)
        ),
        *_lines(over(list(points(shown, ways))).encode(x=x, y=y), colour),
        *_names(list(names(shown, ways)), shown, x, y, colour),
    )
    return panel(layers, _ROW * depth, title)


def _lines(base: alt.Chart, colour: alt.Color) -> Iterator[alt.Chart]:
    """Lines, then what lies on them."""
    line = base.mark_line(interpolate="monotone", strokeCap="round")
    yield line.encode(
        detail="run:N",
        color=colour,
        strokeDash=alt.StrokeDash("dash:N", scale=None, legend=None),
        strokeWidth=alt.StrokeWidth("width:Q", scale=None, legend=None),
    )
    point = base.mark_point(filled=True, size=80, opacity=1).encode(color=colour)
    yield point.transform_filter("datum.kind == 'there' || datum.kind == 'entered'")
    ring = base.mark_point(filled=True, size=26, opacity=1, color=look.PAPER.light)
    yield ring.transform_filter("datum.kind == 'entered'")
    cross = base.mark_point(shape="cross", angle=45, filled=True, size=80, opacity=1, color=look.GREY.light)
    yield cross.transform_filter("datum.kind == 'left'")


def _names(rows: Sequence[Row], shown: Window, x: alt.X, y: alt.Y, colour: alt.Color) -> Iterator[alt.Chart]:
    """One layer a column: each has other room at its right."""
    for column in range(len(shown.weeks)):
        if here := [row for row in rows if row["column"] == column]:
            room = look.WIDTH - columns.place(shown, column) - _TO_NAME
            mark = over(here).mark_text(dx=_TO_NAME, limit=room)
            yield mark.encode(x=x, y=y, text="name:N", color=colour)
