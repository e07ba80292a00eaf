"""Rows of the ledger as an import of a guard's log makes them."""

from __future__ import annotations

import datetime
import hashlib
from decimal import Decimal

from harness.market.spend.rows import Decision
from tests.simulate.ledgers import DAY, PERMASLUGS


def turn(
    id: str, model: str, prompt: int, completion: int, usd: str, *, scenario: str, key: str = "h-token",
    calls: int = 1, day: datetime.date = DAY, ticket: str | None = None,
) -> Decision:  # fmt: skip
    """A turn that a model answered."""
    hashed = hashlib.sha256(id.encode()).hexdigest()
    at = datetime.datetime.combine(day, datetime.time(12), datetime.UTC)
    return Decision(
        hashed[:32], at, day, "studio", "openclaw", scenario, hashed[:16], hashed[:16], "", ticket, model, model, key,
        model, PERMASLUGS.get(model, model), "allow", None, Decimal(usd), "prices", calls, prompt, completion, 0, 0, 0,
        0, "ok",
    )  # fmt: skip
