"""What `vane propose` takes. Nothing heavy is imported here."""

from __future__ import annotations

from compiler.arguments import Commands, add_command
from harness.market.spend.arguments import add_ledger


def add(commands: Commands) -> None:
    """`vane propose`."""
    propose = add_command(commands, "propose", "edit policies as the evidence says: downgrade, restore, gray share", [
        "vane propose --dry-run        what would change, and why",
        "vane propose                  write it into policies/; then look at git diff, and run vane compile",
        "vane propose --json",
    ])  # fmt: skip
    add_ledger(propose)
    propose.add_argument("--dry-run", action="store_true", help="write nothing; say what would change")
    propose.add_argument("--json", action="store_true", help="as a JSON object")
