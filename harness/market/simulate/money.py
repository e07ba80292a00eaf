"""Changes of money as the page shows them."""

from __future__ import annotations

from decimal import Decimal

from harness.market.spend.money import shown_usd


def signed_usd(amount: Decimal) -> str:
    """+$1.50, -$0.10, $0.00."""
    return f"{'+' if amount > 0 else '-' if amount < 0 else ''}{shown_usd(abs(amount))}"
