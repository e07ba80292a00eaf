"""`vane market`: each subcommand is a module beside this one, imported when it is asked for."""

from __future__ import annotations

import argparse
from importlib import import_module


def run(asked: argparse.Namespace) -> int:
    """What the subcommand's module says."""
    return int(import_module(f"harness.market.{asked.market}_command").run(asked))
