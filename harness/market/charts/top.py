"""The Top 10 as bars: name, tokens, and what changed since the week before. Each name stands above its bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt

from harness.market.charts import look
from harness.market.charts.window import Bar
from harness.market.charts.words import change, model_name, safe, signed_percent, tokens, vendor_of

_ROW = 40
_TO_BAR = 15
_NUMBER, _VALUE, _MARK = 0, look.WIDTH - 102, look.WIDTH - 86


def rows(bars: Sequence[Bar], hues: Mapping[str, str]) -> list[dict[str, object]]:
    """What is drawn. Tokens are the archive's whole numbers."""
    return [
        {
            "row": number,
            "rank": str(bar.now.rank),
            "name": safe(model_name(bar.name)),
            "vendor": safe(vendor_of(bar.name)),
            "tokens": bar.now.tokens,
            "value": tokens(bar.now.tokens, bar.exact),
            "colour": hues.get(vendor_of(bar.name), look.GREY.light),
            **dict(zip(("mark", "said"), moved(bar), strict=True)),
        }
        for number, bar in enumerate(bars)
    ]


def moved(bar: Bar) -> tuple[str, str]:
    """up, down, same or none, and the words beside it."""
    if bar.then and bar.then.tokens:
        now, then = bar.now.tokens, bar.then.tokens
        mark = "up" if now > then else "down" if now < then else "same"
        return mark, change(now, then, bar.exact)
    if bar.claimed_percent is not None:
        mark = "up" if bar.claimed_percent > 0 else "down" if bar.claimed_percent < 0 else "same"
        return mark, f"{signed_percent(bar.claimed_percent)}*"
    return "none", "new" if bar.compared else ""


def chart(bars: Sequence[Bar], hues: Mapping[str, str], title: alt.TitleParams) -> alt.LayerChart:
    """The panel."""
    base = alt.Chart(alt.Data(values=rows(bars, hues)))
    y = alt.Y("row:Q", axis=None, scale=alt.Scale(domain=[-0.5, len(bars) - 0.5], reverse=True, nice=False))
    longest = max((bar.now.tokens for bar in bars), default=1)
    x = alt.X("tokens:Q", axis=None, scale=alt.Scale(domain=[0, longest], range=[0, look.WIDTH], nice=False))
    colour = alt.Color("colour:N", scale=None, legend=None)
    ink = {"y": y, "x": alt.value(0)}
    moved = alt.Color(
        "mark:N",
        scale=alt.Scale(
            domain=["up", "down", "same", "none"],
            range=[look.RISE.light, look.FALL.light, look.MUTED.light, look.INK.light],
        ),
        legend=None,
    )
    name = {"dy": -5, "limit": 300}
    return alt.layer(
        base.mark_bar(
            orient="horizontal", height=8, cornerRadiusEnd=2, yOffset=_TO_BAR - 3, color=look.GREY.light
        ).encode(x=x, y=y, color=colour),
        base.mark_text(align="left", color=look.MUTED.light, dy=-5).encode(text="rank:N", y=y, x=alt.value(_NUMBER)),
        base.mark_text(fontWeight="bold", **name).encode(text="name:N", y=y, x=alt.value(28)),
        base.mark_text(align="right", fontWeight="bold", dy=-5).encode(text="value:N", y=y, x=alt.value(_VALUE)),
        base.mark_point(filled=True, size=70, yOffset=-5, opacity=1)
        .encode(
            y=y,
            x=alt.value(_MARK),
            color=moved,
            shape=alt.Shape(
                "mark:N",
                scale=alt.Scale(domain=["up", "down"], range=["triangle-up", "triangle-down"]),
                legend=None,
            ),
        )
        .transform_filter(alt.FieldOneOfPredicate("mark", ["up", "down"])),
        base.mark_text(align="right", dy=-5).encode(text="said:N", color=moved, y=y, x=alt.value(look.WIDTH)),
    ).properties(width=look.WIDTH, height=_ROW * len(bars), title=title)
