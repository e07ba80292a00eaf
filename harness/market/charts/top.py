"""The Top 10 as bars: name, tokens, and what changed since the week before. Each name stands above its bar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import altair as alt

from harness.market.charts import look
from harness.market.charts.panels import Panel, over, panel
from harness.market.charts.window import Bar
from harness.market.charts.words import change, model_name, safe, signed_percent, tokens, vendor_of

PART, CLAIMED = "†", "*"
_ROW = 40
_UP, _TO_BAR = -5, 12
_NAME, _VALUE, _MARK = 28, look.WIDTH - 102, look.WIDTH - 86


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
        return mark, f"{change(now, then, bar.exact)}{PART if bar.part else ''}"
    if bar.claimed_percent is not None:
        mark = "up" if bar.claimed_percent > 0 else "down" if bar.claimed_percent < 0 else "same"
        return mark, f"{signed_percent(bar.claimed_percent)}{CLAIMED}"
    return "none", "new" if bar.compared else ""


def chart(bars: Sequence[Bar], hues: Mapping[str, str], title: alt.TitleParams) -> Panel:
    """The panel."""
    scale = alt.Scale(domain=[-0.5, len(bars) - 0.5], reverse=True, nice=False)
    base = over(rows(bars, hues)).encode(y=alt.Y("row:Q", axis=None, scale=scale))
    return panel(tuple(_layers(base, max(bar.now.tokens for bar in bars))), _ROW * len(bars), title)


def _layers(base: alt.Chart, longest: int) -> Iterator[alt.Chart]:
    across = alt.Scale(domain=[0, longest], range=[0, look.WIDTH], nice=False)
    yield base.mark_bar(orient="horizontal", height=8, yOffset=_TO_BAR).encode(
        x=alt.X("tokens:Q", axis=None, scale=across), color=alt.Color("colour:N", scale=None, legend=None)
    )
    yield base.mark_text(color=look.MUTED.light, dy=_UP).encode(text="rank:N", x=alt.value(0))
    yield base.mark_text(fontWeight="bold", dy=_UP, limit=_VALUE - _NAME - 80).encode(text="name:N", x=alt.value(_NAME))
    yield base.mark_text(align="right", fontWeight="bold", dy=_UP).encode(text="value:N", x=alt.value(_VALUE))
    turned = alt.Scale(domain=["up", "down"], range=["triangle-up", "triangle-down"])
    yield (
        base.mark_point(filled=True, size=70, yOffset=_UP, opacity=1)
        .encode(x=alt.value(_MARK), color=_moved(), shape=alt.Shape("mark:N", scale=turned, legend=None))
        .transform_filter("datum.mark == 'up' || datum.mark == 'down'")
    )
    yield base.mark_text(align="right", dy=_UP).encode(text="said:N", color=_moved(), x=alt.value(look.WIDTH))


def _moved() -> alt.Color:
    colours = {"up": look.RISE, "down": look.FALL, "same": look.MUTED, "none": look.INK}
    scale = alt.Scale(domain=list(colours), range=[pair.light for pair in colours.values()])
    return alt.Color("mark:N", scale=scale, legend=None)
