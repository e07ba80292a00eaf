"""The columns of the charts over time: one a week, labelled, and a word where a week has nothing to show."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt

from harness.market.charts import look
from harness.market.charts.window import Window
from harness.weeks import Week


def across(shown: Window) -> alt.X:
    """Where each week's column is: the same in each chart."""
    last = max(1, len(shown.weeks) - 1)
    scale = alt.Scale(domain=[0, last], range=[look.FIRST_WEEK, look.LAST_WEEK], nice=False, zero=False)
    return alt.X("column:Q", axis=None, scale=scale)


def labels(shown: Window) -> alt.Chart:
    """`W24` above each column."""
    rows = [{"column": number, "week": f"W{week.number:02d}"} for number, week in enumerate(shown.weeks)]
    mark = alt.Chart(alt.Data(values=rows)).mark_text(align="center", color=look.MUTED.light, fontSize=look.SMALL)
    return mark.encode(x=across(shown), y=alt.value(-10), text="week:N")


def gaps(shown: Window, said: Mapping[Week, str], middle: int) -> alt.Chart:
    """Why a column is empty, written along it."""
    rows = [{"column": shown.weeks.index(week), "why": why} for week, why in said.items()]
    mark = alt.Chart(alt.Data(values=rows)).mark_text(
        angle=270, align="center", color=look.MUTED.light, fontSize=look.SMALL
    )
    return mark.encode(x=across(shown), y=alt.value(middle), text="why:N")
