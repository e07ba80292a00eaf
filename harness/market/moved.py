"""All that is said of a week: the moves, what they mean for the policies, and the prices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from compiler.load import load
from compiler.policy import FILES, Policies, parse
from harness.market import archive
from harness.market.exposure import Exposure, exposure, uses
from harness.market.moves import Moves, moves
from harness.market.price_moves import PriceMoves, price_moves
from harness.market.prices_of_week import catalogue
from harness.market.rankings import Ranking
from harness.weeks import Week

#: The article's thresholds, for a team that has no market.yaml.
TOP, THRESHOLD_PERCENT = 10, Decimal(30)
_PRICE_PERCENT, _PROMPT_SHARE = Decimal(10), Decimal("0.8")
NOT_ARCHIVED = "not archived for this week"


@dataclass(frozen=True, slots=True)
class Moved:
    """What moved in a week. `exposure` is None where the policies cannot be read."""

    moves: Moves
    prices: PriceMoves
    exposure: Exposure | None
    notes: tuple[str, ...]

    @property
    def citations(self) -> tuple[str, ...]:
        """The line that each of the two sources asks for, or what it is."""
        return tuple(dict.fromkeys(citation(week) for week in (self.moves.now, self.moves.then)))


def citation(ranking: Ranking) -> str:
    """How to cite a week."""
    origin = ranking.provenance
    return origin.citation or f"Source of {ranking.week}: {origin.source} ({origin.kind}, not the official data set)."


def moved(project: Path, week: Week, against: Week) -> Moved:
    """Compare two archived weeks. Raises PolicyError where one is missing or broken."""
    now, then = archive.read(project, week), archive.read(project, against)
    policies, _ = parse(load(project / "policies", FILES))
    market = policies.market if policies else None
    top, threshold = (market.moves.top, market.moves.week_over_week_percent) if market else (TOP, THRESHOLD_PERCENT)
    named = {use.permaslug for use in uses(policies)} if policies else set()
    found = moves(now, then, top, threshold, named)
    return Moved(
        found,
        _prices(project, week, policies),
        exposure(found, policies, catalogue(project, week)) if policies else None,
        (*found.notes(), *_unset(policies)),
    )


def _unset(policies: Policies | None) -> Iterator[str]:
    if policies is None:
        yield "the policies cannot be read (run `vane compile`): nothing is said of them"
    if policies is None or policies.market is None:
        yield f"no market.yaml: a Top {TOP} and a threshold of {THRESHOLD_PERCENT} % are taken"


def _prices(project: Path, week: Week, policies: Policies | None) -> PriceMoves:
    now = catalogue(project, week)
    if now is None:
        return PriceMoves(reason=NOT_ARCHIVED)
    if policies is None:
        return PriceMoves(reason="the lock cannot be read")
    market = policies.market
    threshold, share = (
        (market.prices.change_percent, market.volume.prompt_share) if market else (_PRICE_PERCENT, _PROMPT_SHARE)
    )
    earlier = archive.before(project, week)
    return price_moves(now, catalogue(project, earlier) if earlier else None, policies.lock, threshold, share)
