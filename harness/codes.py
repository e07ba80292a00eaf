"""Everything that the harness can find, by code. `compiler/codes.py` looks here by name."""

from __future__ import annotations

from harness.bench import comparison_codes, run_codes, suite_codes
from harness.bench.importing import found
from harness.market import findings as market
from harness.market import import_findings

CODES = (
    *market.CODES, *import_findings.CODES,
    *suite_codes.CODES, *found.CODES, *comparison_codes.CODES, *run_codes.CODES,
)  # fmt: skip
