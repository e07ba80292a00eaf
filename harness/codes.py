"""Everything that the harness can find, by code. `compiler/codes.py` looks here by name."""

from __future__ import annotations

from harness.market import findings as market
from harness.market import import_findings

CODES = (*market.CODES, *import_findings.CODES)
