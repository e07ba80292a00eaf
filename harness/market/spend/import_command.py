"""`vane spend import`: a CSV export of the dashboard, or a log of generations, into the ledger.

A new kind of file is a new reader beside `import_export.py`, and a line in `_reader`.
"""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from compiler.commands.asking import say
from compiler.commands.findings import show
from compiler.compile import compile_policies
from compiler.diagnostics import Place, PolicyError
from harness.clock import Clock
from harness.market.spend.booking import name_calls
from harness.market.spend.engine import ledger_file
from harness.market.spend.findings import NOT_AN_EXPORT, ODD_ROW
from harness.market.spend.import_export import read_export
from harness.market.spend.import_generations import read_generations
from harness.market.spend.importing import Names, Taken, enter_calls
from harness.market.spend.ledger import writing
from harness.market.spend.money import shown_usd
from harness.market.spend.rows import Call

Reader: TypeAlias = Callable[[str, Path, Names, datetime.datetime], tuple[Call, ...]]


def run(asked: argparse.Namespace, clock: Clock | None = None) -> int:
    """0: taken, or nothing new; 1: the file is odd, and the ledger is as it was."""
    now = (clock or Clock()).now().astimezone(datetime.UTC)
    try:
        file = ledger_file(asked.ledger, asked.project)
        calls = _read(asked.file, asked.project, now)
        taken = None if asked.dry_run else _entered(file, calls)
    except PolicyError as error:
        show(error.findings, asked.format, asked.project)
        return 1
    first, last = min(call.day for call in calls), max(call.day for call in calls)
    cost = sum((call.usd + call.byok_usd for call in calls), start=0 * calls[0].usd)
    say(f"{asked.file}: {len(calls)} calls, {first} to {last}, {shown_usd(cost)}: {_done(taken)}")
    return 0


def _done(taken: Taken | None) -> str:
    if taken is None:
        return "nothing written (--dry-run)"
    return f"{taken.added} new, {taken.revised} revised, {taken.unchanged} known"


def _read(file: Path, project: Path, now: datetime.datetime) -> tuple[Call, ...]:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise PolicyError([NOT_AN_EXPORT.at(Place(str(file)), f"it cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise PolicyError([ODD_ROW.at(Place(str(file)), f"it is not UTF-8: {error.reason}")]) from error
    names = Names.of(compile_policies(project / "policies", ()).policies)
    calls = _reader(text)(text, file, names, now)
    if not calls:
        raise PolicyError([NOT_AN_EXPORT.at(Place(str(file)), "it has no call")])
    return calls


def _reader(text: str) -> Reader:
    return read_generations if text.lstrip().startswith("{") else read_export


def _entered(file: Path, calls: tuple[Call, ...]) -> Taken:
    with writing(file) as ledger:
        taken = enter_calls(calls, ledger)
        name_calls(ledger)
    return taken
