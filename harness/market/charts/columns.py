"""The columns of the charts over time: one a week, labelled, and a word where a week has nothing to show."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt

from harness.market.charts import look
from harness.market.charts.panels import over
from harness.market.charts.window import WEEKS, Window
from harness.weeks import Week


def across(shown: Window) -> alt.X:
    """Where each week's column is: the same in each chart."""
    places = [place(shown, 0), place(shown, 1)]
    scale = alt.Scale(domain=[0, 1], range=places, nice=False, zero=False, padding=0)
    return alt.X("column:Q", axis=None, scale=scale)


def place(shown: Window, column: int) -> int:
    """Pixels from the left to the middle of a column. The newest week is always at the same place, before its names."""
    back = len(shown.weeks) - 1 - column
    return look.LAST_WEEK - back * ((look.LAST_WEEK - look.FIRST_WEEK) // (WEEKS - 1))


def labels(shown: Window) -> alt.Chart:
    """`W24` above each column."""
    rows = [{"column": number, "week": f"W{week.number:02d}"} for number, week in enumerate(shown.weeks)]
    mark = over(rows).mark_text(align="center", color=look.MUTED.light, fontSize=look.SMALL)
    made: alt.Chart = mark.encode(x=across(shown), y=alt.value(-10), text="week:N")
    return made


def gaps(shown: Window, said: Mapping[Week, str], middle: int) -> alt.Chart:
    """Why a column is empty, written along it."""
    rows = [{"column": shown.weeks.index(week), "why": why} for week, why in said.items()]
    mark = over(rows).mark_text(angle=270, align="center", color=look.MUTED.light, fontSize=look.SMALL)
    made: alt.Chart = mark.encode(x=across(shown), y=alt.value(middle), text="why:N")
    return made
