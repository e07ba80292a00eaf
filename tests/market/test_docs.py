"""What docs/market.md says of the archive's weeks is so."""

from __future__ import annotations

from tests.market.shipped import totals


def test_what_the_page_says_of_the_official_week_after_the_article() -> None:
    week = totals("2026-W22")
    ranks = sorted(week, key=lambda slug: -week[slug])
    assert ranks.index("anthropic/claude-4.7-opus-20260416") == 2
    assert week["anthropic/claude-4.7-opus-20260416"] // 10**10 == 232
    assert ranks.index("xiaomi/mimo-v2.5-20260422") == 5
    assert week["stepfun/step-3.5-flash"] // 10**8 == 125
    assert not any("grok-4.1" in slug for slug in week)
