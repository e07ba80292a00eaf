"""Small weeks of rankings for tests."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from harness.market.rankings import Provenance, Ranked, Ranking, Section
from harness.weeks import Week

WEEK = Week(2026, 24)
AS_OF = datetime.datetime(2026, 6, 15, 0, 10, 38, tzinfo=datetime.UTC)
ORIGIN = Provenance(
    "official",
    "GET /datasets/rankings-daily",
    "ab" * 32,
    exact=True,
    citation="Source: OpenRouter (openrouter.ai/rankings), as of 2026-06-15T00:10:38Z.",
    licence="CC BY 4.0",
)
TOKENS = {
    "deepseek/deepseek-v4-flash-20260423": 700,
    "tencent/hy3-preview-20260421:free": 70,
    "openrouter/owl-alpha": 7,
}


def section(tokens: Mapping[str, int], days: Sequence[datetime.date], other: int | None = 5) -> Section:
    """Models with those tokens on each of the days."""
    ranked = (Ranked(n, slug, t * len(days), dict.fromkeys(days, t)) for n, (slug, t) in enumerate(tokens.items(), 1))
    return Section(tuple(ranked), other)


def ranking(week: Week = WEEK, tokens: Mapping[str, int] | None = None, days: int = 7) -> Ranking:
    """A good week."""
    covered = week.days[:days]
    platform = section(TOKENS if tokens is None else tokens, covered)
    programming = Section((Ranked(1, "openrouter/owl-alpha", 9),), 1, sampled=True)
    return Ranking(week, AS_OF, covered, ORIGIN, platform, {"programming": programming})
