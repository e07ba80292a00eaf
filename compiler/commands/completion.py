"""`vane completion SHELL`: a completion script made from the options themselves."""

from __future__ import annotations

import argparse

import shtab

from compiler.cli import parser


def run(asked: argparse.Namespace) -> int:
    """Print the script."""
    print(shtab.complete(parser(), asked.shell))
    return 0
