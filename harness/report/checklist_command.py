"""`vane doctor`, this room's part: the article's acceptance checklist, each box from facts."""

from __future__ import annotations

import argparse
from pathlib import Path

from compiler.commands.asking import say
from compiler.commands.findings import show
from compiler.diagnostics import PolicyError
from compiler.targets import installed
from harness.report.checklist import Item, checklist
from harness.report.evidence import gather, weeks

_SIGNS = {"ok": "[x]", "not": "[ ]", "unknown": "[?]"}


def run(asked: argparse.Namespace) -> int:
    """0: all boxes are ticked, or there is no project here; 1: one is not."""
    project: Path = asked.project
    if not (project / "policies").is_dir():
        return 0
    week = max(weeks(project), default=None)
    if week is None:
        say("[ ] no week has evidence: run `vane market refresh`")
        return 1
    try:
        items = checklist(gather(project, week, installed()).facts)
    except PolicyError as error:
        show(error.findings, "text", project)
        return 1
    for item in items:
        say(_line(item))
    return 0 if all(item.is_ticked for item in items) else 1


def _line(item: Item) -> str:
    return f"{_SIGNS[item.state]} {item.title}: {item.fact}{f' ({item.place})' if item.place else ''}"
