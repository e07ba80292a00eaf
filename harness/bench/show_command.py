"""`vane bench show`: a run in numbers, with their intervals."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from compiler.commands.findings import show
from compiler.diagnostics import PolicyError
from harness.bench.data import as_json, summary_data
from harness.bench.page import Block, as_markdown, as_text
from harness.bench.store import find_run, read_run
from harness.bench.summary import summarise
from harness.bench.summary_page import summary_page


def run(asked: argparse.Namespace) -> int:
    """0: shown; 1: there is no such run, or it cannot be read."""
    try:
        file = find_run(asked.project, asked.run)
        summary = summarise(file.stem, read_run(file))
    except PolicyError as error:
        show(error.findings, "text", asked.project)
        return 1
    write(asked, summary_page(summary), summary_data(summary))
    return 0


def write(asked: argparse.Namespace, blocks: Sequence[Block], data: Mapping[str, Any]) -> None:
    """As it was asked for."""
    if asked.json:
        sys.stdout.write(as_json(data).decode())
    else:
        sys.stdout.write(as_markdown(blocks) if asked.markdown else as_text(blocks))
