"""What `vane week` takes. Nothing heavy is imported here."""

from __future__ import annotations

from compiler.arguments import Commands, add_command
from harness.market.spend.arguments import add_ledger

#: In the order in which they run. The lock comes after what ran by the one before: docs/decisions/0033.
STEPS = ("refresh", "bench", "spend", "lock", "propose", "report")


def add(commands: Commands) -> None:
    """`vane week`."""
    week = add_command(commands, "week", "Monday's work: market, harness, spend, lock, proposals, page, branch", [
        "vane week --max-usd 5                  the last complete week, into generated/weeks/",
        "vane week --commit --push              and a branch of one commit a proposal, for the pull request",
        "vane week --skip bench --skip spend",
        "vane week --from propose               the evidence is there; decide again",
        "vane week 2026-W24 --only propose --only report",
    ])  # fmt: skip
    week.add_argument("week", nargs="?", metavar="WEEK", help="an ISO week (default: the last complete one)")
    which = week.add_mutually_exclusive_group()
    which.add_argument("--only", action="append", choices=STEPS, metavar="STEP", help="only this; may be repeated")
    which.add_argument("--from", dest="since", choices=STEPS, metavar="STEP", help="this and what comes after it")
    week.add_argument("--skip", action="append", default=[], choices=STEPS, metavar="STEP",
                      help=f"not this; may be repeated: {', '.join(STEPS)}")  # fmt: skip
    week.add_argument("--leg", action="append", choices=("mlx", "openrouter", "remote"),
                      help="legs that the harness runs on (default: all); may be repeated")  # fmt: skip
    week.add_argument("--max-usd", metavar="USD", help="what the harness may spend (default: as much as it takes)")
    week.add_argument("--api", metavar="URL", help="another address of the API, for tests and proxies")
    week.add_argument("--commit", action="store_true",
                      help="build the branch weathervane/WEEK: a commit a proposal, one for the evidence")  # fmt: skip
    week.add_argument("--push", action="store_true", help="push that branch to origin")
    add_ledger(week)
