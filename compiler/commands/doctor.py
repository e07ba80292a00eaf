"""`vane doctor`: what is missing here. Each room looks at its own; their names stand here alone."""

from __future__ import annotations

import argparse
from importlib import import_module

#: The Mac or the desk, then the article's checklist from the facts of the project.
ROOMS = ("deploy.doctor.command", "harness.report.checklist_command")


def run(asked: argparse.Namespace) -> int:
    """0: nothing is missing; 1: something is."""
    return max(int(import_module(room).run(asked)) for room in ROOMS)
