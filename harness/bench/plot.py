"""Latency of a run as a picture: P50 and P95 with their intervals for each leg and scenario. SVG, light and dark.

Same run, same bytes. Colours come in pairs: the chart is drawn in the light ones, and a style sheet in the file puts
the dark ones in their place where the reader's page is dark.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import altair as alt
import vl_convert

from harness.bench.numbers import milliseconds, percentile_words
from harness.bench.stats.percentiles import Percentile
from harness.bench.summary import Summary
from harness.outside import plain

_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
_WIDTH, _ROW, _NAME = 430, 44, 44


class Pair(NamedTuple):
    """A colour on a light page, and its stand-in on a dark one."""

    light: str
    dark: str


_PAPER, _INK = Pair("#ffffff", "#0d1117"), Pair("#1f2328", "#e6edf3")
_MUTED, _RULE = Pair("#59636e", "#9198a1"), Pair("#d8dee4", "#30363d")
_P50, _P95 = Pair("#0b5cad", "#79b8ff"), Pair("#a8480c", "#f0a060")
_PAIRS = (_PAPER, _INK, _MUTED, _RULE, _P50, _P95)
_DARK = "".join(f'[{at}="{pair.light}"]{{{at}:{pair.dark}}}' for pair in _PAIRS for at in ("fill", "stroke"))


def latency_svg(summary: Summary) -> bytes:
    """The picture, with a title and a description in words."""
    drawn = vl_convert.vegalite_to_svg(specification(summary))
    head, end, body = drawn.partition(">")
    title, said = escape(f"Latency of the harness, week {summary.header.week}"), escape(described(summary))
    labelled = f'{head} role="img" aria-labelledby="latency-title latency-description"{end}'
    names = f'<title id="latency-title">{title}</title><desc id="latency-description">{said}</desc>'
    return f"{labelled}{names}<style>@media (prefers-color-scheme:dark){{{_DARK}}}</style>{body}\n".encode()


def described(summary: Summary) -> str:
    """The picture in words."""
    return " ".join(f"{row['row']}: {row['metric']} {row['said']}." for row in _rows(summary))


def specification(summary: Summary) -> dict[str, Any]:
    """The picture in Vega-Lite."""
    rows = list(_rows(summary))
    names = list(dict.fromkeys(row["row"] for row in rows))
    base = alt.Chart(alt.InlineData(rows))
    domain = _domain(rows)
    across = alt.X(
        "ms:Q", title="time to the whole answer, ms (log scale)",
        scale=alt.Scale(type="log", domain=domain, nice=False),
        axis=alt.Axis(values=_ticks(*domain), format=",~g"),
    )  # fmt: skip
    down = alt.Y(
        "row:N", sort=names, title=None, axis=alt.Axis(labelLimit=260, labelPadding=10, domain=False, ticks=False)
    )
    apart = alt.YOffset("metric:N", sort=["P50", "P95"])
    colour = alt.Color(
        "metric:N", title=None,
        legend=alt.Legend(orient="top", direction="horizontal", symbolType="circle", symbolOpacity=1),
        scale=alt.Scale(domain=["P50", "P95"], range=[_P50.light, _P95.light]),
    )  # fmt: skip
    bars = base.mark_rule(strokeWidth=3, strokeCap="round", opacity=0.55).encode(
        x=alt.X("low:Q"), x2="high:Q", y=down, yOffset=apart, color=colour
    )
    points = base.mark_point(filled=True, size=90, opacity=1).encode(x=across, y=down, yOffset=apart, color=colour)
    words = base.mark_text(align="left", dx=9, fontSize=12, color=_INK.light).encode(
        x=alt.X("right:Q"), y=down, yOffset=apart, text="label:N"
    )
    title = alt.TitleParams(
        f"Harness latency, week {summary.header.week}",
        subtitle="dot: percentile · bar: 95 % interval · … no upper bound",
    )
    whole = alt.layer(bars, points, words).properties(width=_WIDTH, height=max(1, len(names)) * _ROW, title=title)
    return {**whole.to_dict(), "config": _config()}


def _domain(rows: Sequence[Mapping[str, Any]]) -> list[float]:
    """All bars, and room for the words right of the last."""
    if not rows:
        return [1.0, 10.0]
    low, high = min(row["low"] for row in rows) / 1.15, max(row["high"] for row in rows)
    return [low, high * max(1.15, (high / low) ** 0.25)]


def _ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times a power of ten; only those where there are many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if len(powers) <= 4 else (1,)
    return [step * 10.0**power for power in powers for step in steps if low <= step * 10.0**power <= high]


def _rows(summary: Summary) -> Iterator[dict[str, Any]]:
    for group in summary.groups:
        for speed in group.speeds:
            row = f"{group.leg} · {_short(group.scenario)} · {speed.warmth}"
            yield {"row": row, "metric": "P50", **_point(speed.total_p50)}
            yield {"row": row, "metric": "P95", **_point(speed.total_p95)}


def _point(found: Percentile) -> Mapping[str, Any]:
    low, high = found.interval.low, found.interval.high
    at = max(found.ms, 0.01)
    right = max(at, high or 0)
    label = f"{'≥ ' if found.at_least else ''}{milliseconds(found.ms)}{'' if high is not None else ' …'}"
    return {
        "ms": at, "low": max(at if low is None else low, 0.01), "high": right, "right": right, "label": label,
        "said": percentile_words(found),
    }  # fmt: skip


def _short(name: str) -> str:
    name = plain(name)
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"


def _config() -> Mapping[str, object]:
    letters = {"labelFont": _FONT, "titleFont": _FONT, "labelColor": _INK.light, "titleColor": _MUTED.light}
    return {
        "aria": False,
        "background": _PAPER.light,
        "font": _FONT,
        "padding": 18,
        "view": {"stroke": None},
        "axis": {**letters, "labelFontSize": 13, "titleFontSize": 13, "titleFontWeight": "normal",
                 "gridColor": _RULE.light, "domainColor": _RULE.light, "tickColor": _RULE.light},
        "legend": {"labelFont": _FONT, "labelColor": _INK.light, "labelFontSize": 13},
        "title": {"font": _FONT, "fontSize": 17, "color": _INK.light, "anchor": "start", "offset": 10,
                  "subtitleFont": _FONT, "subtitleFontSize": 13, "subtitleColor": _MUTED.light},
    }  # fmt: skip
