"""`vane bench compare`: one run against another on the same prompts."""

from __future__ import annotations

import argparse

from compiler.commands.findings import show
from compiler.diagnostics import PolicyError
from harness.bench.acceptance import thresholds
from harness.bench.compare import compare
from harness.bench.comparison_page import comparison_page
from harness.bench.data import comparison_data
from harness.bench.show_command import write
from harness.bench.sides import Side
from harness.bench.store import find_run


def run(asked: argparse.Namespace) -> int:
    """0: compared, whatever came out; 1: a run cannot be read, or the two do not compare."""
    try:
        limits = thresholds(asked.project)
        base, candidate = (Side.of(find_run(asked.project, name)) for name in (asked.base, asked.candidate))
        comparison = compare(base, candidate, limits)
    except PolicyError as error:
        show(error.findings, "text", asked.project)
        return 1
    write(asked, comparison_page(comparison, limits), comparison_data(comparison))
    return 0
