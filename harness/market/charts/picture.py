"""The week's picture: three charts under each other, as SVG for both themes and as PNG for each.

Same week, same bytes: no id is counted or random, the font comes with the renderer, and nothing is drawn that it lacks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

import altair as alt
import vl_convert

from harness.market.charts import look, ranks, shares, top
from harness.market.charts.holdings import holdings, vendors
from harness.market.charts.palette import reduced
from harness.market.charts.panels import Panel, over, panel
from harness.market.charts.window import Bar, Window, bars, ways
from harness.market.charts.words import model_name, safe, span, tokens
from harness.market.numbers import change as changed
from harness.market.numbers import signed
from harness.market.rankings import Kind, Ranking
from harness.market.vendors import vendor
from harness.weeks import DAYS

#: Sharp on dense displays, and at the width of a wide page.
_SCALE = 2
_LINE = 19
#: Names are escaped: the first of these is ours.
_STYLE_PLACE = "</desc>"
_ABOUT_SHARES = "not listed: what the source gives only as a sum, of any vendor"
_NOT_OURS: dict[Kind, str] = {"scrape": "an archive of the public page", "article": "an article’s table"}


def specification(shown: Window) -> dict[str, Any]:
    """The picture in Vega-Lite."""
    named = vendors(shown)
    hues = look.hues(named)
    drawn, found, held = bars(shown), ways(shown), holdings(shown, named)
    called = {slug: vendor(slug).name.partition(" (")[0] for slug in named}
    panels = [
        top.chart(drawn, hues, _title(f"Top {len(drawn)}, tokens of the week", _about_bars(shown, drawn))),
        ranks.chart(shown, found, hues, _title("Ranks", _about_ranks(shown), 26)),
    ]
    if held:
        title = _title("Share of all tokens by vendor", _ABOUT_SHARES, 26)
        panels.append(shares.chart(shown, held, named, hues, called, title))
    whole = alt.vconcat(*panels, _caption(shown), spacing=34, title=_headline(shown))
    return {**whole.to_dict(), "config": look.config()}


def draw(shown: Window) -> str:
    """The picture as Vega's SVG, in the light colours, with a title and a description."""
    drawn = vl_convert.vegalite_to_svg(specification(shown))
    head, end, body = drawn.partition(">")
    title, description = escape(f"OpenRouter rankings, week {shown.last.week}"), escape(" ".join(described(shown)))
    labelled = f'{head} role="img" aria-labelledby="picture-title picture-description"{end}'
    return (
        f'{labelled}<title id="picture-title">{title}</title>'
        f'<desc id="picture-description">{description}{_STYLE_PLACE}{body}\n'
    )


def svg(drawn: str) -> str:
    """A drawn picture as SVG: light, or dark where the reader's page is."""
    return _styled(drawn, f"@media (prefers-color-scheme:dark){{{look.DARK}}}")


def png(drawn: str, dark: bool = False) -> bytes:
    """A drawn picture as PNG, on paper of its own: it reads on any page."""
    return reduced(vl_convert.svg_to_png(_styled(drawn, look.DARK) if dark else drawn, scale=_SCALE))


def _styled(drawn: str, css: str) -> str:
    """With a style sheet: it overrides the colours that are written on each mark."""
    return drawn.replace(_STYLE_PLACE, f"{_STYLE_PLACE}<style>{css}</style>", 1)


def headline(shown: Window) -> str:
    """The platform in one line."""
    last, before = shown.last, shown.before
    total = last.platform.total
    parts = [span(last.week)]
    parts.append("total unknown" if total is None else f"{tokens(total, last.provenance.exact)} tokens")
    moved = changed(total, before.platform.total) if before else None
    if moved is not None and before is not None:
        parts.append(f"{signed(moved).replace('-', '−')} on W{before.week.number:02d}")
    if not last.is_complete:
        parts.append(f"{len(last.days)} of {DAYS} days")
    return " · ".join(parts)


def described(shown: Window) -> Iterator[str]:
    """The picture in words, for who cannot see it."""
    yield f"{headline(shown)}."
    for bar in bars(shown):
        _, said = top.moved(bar)
        count = tokens(bar.now.tokens, bar.exact)
        yield f"{bar.now.rank}. {safe(model_name(bar.name))}: {count}{f', {said}' if said else ''}."
    for way in ways(shown):
        if way.left:
            yield f"{safe(model_name(way.name))} left the Top 10 in {way.left}."
    yield from sources(shown)


def _headline(shown: Window) -> alt.TitleParams:
    return alt.TitleParams(
        f"OpenRouter, week {shown.last.week}",
        subtitle=headline(shown),
        fontSize=look.LARGE,
        subtitleFontSize=look.SIZE,
        subtitleColor=look.INK.light,
        offset=22,
    )


def _title(text: str, subtitle: str, offset: int = 12) -> alt.TitleParams:
    return alt.TitleParams(text, subtitle=subtitle, offset=offset)


def _about_bars(shown: Window, drawn: tuple[Bar, ...]) -> str:
    """What the changes are against, and what the signs beside them mean."""
    said = [top.moved(bar)[1] for bar in drawn]
    parts = ["change on the week before"]
    if not any(said):
        why = "the week is not over" if not shown.last.is_complete else "the week before is not archived whole"
        parts = [f"no change shown: {why}"]
    if any(top.CLAIMED in each for each in said):
        parts.append(f"{top.CLAIMED} as the source gives it")
    if any(top.PART in each for each in said):
        parts.append(f"{top.PART} listed on some days only")
    if not all(bar.exact for bar in drawn):
        parts.append("~ rounded")
    return " · ".join(parts)


def _about_ranks(shown: Window) -> str:
    weeks = f"{len(shown.weeks)} weeks" if len(shown.weeks) > 1 else "one archived week"
    return f"{weeks} · ring: entered the Top 10 · cross: left it"


def _caption(shown: Window) -> Panel:
    said = [{"line": number, "said": line} for number, line in enumerate(sources(shown))]
    mark = over(said).mark_text(color=look.MUTED.light, fontSize=look.SMALL, limit=look.WIDTH)
    scale = alt.Scale(domain=[0, len(said)], reverse=True, nice=False)
    lines = mark.encode(text="said:N", x=alt.value(0), y=alt.Y("line:Q", axis=None, scale=scale))
    return panel((lines,), _LINE * len(said))


def sources(shown: Window) -> Iterator[str]:
    """The citation that the licence asks for, and the weeks that are from elsewhere."""
    yield _source(shown.last)
    if all(ranking.platform.total is None for ranking in shown.rankings.values()):
        yield "No shares: no source of these weeks knows the total"
    for kind, words in _NOT_OURS.items():
        weeks = [f"W{w.number:02d}" for w, each in sorted(shown.rankings.items()) if each.provenance.kind == kind]
        if weeks and shown.last.provenance.kind != kind:
            yield f"{', '.join(weeks)}: {words}, not OpenRouter’s data set"


def _source(ranking: Ranking) -> str:
    origin = ranking.provenance
    cited = origin.citation or f"Source: {_NOT_OURS.get(origin.kind, origin.source)}, not OpenRouter’s data set"
    licence = f" {origin.licence}" if origin.licence else ""
    return safe(f"{cited}{licence}", 160)
