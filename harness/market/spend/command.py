"""`vane spend …`: each step is a module of its own, imported when it is asked for."""

from __future__ import annotations

import argparse
from importlib import import_module


def run(asked: argparse.Namespace) -> int:
    """Hand over to harness/market/spend/<step>_command.py."""
    return int(import_module(f"harness.market.spend.{asked.spend}_command").run(asked))
