"""`vane bench …`: each step is a module of its own, imported when it is asked for."""

from __future__ import annotations

import argparse
from importlib import import_module


def run(asked: argparse.Namespace) -> int:
    """Hand over to harness/bench/<step>_command.py."""
    step = asked.bench.replace("-", "_")
    return int(import_module(f"harness.bench.{step}_command").run(asked))
