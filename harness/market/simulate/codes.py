"""What `vane simulate` can find. `harness/codes.py` shows it to `vane rules`."""

from __future__ import annotations

from compiler.diagnostics import Code, Severity

UNPRICED = Code(
    "VM301", "unpriced-model", "The ledger has a model without a price in the lock",
    "name it under `watch` in market.yaml and run `vane lock`; if OpenRouter serves it no more, there is nothing to do",
    "What it cost is taken as it was billed, before and after. Nobody's price stands in for one that is not known.",
    severity=Severity.WARNING,
)  # fmt: skip
NO_PRICE = Code(
    "VM302", "no-price-to-simulate", "A route would take work to a model without a price of its own",
    "route to a model that the lock has prices for: a router such as openrouter/auto has the price of its pick",
    "A bill that leaves a model out would look cheap.",
)  # fmt: skip
NO_ROWS = Code(
    "VM303", "no-rows", "The ledger has no row of the period", "fill it: vane spend sync, or vane spend import FILE",
    "A month without rows is a month that nobody has recorded, and no month that cost nothing.",
)  # fmt: skip
CODES = (UNPRICED, NO_PRICE, NO_ROWS)
