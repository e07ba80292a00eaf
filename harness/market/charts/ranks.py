"""Ranks over the weeks as a bump chart, with names instead of a legend.

The Top 10 of the drawn week have their names at the right. A family that left the Top 10 goes down to a row of its own
below rank 10 and has its name there. The last to leave has the highest row, so that no line crosses a name: all lines
to lower rows come down further left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import altair as alt

from harness.market.charts import columns, look
from harness.market.charts.window import TOP, Way, Window, segments
from harness.market.charts.words import model_name, safe, vendor_of
from harness.weeks import Week

_ROW = 27
Row = dict[str, object]


def points(shown: Window, found: Sequence[Way], hues: Mapping[str, str]) -> list[Row]:
    """Every point of every line. `run` is what a line goes through; `place` is a rank, or the row of one that left."""
    rows: list[Row] = []
    left = [way for way in found if way.left]
    lane = {way.name: TOP + 1 + number for number, way in enumerate(left)}
    for number, way in enumerate(found):
        colour = look.PALE.light if way.left else hues.get(vendor_of(way.name), look.GREY.light)
        for run, weeks in enumerate(segments(shown, way)):
            for week in weeks:
                kind = "entered" if week in way.entered else "there"
                rows.append(_row(shown, week, f"{number}.{run}", way.ranks[week], colour, kind))
        if way.left:
            rows.append(_row(shown, way.left, f"{number}.{run}", lane[way.name], colour, "left"))
    return rows


def _row(shown: Window, week: Week, run: str, place: int, colour: str, kind: str) -> Row:
    return {
        "week": str(week), "column": shown.weeks.index(week), "run": run, "place": place, "colour": colour, "kind": kind,
    }  # fmt: skip


def names(shown: Window, found: Sequence[Way], hues: Mapping[str, str]) -> Iterator[Row]:
    """The name at the end of each line."""
    lane = TOP
    for way in found:
        name = safe(model_name(way.name))
        if way.left is None:
            colour = hues.get(vendor_of(way.name), look.GREY.light)
            place = way.ranks[shown.last.week]
            yield {"column": len(shown.weeks) - 1, "place": place, "name": name, "said": str(place), "colour": colour}
        else:
            lane += 1
            now = f" · now {way.now}" if way.now else " · not listed"
            column = shown.weeks.index(way.left)
            yield {"column": column, "place": lane, "name": f"{name}{now}", "said": "", "colour": look.MUTED.light}


def chart(shown: Window, found: Sequence[Way], hues: Mapping[str, str], title: alt.TitleParams) -> alt.LayerChart:
    """The panel."""
    rows = points(shown, found, hues)
    depth = TOP + sum(way.left is not None for way in found)
    y = alt.Y("place:Q", axis=None, scale=alt.Scale(domain=[0.4, depth + 0.6], reverse=True, nice=False))
    x, colour = columns.across(shown), alt.Color("colour:N", scale=None, legend=None)
    line = alt.Chart(alt.Data(values=rows)).encode(x=x, y=y)
    point = line.mark_point(filled=True, size=80, opacity=1).encode(color=colour)
    ring = line.mark_point(filled=True, size=26, opacity=1, color=look.PAPER.light)
    cross = line.mark_point(shape="cross", angle=45, filled=True, size=80, opacity=1, color=look.GREY.light)
    name = alt.Chart(alt.Data(values=list(names(shown, found, hues))))
    number = alt.Chart(alt.Data(values=[{"place": place} for place in range(1, TOP + 1)]))
    unarchived = {week: "not archived" for week in shown.weeks if week not in shown.rankings}
    return alt.layer(
        columns.labels(shown),
        columns.gaps(shown, unarchived, _ROW * TOP // 2),
        number.mark_text(align="right", color=look.MUTED.light, fontSize=look.SMALL).encode(
            text="place:N", y=y, x=alt.value(14)
        ),
        line.mark_line(interpolate="monotone", strokeWidth=3.5, strokeCap="round").encode(
            detail="run:N", color=colour
        ),
        point.transform_filter("datum.kind != 'left'"),
        ring.transform_filter("datum.kind == 'entered'"),
        cross.transform_filter("datum.kind == 'left'"),
        name.mark_text(dx=14, limit=look.WIDTH - look.LAST_WEEK - 14).encode(x=x, y=y, text="name:N", color=colour),
    ).properties(width=look.WIDTH, height=_ROW * depth, title=title)
