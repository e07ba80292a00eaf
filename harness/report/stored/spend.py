"""spend.json of a week: how the money stood when the week ended, so that a page needs no ledger. USD is decimal text.

Its names are those of the ledger's own answers (harness/market/spend/standing.py), a standing for each track.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from harness.market.numbers import share
from harness.report.stored.file import Kept, StoredFile, read
from harness.weeks import Week

FILE = "spend.json"


class Forecast(Kept):
    """What the whole period comes to, with the interval that holds it at `level`."""

    usd: Decimal
    low: Decimal
    high: Decimal
    level: Decimal


class Period(Kept):
    """The cap's period, such as 2026-06."""

    name: str


class TrackSpend(Kept):
    """A track's money. None for what there is not: a limit, or days enough for a forecast."""

    track: str
    period: Period
    spent_usd: Decimal
    limit_usd: Decimal | None = None
    forecast: Forecast | None = None
    #: days of which the ledger knows nothing
    unknown_days: tuple[datetime.date, ...] = ()


class GrayShare(Kept):
    """The gray models' part of the week's tokens, and the most that it may be."""

    gray_tokens: int
    tokens: int
    max_share: Decimal

    @property
    def share(self) -> Fraction | None:
        """None in a week without tokens."""
        return share(self.gray_tokens, self.tokens)


class Spend(StoredFile):
    """All tracks."""

    as_of: str
    standings: tuple[TrackSpend, ...]
    gray: GrayShare | None = None
    #: what no key, or no track, explains; None where nobody asked
    unattributed_usd: Decimal | None = None


def spend(project: Path, week: Week) -> Spend | None:
    """What was spent. Raises PolicyError for a broken file."""
    return read(Spend, project, week, FILE)
