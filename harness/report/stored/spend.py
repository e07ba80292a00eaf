"""spend.json of a week: how the money stood when the week was over, so that a page needs no ledger. USD is text.

It holds the ledger's own answers (harness/market/spend/standing.py) as they were, so that rules can decide on them too.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path

from harness.market.spend.standing import GrayShare, Standing
from harness.report.stored.file import StoredFile, read
from harness.weeks import Week

FILE = "spend.json"


class Spend(StoredFile):
    """All tracks."""

    #: the day on which the ledger was asked
    as_of: datetime.date
    standings: tuple[Standing, ...]
    #: of the week itself; None without gray pool or tokens
    gray: GrayShare | None = None
    #: of the standings' period: what no key, or no track, explains; None where nobody asked
    unattributed_usd: Decimal | None = None


def spend(project: Path, week: Week) -> Spend | None:
    """What was spent. Raises PolicyError for a broken file."""
    return read(Spend, project, week, FILE)


def spend_json(found: Spend) -> bytes:
    """The file. Same answers, same bytes."""
    return f"{found.model_dump_json(indent=1)}\n".encode()
