"""What the last four weeks' bill would have been with a proposal: the ledger's rows, replayed (`vane simulate`)."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from compiler.compile import Compiled
from compiler.diagnostics import PolicyError
from harness.market.simulate.factors import answers_of_runs
from harness.market.simulate.money import signed_usd
from harness.market.simulate.run import simulate
from harness.market.simulate.sides import Side
from harness.market.spend.engine import Engine
from harness.market.spend.standing import Span
from harness.weeks import Week

#: Gives a sentence for policies before and after.
Replay: TypeAlias = Callable[[Compiled, Compiled], str]
WEEKS = 4


def replay_on(engine: Engine, project: Path, week: Week) -> Replay:
    """Over the weeks that end with this one."""
    runs = answers_of_runs(project)
    first = week.sunday - datetime.timedelta(weeks=WEEKS) + datetime.timedelta(days=1)
    span = Span(f"{first} to {week.sunday}", first, week.sunday)

    def replayed(before: Compiled, after: Compiled) -> str:
        was, now = (Side(name, of.policies, of.plans[0]) for name, of in (("before", before), ("after", after)))
        try:
            change = simulate(engine, span, was, now, runs).bill.change
        except PolicyError as error:
            return f"Replayed bill: not known, {error.findings[0].message}."
        low, high = signed_usd(change.low), signed_usd(change.high)
        return f"Replayed over the ledger's {span.name}: {signed_usd(change.point)} ({low} … {high})."

    return replayed
