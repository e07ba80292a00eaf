"""What the harness's commands take, each beside its command; `compiler/cli.py` adds them to the tool."""

from __future__ import annotations

from compiler.arguments import Commands
from harness.bench import arguments as bench
from harness.demo import arguments as demo
from harness.market import arguments as market
from harness.market.simulate import arguments as simulate
from harness.market.spend import arguments as spend
from harness.propose import arguments as propose
from harness.report import arguments as report
from harness.weekly import arguments as week


def add(commands: Commands) -> None:
    """Every command of the harness."""
    for command in (market, spend, propose, bench, simulate, report, week, demo):
        command.add(commands)
