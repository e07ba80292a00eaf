"""spend.json of a week: the month so far as the ledger had it, so that the page needs no ledger. USD is decimal text."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from harness.report.stored.file import Kept, StoredFile, read
from harness.weeks import Week

FILE = "spend.json"


class Forecast(Kept):
    """To the end of the month, with its interval."""

    low_usd: Decimal
    usd: Decimal
    high_usd: Decimal


class TrackSpend(Kept):
    """A track's month. Without a cap `cap_usd` is None; with too few days there is no forecast."""

    track: str
    spent_usd: Decimal
    cap_usd: Decimal | None = None
    forecast: Forecast | None = None


class GrayShare(Kept):
    """The part of the week's tokens that gray models took, and the most that they may."""

    share: Decimal
    max_share: Decimal


class Spend(StoredFile):
    """The month in which the week ends."""

    month: str
    as_of: str
    tracks: tuple[TrackSpend, ...]
    #: what no key, or no track, explains; None where nobody asked
    unattributed_usd: Decimal | None = None
    gray: GrayShare | None = None


def spend(project: Path, week: Week) -> Spend | None:
    """What was spent. Raises PolicyError for a broken file."""
    return read(Spend, project, week, FILE)
