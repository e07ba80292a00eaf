"""A simulation as it is shown: the bill, what was compared, and what it cannot know."""

from __future__ import annotations

from dataclasses import dataclass

from harness.market.simulate.bill import Bill
from harness.market.simulate.book import Book
from harness.market.simulate.settled import Settled
from harness.market.spend.standing import Span


@dataclass(frozen=True, slots=True)
class Report:
    """All that the page says."""

    bill: Bill
    before: str
    after: str
    ledger: str
    span: Span
    rows: Settled
    book: Book
