"""A month of the ledger as a page for people, and as data for programs. Money is exact until here."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from harness.bench.page import Block, Heading, Sentence, Table
from harness.market.numbers import share, tokens, unsigned
from harness.market.spend.money import plain_usd, shown_usd, to_cents
from harness.market.spend.month import Line, Month
from harness.market.spend.standing import Forecast, GrayShare, Standing

_NONE = "–"


def month_page(month: Month) -> tuple[Block, ...]:
    """Standings first, then each split with the total under it, then what is missing."""
    total = month.total
    return (
        Heading(f"Spend in {month.span.name}: {shown_usd(total.cost)}", 1),
        *_missing(month),
        Heading("Against the caps"),
        _standings(month.standings),
        *(Sentence(words, is_item=True) for standing in month.standings for words in _remarks(standing)),
        *(block for split, lines in month.splits.items() for block in _split(split, lines, total)),
        *_gray(month.gray),
    )


def _missing(month: Month) -> Iterator[Block]:
    if month.unknown_days:
        yield Sentence(f"MISSING: nothing is known of {days(month.unknown_days)}; the sums are without them.")
    if month.today <= month.span.last:
        yield Sentence(f"Complete days up to {month.today - datetime.timedelta(days=1)} (UTC).")


def _standings(standings: Sequence[Standing]) -> Table:
    header = ("track", "period", "spent", "limit", "of limit", "forecast", "90 % of the time")
    return Table(header, tuple(_standing(each) for each in standings), numbers=2)


def _standing(of: Standing) -> tuple[str, ...]:
    limit = _NONE if of.limit_usd is None else shown_usd(of.limit_usd)
    part = None if not of.limit_usd else Fraction(of.spent_usd) / Fraction(of.limit_usd)
    return (of.track, of.period.name, shown_usd(of.spent_usd), limit, unsigned(part), *_forecast(of.forecast))


def _forecast(found: Forecast | None) -> tuple[str, str]:
    if found is None:
        return _NONE, _NONE
    return shown_usd(found.usd), f"{shown_usd(found.low)} … {shown_usd(found.high)}"


def _remarks(of: Standing) -> Iterator[str]:
    if of.is_overrun:
        passed = shown_usd(of.threshold_usd or 0)
        yield f"{of.track}: past {of.cap} and its overrun of {of.overrun_percent} % ({passed})."
    elif of.is_spent:
        yield f"{of.track}: {of.cap} is spent; OpenRouter refuses the key until the period ends."
    if of.counter_usd is not None and of.counter_usd > of.ledger_usd:
        ledger = shown_usd(of.ledger_usd)
        yield f"{of.track}: by the key's live counter, which knows the day that is not over; the ledger has {ledger}."
    if of.forecast is not None and of.unknown_days:
        yield f"{of.track}: the forecast counts {len(of.unknown_days)} unknown days as days to come."


def _split(split: str, lines: Sequence[Line], total: Line) -> Iterator[Block]:
    cents = to_cents({line.name: line.cost for line in lines})
    yield Heading(f"By {split}")
    header = (split, "cost", "share", "requests", "prompt", "completion")
    rows = [_line(line, f"${cents[line.name]:,}", total) for line in lines]
    yield Table(header, (*rows, _line(total, f"${sum(cents.values()):,.2f}", total)))


def _line(line: Line, cost: str, total: Line) -> tuple[str, ...]:
    part = None if not total.cost else Fraction(line.cost) / Fraction(total.cost)
    counts = f"{line.requests:,}", tokens(line.prompt_tokens), tokens(line.completion_tokens)
    return (line.name, cost, unsigned(part), *counts)


def _gray(weeks: Sequence[GrayShare]) -> Iterator[Block]:
    if not weeks:
        return
    yield Heading("Gray models, share of tokens")
    rows = ((str(w.week), unsigned(w.share), unsigned(Fraction(w.max_share)), _verdict(w)) for w in weeks)
    yield Table(("week", "share", "at most", "verdict"), tuple(rows))


def _verdict(week: GrayShare) -> str:
    if week.unknown_days:
        return f"no evidence: {len(week.unknown_days)} days are not known"
    return "OVER" if week.is_over else "within"


def days(found: Sequence[datetime.date]) -> str:
    """`2026-05-03`, or first, last and how many."""
    return str(found[0]) if len(found) == 1 else f"{len(found)} days between {found[0]} and {found[-1]}"


def month_data(month: Month) -> dict[str, Any]:
    """For programs: money as text with every digit, tokens whole."""
    return {
        "month": month.span.name,
        "complete_to": str(min(month.span.last, month.today - datetime.timedelta(days=1))),
        "unknown_days": [str(day) for day in month.unknown_days],
        "standings": [_standing_data(each) for each in month.standings],
        "total": _line_data(month.total),
        "splits": {split: [_line_data(line) for line in lines] for split, lines in month.splits.items()},
        "gray_weeks": [
            {
                "week": str(each.week), "gray_tokens": each.gray_tokens, "tokens": each.tokens,
                "share_percent": _percent(share(each.gray_tokens, each.tokens)), "max_share": str(each.max_share),
                "unknown_days": [str(day) for day in each.unknown_days], "over": each.is_over,
            }
            for each in month.gray
        ],
    }  # fmt: skip


def _percent(part: Fraction | None) -> str | None:
    return None if part is None else unsigned(part).removesuffix(" %")


def _line_data(line: Line) -> dict[str, Any]:
    return {
        "name": line.name, "cost_usd": plain_usd(line.cost), "usd": plain_usd(line.usd),
        "byok_usd": plain_usd(line.byok_usd), "requests": line.requests, "prompt_tokens": line.prompt_tokens,
        "completion_tokens": line.completion_tokens,
    }  # fmt: skip


def _standing_data(of: Standing) -> dict[str, Any]:
    found = of.forecast
    return {
        "track": of.track, "cap": of.cap, "period": of.period.name, "from": str(of.period.first),
        "to": str(of.period.last), "spent_usd": plain_usd(of.spent_usd), "ledger_usd": plain_usd(of.ledger_usd),
        "counter_usd": plain_usd(of.counter_usd), "limit_usd": plain_usd(of.limit_usd),
        "threshold_usd": plain_usd(of.threshold_usd), "spent": of.is_spent, "overrun": of.is_overrun,
        "forecast": found and {
            "usd": plain_usd(found.usd), "low_usd": plain_usd(found.low), "high_usd": plain_usd(found.high),
            "level": str(found.level), "days_seen": found.days_seen, "days_left": found.days_left,
        },
    }  # fmt: skip
