"""The index over all weeks: the platform's tokens as a line, and what evidence each week has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from harness.market import archive
from harness.market.page import days
from harness.market.prices import FILE as PRICES
from harness.market.rankings import Ranking
from harness.report.charts.scale import Dot, Line, Tick, column
from harness.report.evidence import weeks
from harness.report.rendering import render
from harness.report.stored import harness, proposals, spend
from harness.report.week_page import PAGE, cited
from harness.report.words import NONE, about, counted, model
from harness.weeks import Week

_TEMPLATE = "index.html.j2"
HEIGHT = 200
_KINDS = (
    ("prices", PRICES), ("harness", harness.FILE), ("spend", spend.FILE), ("proposals", proposals.FILE),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A week; `page` is None where it has no page."""

    week: Week
    dates: str
    total: str
    first: str
    evidence: str
    page: str | None


@dataclass(frozen=True, slots=True)
class Totals:
    """The platform's tokens by week, from nothing up. A week whose total nobody knows is a gap."""

    ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    dots: tuple[Dot, ...]
    most: str


def index_page(project: Path, pages: frozenset[Week]) -> bytes:
    """The page. `pages` are the weeks that have one. Raises PolicyError where a week of the archive is broken."""
    archived = {week: archive.read(project, week) for week in archive.weeks(project)}
    every = weeks(project)
    rows = tuple(_row(project, week, archived.get(week), week in pages) for week in reversed(every))
    newest_first = (archived[week] for week in sorted(archived, reverse=True))
    values = {
        "rows": rows, "totals": totals(tuple(archived.values())), "height": HEIGHT, "citations": cited(newest_first)
    }  # fmt: skip
    return render(_TEMPLATE, values)


def _row(project: Path, week: Week, ranking: Ranking | None, has_page: bool) -> Row:
    folder = archive.folder(project, week)
    evidence = [name for name, file in _KINDS if (folder / file).is_file()]
    total = ranking.platform.total if ranking else None
    first = max(ranking.platform.models, key=lambda row: row.tokens).permaslug if ranking else NONE
    exact = ranking is not None and ranking.provenance.exact
    return Row(
        week, days(week), NONE if total is None else about(total, exact), model(first),
        ", ".join((["rankings"] if ranking else []) + evidence) or "none", f"{week}/{PAGE}" if has_page else None,
    )  # fmt: skip


def totals(rankings: Sequence[Ranking]) -> Totals | None:
    """The chart; None with fewer than two weeks that know their total."""
    known = {each.week: each for each in rankings if each.platform.total is not None and each.is_complete}
    if len(known) < 2:
        return None
    first = min(known)
    span = (max(known).monday - first.monday).days // 7 + 1
    most = max(each.platform.total or 0 for each in known.values())
    ends = (first, max(known))
    return Totals(
        tuple(Tick(_x(week, first, span), str(week)) for week in ends),
        tuple(_lines(known, first, span, most)), tuple(_dots(known, first, span, most)), about(most, True),
    )  # fmt: skip


def _x(week: Week, first: Week, span: int) -> str:
    return column((week.monday - first.monday).days // 7, span)


def _y(ranking: Ranking, most: int) -> str:
    return f"{HEIGHT - 10 - (ranking.platform.total or 0) * (HEIGHT - 30) // most}"


def _lines(known: dict[Week, Ranking], first: Week, span: int, most: int) -> Iterator[Line]:
    for one, two in pairwise(sorted(known)):
        kind = "" if one.after() == two else "gap"
        yield Line(_x(one, first, span), _y(known[one], most), _x(two, first, span), _y(known[two], most), kind)


def _dots(known: dict[Week, Ranking], first: Week, span: int, most: int) -> Iterator[Dot]:
    for week, ranking in sorted(known.items()):
        says = f"{week}: {counted(ranking.platform.total or 0, ranking.provenance.exact)} tokens"
        yield Dot(_x(week, first, span), _y(ranking, most), says)
