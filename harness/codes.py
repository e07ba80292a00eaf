"""Everything that the harness can find, by code. `compiler/codes.py` looks here by name."""

from __future__ import annotations

from harness.bench import comparison_codes, merging, store
from harness.bench.importing import found
from harness.bench.suite import codes as suite
from harness.market import findings as market
from harness.market import import_findings
from harness.market.simulate import codes as simulate
from harness.market.spend import findings as spend
from harness.propose import findings as propose
from harness.weekly import findings as weekly

CODES = (
    *market.CODES, *import_findings.CODES, *spend.CODES, *propose.CODES, *weekly.CODES, *simulate.CODES,
    *suite.CODES, *comparison_codes.CODES, *store.CODES, *merging.CODES, *found.CODES,
)  # fmt: skip
