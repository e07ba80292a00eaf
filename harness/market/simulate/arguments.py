"""What `vane simulate` takes. Nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path

from compiler.arguments import Commands, add_command
from harness.market.spend.arguments import add_ledger


def add(commands: Commands) -> None:
    """`vane simulate`."""
    command = add_command(commands, "simulate", "what a period's bill would have been under changed policies", [
        "vane simulate --set ide-assist.primary=anthropic/claude-sonnet-4.6   last month with another primary",
        "vane simulate --month 2026-05 --against main      what the working tree changes of May's bill",
        "vane simulate --since 2026-05-18 --until 2026-05-24 --policies proposal/policies",
    ])  # fmt: skip
    command.add_argument("--month", metavar="YYYY-MM", help="the month to replay (default: the last complete one)")
    command.add_argument("--since", metavar="DAY", help="first UTC day to replay, instead of a month")
    command.add_argument("--until", metavar="DAY", help="last UTC day to replay (default: yesterday)")
    command.add_argument("--against", metavar="REVISION",
                         help="the policies that the rows were made under (default: those of the project)")  # fmt: skip
    command.add_argument("--policies", type=Path, metavar="FOLDER",
                         help="the changed policies (default: those of the project)")  # fmt: skip
    command.add_argument("--set", action="append", default=[], metavar="SCENARIO.primary=MODEL",
                         help="another primary on top of the changed policies; may be repeated")  # fmt: skip
    how = command.add_mutually_exclusive_group()
    how.add_argument("--markdown", action="store_true", help="as Markdown, for a pull request or an issue")
    how.add_argument("--json", action="store_true", help="as a JSON object, with every figure unrounded")
    add_ledger(command)
