"""The pictures of an archived week, by file name. What draws is imported when something is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from harness.market import archive
from harness.market.rankings import Ranking
from harness.weeks import Week

SVG, PNG, DARK_PNG = "rankings.svg", "rankings.png", "rankings-dark.png"


def draw(project: Path, week: Week) -> Mapping[str, bytes]:
    """The files of the week's picture. Raises PolicyError where the week is not archived, or a week is broken."""
    archive.read(project, week)  # says how to fetch it
    archived = frozenset(archive.weeks(project))
    return draw_with(week, lambda each: archive.read(project, each) if each in archived else None)


def draw_with(week: Week, read: Callable[[Week], Ranking | None]) -> Mapping[str, bytes]:
    """The same from any source of weeks; one that is not there is None."""
    from harness.market.charts import picture
    from harness.market.charts.window import window

    drawn = picture.draw(window(week, read))
    return {
        SVG: picture.svg(drawn).encode(),
        PNG: picture.png(drawn),
        DARK_PNG: picture.png(drawn, dark=True),
    }
