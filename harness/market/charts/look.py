"""What every chart of the picture shares: its font, its sizes, and colours that come in pairs for light and dark.

Charts are drawn in the light colours. `DARK` is CSS that puts the dark one of each pair in its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

#: vl-convert brings Liberation Sans. Arial and Helvetica have its widths: the layout holds in a browser without it.
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
SIZE, SMALL, LARGE = 16, 14, 23
#: Of all three charts. Narrow, so that letters stay readable at the 400 pixels of a telephone.
WIDTH = 600
#: Where week columns lie; what is right of them is for names.
FIRST_WEEK, LAST_WEEK = 34, 392


class Pair(NamedTuple):
    """A colour on a light page, and its stand-in on a dark one."""

    light: str
    dark: str


PAPER = Pair("#ffffff", "#0d1117")
INK = Pair("#1f2328", "#e6edf3")
MUTED = Pair("#59636e", "#9198a1")
RULE = Pair("#d8dee4", "#30363d")
GREY = Pair("#8b939c", "#7d8590")
PALE = Pair("#c9cfd6", "#3d444d")
RISE, FALL = Pair("#0b5cad", "#79b8ff"), Pair("#a8480c", "#f0a060")
#: Apart for all eyes (also without red, green or blue cones), and from the paper. A test measures it.
HUES = (
    Pair("#2f6fe0", "#5995f0"),
    Pair("#d07a16", "#e8842a"),
    Pair("#11695a", "#4fbf93"),
    Pair("#56123c", "#a04fa8"),
    Pair("#5494c8", "#c5e6fb"),
    Pair("#6d2fb0", "#5b5fe8"),
    Pair("#7d6d00", "#ecd548"),
)
PAIRS = (PAPER, INK, MUTED, RULE, GREY, PALE, RISE, FALL, *HUES)
#: A vendor keeps its hue from week to week, as far as there are hues.
_HABIT = {"deepseek": 0, "anthropic": 1, "google": 2, "minimax": 3, "tencent": 4, "xiaomi": 5, "openai": 6}

DARK = "".join(f'[{at}="{pair.light}"]{{{at}:{pair.dark}}}' for pair in PAIRS for at in ("fill", "stroke"))


def hues(vendors: Sequence[str]) -> Mapping[str, str]:
    """A colour for each vendor; grey where the hues have run out."""
    wanted = {vendor: _HABIT[vendor] for vendor in vendors if vendor in _HABIT}
    free = iter(number for number in range(len(HUES)) if number not in wanted.values())
    rest = {vendor: next(free, None) for vendor in vendors if vendor not in wanted}
    numbers = {**wanted, **rest}
    return {vendor: GREY.light if number is None else HUES[number].light for vendor, number in numbers.items()}


def config() -> Mapping[str, object]:
    """What Vega-Lite must do everywhere. No labels for screen readers on each mark: the picture has a description."""
    return {
        "aria": False,
        "background": PAPER.light,
        "font": FONT,
        "text": {"font": FONT, "fontSize": SIZE, "fill": INK.light, "baseline": "middle", "align": "left"},
        "title": {
            "font": FONT, "fontSize": 18, "fontWeight": "bold", "color": INK.light, "anchor": "start", "offset": 12,
            "subtitleFont": FONT, "subtitleFontSize": SMALL, "subtitleColor": MUTED.light, "subtitlePadding": 5,
        },
        "view": {"stroke": None},
        "padding": 24,
        "concat": {"spacing": 34},
    }  # fmt: skip
