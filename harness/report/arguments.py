"""What `vane report` takes. Nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path

from compiler.arguments import Commands, add_command, add_project


def add(commands: Commands) -> None:
    """`vane report`."""
    report = add_command(commands, "report", "the week's page and an index over all weeks, as self-contained HTML", [
        "vane report                    the newest week, into its folder in generated/weeks/",
        "vane report 2026-W25",
        "vane report --out /tmp/look    somewhere else, to look at it",
    ])  # fmt: skip
    report.add_argument("week", nargs="?", metavar="WEEK", help="an ISO week that has evidence (default: the newest)")
    report.add_argument("--out", type=Path, metavar="FOLDER", help="where the pages go (default: generated/weeks)")
    add_project(report)
