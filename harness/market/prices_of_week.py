"""prices.json of an archived week, read back as a catalogue."""

from __future__ import annotations

from pathlib import Path

from harness.market.catalogue import Catalogue
from harness.weeks import Week


def catalogue(project: Path, week: Week) -> Catalogue | None:
    """What was offered in a week; None where no prices were archived."""
    return None
