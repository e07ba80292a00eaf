"""What the ledger's rules decide on, the dollar track's money and the gray models' share, and what they say of it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from compiler.policy import Policies
from harness.market.spend.engine import Engine
from harness.market.spend.standing import GrayShare, Standing
from harness.market.spend.view import View, gray_share, look, since, standing
from harness.propose import cap
from harness.propose import gray_share as share
from harness.propose.proposal import Verdict
from harness.weeks import Week


@dataclass(frozen=True, slots=True)
class Evidence:
    """As known on a day."""

    #: the week that runs
    week: Week
    money: cap.Money
    #: of the last complete week; None for a team without a gray pool
    gray: GrayShare | None


def gather(engine: Engine, project: Path, today: datetime.date) -> Evidence:
    """Ask the ledger. Raises PolicyError where the policies do not compile."""
    week = Week.of(today)
    ended, before = week.before().sunday, week.before(2).sunday
    view = look(engine, project, since(before), today)
    money = cap.Money(standing(view, "dollar", today, today), _as_left(view, ended), _as_left(view, before))
    return Evidence(week, money, gray_share(view, week.before()))


def verdicts(evidence: Evidence, policies: Policies) -> Iterator[Verdict]:
    """What each of the ledger's rules says."""
    yield from cap.propose(evidence.money, policies, evidence.week)
    yield from share.propose(evidence.gray, policies)


def _as_left(view: View, sunday: datetime.date) -> Standing:
    """The money when a week ended."""
    return standing(view, "dollar", sunday, sunday + datetime.timedelta(days=1))
