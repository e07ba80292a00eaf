"""`vane spend import`: a CSV export of the dashboard, a log of generations, or the guards' logs, into the ledger.

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
from harness.market.spend.import_guard_log import enter_decisions, read_logs
from harness.market.spend.importing import Names, Taken, enter_calls
from harness.market.spend.ledger import Ledger, writing
from harness.market.spend.money import shown_usd
from harness.market.spend.rows import Call

Reader: TypeAlias = Callable[[str, Path, Names, datetime.datetime], tuple[Call, ...]]


def run(asked: argparse.Namespace, clock: Clock | None = None) -> int:
    """0: taken, or nothing new; 1: the file is odd, and the ledger is as it was."""
    now = (clock or Clock()).now().astimezone(datetime.UTC)
    try:
        said = _guard_logs(asked, now) if asked.kind else _calls(asked, asked.file[0], now)
    except PolicyError as error:
        show(error.findings, asked.format, asked.project, {} if asked.kind else None)
        return 1
    say(said)
    return 0


def _guard_logs(asked: argparse.Namespace, now: datetime.datetime) -> str:
    """What a kill cut off is told whatever becomes of the rest."""
    ledger = ledger_file(asked.ledger, asked.project)
    logs = read_logs(asked.file, _names(asked.project), now)
    if logs.cut_off:
        show(logs.cut_off, asked.format, asked.project, {})  # what stands there is nobody's business
    found = logs.decisions
    taken = None if asked.dry_run or not found else _entered(ledger, lambda open: enter_decisions(logs, open))
    files = f"{len(asked.file)} log{'s' if asked.file[1:] else ''}"
    if not found:
        return f"{files}: no decision, nothing written"
    machines = ", ".join(sorted({each.machine for each in found}))
    first, last = min(each.day for each in found), max(each.day for each in found)
    return f"{files}: {len(found)} decisions of {machines}, {first} to {last}: {_done(taken)}"


def _calls(asked: argparse.Namespace, file: Path, now: datetime.datetime) -> str:
    ledger = ledger_file(asked.ledger, asked.project)
    calls = _read(file, asked.project, now)
    taken = None if asked.dry_run else _entered(ledger, lambda open: enter_calls(calls, open))
    first, last = min(call.day for call in calls), max(call.day for call in calls)
    cost = sum((call.usd + call.byok_usd for call in calls), start=0 * calls[0].usd)
    return f"{file}: {len(calls)} calls, {first} to {last}, {shown_usd(cost)}: {_done(taken)}"


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
    calls = _reader(text)(text, file, _names(project), now)
    if not calls:
        raise PolicyError([NOT_AN_EXPORT.at(Place(str(file)), "it has no call")])
    return calls


def _names(project: Path) -> Names:
    return Names.of(compile_policies(project / "policies", ()).policies)


def _reader(text: str) -> Reader:
    return read_generations if text.lstrip().startswith("{") else read_export


def _entered(file: Path, enter: Callable[[Ledger], Taken]) -> Taken:
    with writing(file) as ledger:
        taken = enter(ledger)
        name_calls(ledger)
    return taken
