"""Money as the ledger tells it, in a few words."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from harness.market.spend.standing import Forecast, Span, Standing
from harness.propose.cap import Money


def standing(day: str, spent: str = "0", **other: Any) -> Standing:
    """What the dollar track spent in the month of a day, of 800 dollars and 15 %."""
    usd = Decimal(spent)
    values: dict[str, Any] = {
        "track": "dollar", "cap": "dollar-monthly", "period": Span.month(datetime.date.fromisoformat(day)),
        "spent_usd": usd, "ledger_usd": usd, "counter_usd": None, "limit_usd": Decimal(800),
        "overrun_percent": Decimal(15), "forecast": None, "unknown_days": (),
    }  # fmt: skip
    return Standing(**values | other)


def money(now: Standing, ended: Standing | None = None, before: Standing | None = None) -> Money:
    """Where nothing else is said, the weeks before left what is now."""
    return Money(now, ended or now, before or now)


def forecast(usd: str) -> Forecast:
    """A period that is heading for so much."""
    return Forecast(Decimal(usd), Decimal(usd), Decimal(usd), Decimal("0.9"), 14, 10)
