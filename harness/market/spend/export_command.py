"""`vane spend export`: the ledger as Parquet."""

from __future__ import annotations

import argparse

from compiler.commands.asking import say
from compiler.commands.findings import show
from compiler.diagnostics import PolicyError
from harness.market.spend.engine import ledger_file
from harness.market.spend.export import export


def run(asked: argparse.Namespace) -> int:
    """0: written; 1: there is no ledger."""
    try:
        counts = export(ledger_file(asked.ledger, asked.project), asked.out)
    except PolicyError as error:
        show(error.findings, "text", asked.project)
        return 1
    for table, count in counts.items():
        say(f"{asked.out / table}.parquet: {count} rows")
    return 0
