"""Everything that the harness can find, by code. `compiler/codes.py` looks here by name."""

from __future__ import annotations

from harness.bench import comparison_codes, run_codes, suite_codes
from harness.bench.importing import found
from harness.market import findings as market
from harness.market import import_findings
from harness.market.simulate import codes as simulate
from harness.market.spend import findings as spend
from harness.propose import findings as propose
from harness.weekly import findings as weekly

CODES = (
    *market.CODES, *import_findings.CODES, *spend.CODES, *simulate.CODES,
    *suite_codes.CODES, *found.CODES, *comparison_codes.CODES, *run_codes.CODES,
    *propose.CODES, *weekly.CODES,
)  # fmt: skip
