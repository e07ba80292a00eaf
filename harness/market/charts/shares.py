"""Each vendor's part of all tokens, week by week, with names instead of a legend. A week without a total is empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import altair as alt

from harness.market.charts import columns, look
from harness.market.charts.holdings import OTHER_VENDORS, UNLISTED, Holding, gaps
from harness.market.charts.panels import Panel, over, panel
from harness.market.charts.window import Window
from harness.market.charts.words import percent, safe

HEIGHT = 290
_APART = 18
_BAR = 36
_TO_NAME = _BAR // 2 + 72
Row = dict[str, object]


def parts(shown: Window, held: Sequence[Holding], named: Sequence[str], hues: Mapping[str, str]) -> list[Row]:
    """The pieces of each column, the first vendor on top. Tokens are the archive's whole numbers."""
    order = (*named, OTHER_VENDORS, UNLISTED)
    colours = _colours(hues)
    return [
        {
            "column": shown.weeks.index(part.week), "week": str(part.week), "who": safe(part.who),
            "tokens": part.tokens, "order": -order.index(part.who), "colour": colours[part.who],
        }
        for part in held
    ]  # fmt: skip


def names(
    shown: Window, held: Sequence[Holding], named: Sequence[str], hues: Mapping[str, str], called: Mapping[str, str]
) -> Iterator[Row]:
    """Who has which part of the newest week that has parts, beside the middle of the piece or as near as fits."""
    if not held:
        return
    newest = max(part.week for part in held)
    pieces = [part for part in held if part.week == newest]
    above, middles = 0, []
    for part in pieces:
        middles.append((2 * above + part.tokens) * HEIGHT // (2 * part.total))
        above += part.tokens
    colours = _colours(hues)
    for part, y in zip(pieces, _apart(middles), strict=True):
        who = safe(called.get(part.who, part.who))
        yield {
            "column": len(shown.weeks) - 1, "y": y, "share": percent(part.tokens, part.total), "who": who,
            "colour": colours[part.who],
        }  # fmt: skip


def _colours(hues: Mapping[str, str]) -> Mapping[str, str]:
    return {**hues, OTHER_VENDORS: look.GREY.light, UNLISTED: look.PALE.light}


def _apart(middles: Sequence[int]) -> list[int]:
    """The nearest places in the same order that leave a line's height between them, inside the chart."""
    placed: list[int] = []
    for middle in middles:
        placed.append(max(middle, placed[-1] + _APART if placed else _APART // 2))
    lowest = HEIGHT - _APART // 2
    for number in reversed(range(len(placed))):
        placed[number] = min(placed[number], lowest)
        lowest = placed[number] - _APART
    return placed


def chart(
    shown: Window, held: Sequence[Holding], named: Sequence[str], hues: Mapping[str, str],
    called: Mapping[str, str], title: alt.TitleParams,
) -> Panel:  # fmt: skip
    """The panel."""
    x, colour = columns.across(shown), alt.Color("colour:N", scale=None, legend=None)
    part = over(parts(shown, held, named, hues))
    name = over(list(names(shown, held, named, hues, called)))
    name = name.encode(y=alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, HEIGHT], reverse=True, nice=False)), x=x)
    bar = part.mark_bar(width=_BAR, stroke=look.PAPER.light, strokeWidth=1.5).encode(
        x=x, y=alt.Y("tokens:Q", stack="normalize", axis=None), order=alt.Order("order:Q"), color=colour
    )
    key = name.mark_square(filled=True, size=90, opacity=1, xOffset=_BAR // 2 + 14).encode(color=colour)
    share = name.mark_text(align="right", dx=_TO_NAME - 6, fontWeight="bold").encode(text="share:N")
    text = name.mark_text(dx=_TO_NAME, limit=look.WIDTH - look.LAST_WEEK - _TO_NAME).encode(text="who:N")
    layers = (columns.labels(shown), columns.gaps(shown, gaps(shown), HEIGHT // 2), bar, key, share, text)
    drawn: Panel = panel(layers, HEIGHT, title).resolve_scale(y="independent")
    return drawn
