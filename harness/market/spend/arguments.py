"""What `vane spend` takes, and where every command that asks a ledger finds it. Nothing heavy is imported here."""

from __future__ import annotations

import argparse
from pathlib import Path

from compiler.arguments import Commands, add_command, add_format, add_project


def add(commands: Commands) -> None:
    """`vane spend`."""
    spend = add_command(commands, "spend", "the ledger: what was spent, on what, and where it leads", [
        "vane spend sync                     the last 30 completed days, from OpenRouter",
        "vane spend show                     this month against its caps, with a forecast",
        "vane spend tickets                  dollar-track calls without a ticket",
    ])  # fmt: skip
    steps = spend.add_subparsers(dest="spend", required=True, metavar="sync|import|show|tickets|export")

    sync = add_command(steps, "sync", "fetch what the account spent, and the live counters of the tracks' keys", [
        "vane spend sync",
        "vane spend sync --dry-run           what would be new or revised; writes nothing",
        "vane spend sync --json",
    ])  # fmt: skip
    sync.add_argument("--api", metavar="URL", help="another address of the API, for tests and proxies")
    sync.add_argument("--json", action="store_true", help="as a JSON object")

    take = add_command(steps, "import", "take the dashboard's CSV export, a log of generations, or guards' logs", [
        "vane spend import openrouter_activity_2026-05-24.csv",
        "vane spend import generations.jsonl     answers of GET /generation, one a line",
        "vane spend import guard-log studio/decisions*.jsonl air-ana/decisions*.jsonl",
    ])  # fmt: skip
    take.add_argument("kind", nargs="?", choices=("guard-log",), metavar="guard-log",
                      help="the files are logs of the Macs' guards, as many as you like")  # fmt: skip
    take.add_argument("file", nargs="+", type=Path, metavar="FILE",
                      help="a CSV export of openrouter.ai/activity, or JSON lines")  # fmt: skip
    for step in (sync, take):
        step.add_argument("--dry-run", action="store_true", help="read and check; write nothing")
        add_format(step)

    _add_spend_questions(steps)
    export = add_command(steps, "export", "write the ledger as Parquet files, for another engine", [
        "vane spend export --out ledger",
        "vane spend show --ledger 'pyspark://local[2]?folder=ledger'",
    ])  # fmt: skip
    export.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where a file for each table goes")
    for step in (sync, take, export):
        add_ledger(step)


def _add_spend_questions(steps: Commands) -> None:
    show = add_command(steps, "show", "a month by track, scenario, model, provider and day, against its caps", [
        "vane spend show",
        "vane spend show 2026-05 --by scenario",
        "vane spend show 2026-05 --markdown --chart spend.svg",
        "vane spend show --ledger clickhouse://reader@warehouse/ledger",
    ])  # fmt: skip
    show.add_argument("month", nargs="?", metavar="MONTH", help="such as 2026-05 (default: this month, UTC)")
    show.add_argument("--by", choices=("track", "scenario", "model", "provider", "day"), help="only this split")
    how = show.add_mutually_exclusive_group()
    how.add_argument("--markdown", action="store_true", help="as Markdown, for a pull request or a report")
    how.add_argument("--json", action="store_true", help="as a JSON object")
    show.add_argument("--chart", type=Path, metavar="FILE", help="also draw it: FILE.svg or FILE.png")

    tickets = add_command(steps, "tickets", "dollar-track calls without a ticket, as far as logs show them", [
        "vane spend tickets",
        "vane spend tickets 2026-05 --json",
    ])  # fmt: skip
    tickets.add_argument("month", nargs="?", metavar="MONTH", help="such as 2026-05 (default: this month, UTC)")
    tickets.add_argument("--json", action="store_true", help="as a JSON object")
    for step in (show, tickets):
        add_ledger(step)


def add_ledger(step: argparse.ArgumentParser) -> None:
    """Which ledger, and which project."""
    step.add_argument("--ledger", metavar="WHERE", help="a file, or another engine's address to ask there "
                      "(default: .vane/ledger.duckdb)")  # fmt: skip
    add_project(step)
