"""The page of a simulation, and the same as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from harness.bench.page import Block, Heading, Sentence, Table
from harness.market.numbers import share, tokens, unsigned
from harness.market.simulate.amounts import EXACT, NOTHING, whole
from harness.market.simulate.bill import Bill, Row
from harness.market.simulate.money import signed_usd
from harness.market.simulate.notes import notes
from harness.market.simulate.pricing import Range
from harness.market.simulate.report import Report
from harness.market.spend.money import plain_usd, shown_usd

_SPLITS = ("scenario", "track", "model", "key")
_TITLES = {"scenario": "Whose work it is", "track": "By track", "model": "Who answers", "key": "Who pays"}


def page(report: Report) -> Iterator[Block]:
    """From the sum to what it cannot know."""
    bill = report.bill
    yield Heading(f"The bill of {report.span.name}, replayed", 1)
    yield Sentence(f"before: {report.before}", is_item=True)
    yield Sentence(f"after: {report.after}", is_item=True)
    yield Sentence(f"ledger: {report.ledger}", is_item=True)
    yield Heading("The bill")
    yield _sums(bill)
    for name in _SPLITS:
        yield Heading(_TITLES[name])
        yield _split(name, _rows(bill, name))
    yield Heading("What it cannot know")
    yield from (Sentence(note.words, is_item=True) for note in notes(report))


def _rows(bill: Bill, name: str) -> tuple[Row, ...]:
    return {"scenario": bill.by_scenario, "track": bill.by_track, "model": bill.by_model, "key": bill.by_key}[name]()


def _sums(bill: Bill) -> Table:
    before, change = _cents([bill.before.point]), _cents([bill.change.point])
    rows: list[tuple[str, ...]] = [
        ("as billed", shown_usd(bill.billed), "", ""),
        ("before, by the lock", shown_usd(before[0]), *_bounds(bill.before)),
        ("after, by the lock", shown_usd(before[0] + change[0]), *_bounds(bill.after)),
        ("change", *map(signed_usd, (change[0], bill.change.low, bill.change.high))),
    ]
    return Table(("", "USD", "at least", "at most"), tuple(rows))


def _bounds(found: Range) -> tuple[str, str]:
    return shown_usd(found.low), shown_usd(found.high)


def _split(name: str, rows: Sequence[Row]) -> Table:
    """Columns in whole cents that add up to their last line, and lines that add up: after is before and change."""
    billed, before, change = (
        _cents(side) for side in zip(*((r.billed, r.before, r.after - r.before) for r in rows), strict=True)
    )
    lines: list[tuple[str, ...]] = [
        (row.name, *_mix(row, rows), *_money(*cents)) for row, *cents in zip(rows, billed, before, change, strict=True)
    ]
    lines.append(("together", "", "", *_money(*(sum(side, NOTHING) for side in (billed, before, change)))))
    return Table((name, "tokens before", "after", "as billed", "before", "after", "change"), tuple(lines))


def _cents(amounts: Iterable[Decimal]) -> list[Decimal]:
    """Of either sign, as `to_cents` is not: a change that is nothing stays nothing."""
    return [Decimal(count).scaleb(-2) for count in whole([Fraction(amount) * 100 for amount in amounts])]


def _money(billed: Decimal, before: Decimal, change: Decimal) -> tuple[str, ...]:
    return shown_usd(billed), shown_usd(before), shown_usd(before + change), signed_usd(change)


def _mix(row: Row, rows: Sequence[Row]) -> tuple[str, str]:
    before, after = sum(r.tokens_before for r in rows), sum(r.tokens_after for r in rows)
    return _part(row.tokens_before, before), _part(row.tokens_after, after)


def _part(count: int, whole: int) -> str:
    return f"{tokens(count)} ({unsigned(share(count, whole))})"


def data(report: Report) -> Mapping[str, Any]:
    """Every figure unrounded; money as decimal strings."""
    bill = report.bill
    return {
        "period": {"since": report.span.first.isoformat(), "until": report.span.last.isoformat()},
        "before": report.before,
        "after": report.after,
        "ledger": report.ledger,
        "usd": {
            "billed": _exact(bill.billed),
            "before": _range(bill.before),
            "after": _range(bill.after),
            "change": _range(bill.change),
        },
        **{f"by_{name}": [_row(row) for row in _rows(bill, name)] for name in _SPLITS},
        "unknown": [{"kind": note.kind, "tokens": note.tokens, "words": note.words} for note in notes(report)],
    }


def _range(found: Range) -> Mapping[str, str | None]:
    return {"point": _exact(found.point), "low": _exact(found.low), "high": _exact(found.high)}


def _row(row: Row) -> Mapping[str, Any]:
    return {
        "name": row.name,
        "tokens_before": row.tokens_before,
        "tokens_after": row.tokens_after,
        "billed_usd": _exact(row.billed),
        "before_usd": _exact(row.before),
        "after_usd": _exact(row.after),
    }


def _exact(amount: Decimal) -> str | None:
    with localcontext(EXACT):
        return plain_usd(amount)
