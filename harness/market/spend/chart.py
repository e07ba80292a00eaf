"""The month as a picture: what each track spent by the day, its cap, and the forecast. Same month, same bytes."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

import altair as alt
import vl_convert

from harness.market.charts import look
from harness.market.spend.money import shown_usd
from harness.market.spend.month import Month
from harness.market.spend.standing import Standing
from harness.market.spend.view import View

_HEIGHT, _SCALE = 300, 2
_LEGEND = "dashed: cap; right: forecast and its 90 % interval"


def drawn(month: Month, view: View, suffix: str) -> bytes:
    """SVG that follows its reader's theme, or PNG."""
    picture = vl_convert.vegalite_to_svg(specification(month, view))
    if suffix == ".png":
        return bytes(vl_convert.svg_to_png(picture, scale=_SCALE))
    head, end, body = picture.partition(">")
    title, said = escape(f"Spend in {month.span.name}"), escape(described(month))
    labelled = f'{head} role="img" aria-labelledby="spend-title spend-said"{end}'
    names = f'<title id="spend-title">{title}</title><desc id="spend-said">{said}</desc>'
    return f"{labelled}{names}<style>@media (prefers-color-scheme:dark){{{look.DARK}}}</style>{body}\n".encode()


def described(month: Month) -> str:
    """The picture in words."""
    return " ".join(_said(standing) for standing in month.standings)


def _said(of: Standing) -> str:
    limit = "" if of.limit_usd is None else f" of {shown_usd(of.limit_usd)}"
    found = of.forecast
    ahead = f", forecast {shown_usd(found.usd)} ({shown_usd(found.low)} … {shown_usd(found.high)})" if found else ""
    return f"{of.track}: {shown_usd(of.spent_usd)}{limit} in {of.period.name}{ahead}."


def specification(month: Month, view: View) -> dict[str, Any]:
    """The picture in Vega-Lite. Here money becomes floats: it is only drawn."""
    tracks = [standing.track for standing in month.standings]
    colours = {track: look.HUES[number].light for number, track in enumerate(tracks)}
    hue = alt.Color("track:N", title=None, sort=tracks, scale=alt.Scale(domain=tracks, range=[*colours.values()]))
    ends = [str(month.span.first), str(month.span.last)]
    x = alt.X("day:T", title=None, scale=alt.Scale(type="utc", domain=ends), axis=alt.Axis(format="%-d", grid=False))
    y = alt.Y("usd:Q", title="USD, summed up", axis=alt.Axis(format="~s", gridColor=look.RULE.light))
    monthly = [standing for standing in month.standings if standing.period == month.span]
    lines = alt.Chart(_data(_spent(month, view, tracks))).mark_line(interpolate="step-after", strokeWidth=2.5)
    caps = alt.Chart(_data(_caps(monthly, ends))).mark_line(strokeDash=[6, 4], strokeWidth=1.5)
    reach = alt.Chart(_data(_forecasts(monthly))).mark_rule(strokeWidth=3, opacity=0.55)
    middle = alt.Chart(_data(_forecasts(monthly))).mark_point(filled=True, size=70)
    whole = alt.layer(
        lines.encode(x=x, y=y, color=hue),
        caps.encode(x=x, y=y, color=hue),
        reach.encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=hue),
        middle.encode(x=x, y=y, color=hue),
        title=alt.TitleParams(
            f"Spend in {month.span.name}", subtitle="dashed: cap; right: forecast and its 90 % interval"
        ),
        width=look.WIDTH,
        height=_HEIGHT,
    )
    return {**whole.to_dict(), "config": look.config()}


def _data(rows: Iterator[dict[str, Any]]) -> alt.InlineData:
    return alt.InlineData(list(rows))


def _spent(month: Month, view: View, tracks: list[Any]) -> Iterator[dict[str, Any]]:
    """Sums up to each day that is over; a day that is not known adds nothing, and the page says so."""
    for track in tracks:
        total = Decimal(0)
        for day in month.span.days:
            if day >= month.today:
                break
            of_day = (cell for cell in view.cells if cell.day == day and view.attribution.track(cell) == track)
            total += sum((cell.cost for cell in of_day), Decimal(0))
            yield _point(track, day, total)


def _caps(standings: list[Standing], ends: list[str]) -> Iterator[dict[str, Any]]:
    for standing in standings:
        if standing.limit_usd is not None:
            yield from ({"track": standing.track, "day": day, "usd": float(standing.limit_usd)} for day in ends)


def _forecasts(standings: list[Standing]) -> Iterator[dict[str, Any]]:
    for standing in standings:
        if found := standing.forecast:
            bounds = {"low": float(found.low), "high": float(found.high)}
            yield {**_point(standing.track, standing.period.last, found.usd), **bounds}


def _point(track: str, day: datetime.date, usd: Decimal) -> dict[str, Any]:
    return {"track": track, "day": str(day), "usd": float(usd)}
