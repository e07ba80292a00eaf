"""Whose tokens a week's are: the part of the picture's vendors, of all others, and of what the source does not list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.market.charts.window import Window
from harness.market.charts.words import vendor_of
from harness.weeks import Week

#: Seven hues tell apart, on both themes and to all eyes; the rest is grey.
MOST_VENDORS = 7
OTHER_VENDORS, UNLISTED = "other vendors", "not listed"


@dataclass(frozen=True, slots=True)
class Holding:
    """One part of one week's tokens."""

    week: Week
    who: str
    tokens: int
    total: int


def vendors(shown: Window) -> tuple[str, ...]:
    """The vendors that get a hue: those of the newest Top 10, then the largest; in the order of their newest tokens."""
    newest: Counter[str] = Counter()
    over_all: Counter[str] = Counter()
    for week, ranking in shown.rankings.items():
        for model in ranking.platform.models:
            over_all[vendor_of(model.permaslug)] += model.tokens
            newest[vendor_of(model.permaslug)] += model.tokens if week == shown.last.week else 0
    in_top = {
        vendor_of(row.permaslug) for line in shown.moved[shown.last.week].top if line.now for row in line.now.rows
    }
    by_size = sorted(over_all, key=lambda vendor: (-newest[vendor], -over_all[vendor], vendor))
    chosen = sorted(by_size, key=lambda vendor: vendor not in in_top)[:MOST_VENDORS]
    return tuple(sorted(chosen, key=by_size.index))


def holdings(shown: Window, named: Sequence[str]) -> tuple[Holding, ...]:
    """Every part of every week whose total is known. A week without a total has no shares: it is not in here."""
    return tuple(
        Holding(week, who, tokens, ranking.platform.total)
        for week, ranking in sorted(shown.rankings.items())
        if ranking.platform.total
        for who, tokens in _parts(shown, week, named).items()
        if tokens
    )


def _parts(shown: Window, week: Week, named: Sequence[str]) -> Mapping[str, int]:
    section = shown.rankings[week].platform
    parts = dict.fromkeys((*named, OTHER_VENDORS, UNLISTED), 0)
    for model in section.models:
        vendor = vendor_of(model.permaslug)
        parts[vendor if vendor in named else OTHER_VENDORS] += model.tokens
    parts[UNLISTED] = section.other or 0
    return parts


def gaps(shown: Window) -> Mapping[Week, str]:
    """Why a shown week has no shares."""
    said = {}
    for week in shown.weeks:
        ranking = shown.rankings.get(week)
        if ranking is None:
            said[week] = "not archived"
        elif not ranking.platform.total:
            said[week] = "total unknown"
    return said
