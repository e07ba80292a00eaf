"""A month of the ledger: its standings, its total, and the same total split five ways."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from compiler.plan import Track
from harness.market.spend.cells import Cell
from harness.market.spend.standing import GrayShare, Span, Standing
from harness.market.spend.view import View, gray_share, standing
from harness.weeks import Week

#: The splits in the order in which they are shown.
SPLITS = ("track", "scenario", "model", "provider", "day")


@dataclass(frozen=True, slots=True)
class Line:
    """A part of the month."""

    name: str
    usd: Decimal
    byok_usd: Decimal
    requests: int
    prompt_tokens: int
    completion_tokens: int

    @property
    def cost(self) -> Decimal:
        """With what providers charged to the team's own keys."""
        return self.usd + self.byok_usd


@dataclass(frozen=True, slots=True)
class Month:
    """All that `vane spend show` shows."""

    span: Span
    #: the first day that is not over
    today: datetime.date
    standings: tuple[Standing, ...]
    total: Line
    #: split → its lines, the dearest first; days in their order
    splits: Mapping[str, tuple[Line, ...]]
    gray: tuple[GrayShare, ...]
    unknown_days: tuple[datetime.date, ...]


def month(view: View, span: Span, today: datetime.date, splits: Iterable[str] = SPLITS) -> Month:
    """What the ledger says of a month's complete days; a log may also know calls of a day that is not over."""
    of_month = [cell for cell in view.cells if span.first <= cell.day <= span.last and cell.day < today]
    day = min(span.last, today)
    weeks = dict.fromkeys(Week.of(each) for each in span.days if Week.of(each).sunday < today)
    shares = (gray_share(view, week) for week in weeks)
    return Month(
        span,
        today,
        tuple(standing(view, track, day, today) for track in _tracks(view)),
        _line("total", of_month),
        {split: _split(of_month, split, view) for split in splits},
        tuple(share for share in shares if share is not None),
        tuple(each for each in span.days if each < today and each not in view.known),
    )


def _tracks(view: View) -> tuple[Track, ...]:
    every: tuple[Track, ...] = ("token", "dollar", "gray")
    return tuple(track for track in every if track in view.attribution.track_names)


def _split(cells: Iterable[Cell], split: str, view: View) -> tuple[Line, ...]:
    names: Mapping[str, Callable[[Cell], str]] = {
        "track": view.attribution.track,
        "scenario": view.attribution.scenario,
        "model": lambda cell: cell.model,
        "provider": lambda cell: cell.provider,
        "day": lambda cell: cell.day.isoformat(),
    }
    groups: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        groups[names[split](cell)].append(cell)
    lines = (_line(name, group) for name, group in groups.items())
    return tuple(sorted(lines, key=lambda line: (line.name,) if split == "day" else (-line.cost, line.name)))


def _line(name: str, cells: Iterable[Cell]) -> Line:
    cells = tuple(cells)
    return Line(
        name,
        sum((cell.usd for cell in cells), Decimal(0)),
        sum((cell.byok_usd for cell in cells), Decimal(0)),
        sum(cell.requests for cell in cells),
        sum(cell.prompt_tokens for cell in cells),
        sum(cell.completion_tokens for cell in cells),
    )
