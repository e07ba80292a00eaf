"""Altair as the charts use it: a chart over rows, layers as a panel of the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt

from harness.market.charts import look

Panel = alt.LayerChart | alt.FacetChart


def over(rows: Sequence[Mapping[str, object]]) -> alt.Chart:
    """A chart over rows that are written into the picture's specification."""
    return alt.Chart(alt.InlineData(values=[dict(row) for row in rows]))


def panel(layers: Sequence[alt.Chart], height: int, title: alt.TitleParams | None = None) -> Panel:
    """Layers on each other, as wide as the picture."""
    return alt.layer(*layers).properties(width=look.WIDTH, height=height, **({"title": title} if title else {}))
