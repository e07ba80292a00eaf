"""A saved answer of GET /datasets/rankings-daily → weeks. Its rows are days; seven of them from Monday are a week.

What rows and weeks must be is what the refresh asks of them (answers.py, oddities.py).
"""

from __future__ import annotations

import datetime
from typing import Any

from compiler.diagnostics import Finding, Place, PolicyError
from harness.market.answers import CITATION, LICENCE, PATH, Row, Rows, read_rows, section_of
from harness.market.findings import EMPTY_RANKING, MISSING_DAYS
from harness.market.form import moment
from harness.market.import_findings import NO_WHOLE_WEEK, PART_OF_WEEK
from harness.market.oddities import Expected, in_rows
from harness.market.rankings import Provenance, Ranking
from harness.weeks import DAYS, Week

_QUESTION = f"GET {PATH}"


def read_answer(answer: Any, place: Place, source: str, sha256: str) -> tuple[tuple[Ranking, ...], tuple[Finding, ...]]:
    """The whole weeks of an answer, and notes on those that are not whole. Raises PolicyError where it is odd."""
    rows = read_rows(answer, place, _QUESTION)
    days = frozenset(rows.by_day)
    if not days:
        raise PolicyError([EMPTY_RANKING.at(place, f"{_QUESTION}: it holds no row")])
    _refuse_gaps(days, place)
    weeks = sorted({Week.of(day) for day in days})
    whole = tuple(week for week in weeks if days.issuperset(week.days))
    if not whole:
        raise PolicyError([NO_WHOLE_WEEK.at(place, f"its {len(days)} days hold no week from Monday to Sunday")])
    origin = Provenance("saved", source, sha256, True, CITATION.format(as_of=moment(rows.as_of)), LICENCE)
    parts = (week for week in weeks if week not in whole)
    notes = (PART_OF_WEEK.at(place, f"{week}: {len(days.intersection(week.days))} of 7 days") for week in parts)
    return tuple(_ranking(week, rows, origin, place) for week in whole), tuple(notes)


def _refuse_gaps(days: frozenset[datetime.date], place: Place) -> None:
    first, last = min(days), max(days)
    every = (first + datetime.timedelta(days=number) for number in range((last - first).days + 1))
    if gaps := [str(day) for day in every if day not in days]:
        fix = "ask again for the whole period: GET /datasets/rankings-daily?start_date=…&end_date=…"
        said = f"{len(gaps)} days are missing between the first and last: {', '.join(gaps[:DAYS])}"
        raise PolicyError([MISSING_DAYS.at(place, said, fix)])


def _ranking(week: Week, answer: Rows, origin: Provenance, place: Place) -> Ranking:
    rows: tuple[Row, ...] = tuple(row for row in answer.rows if row.day in week.days)
    of_week = Rows(rows, answer.as_of, week.monday, week.sunday)
    if odd := tuple(in_rows(of_week, Expected(_QUESTION, place, week.days))):
        raise PolicyError(odd)
    return Ranking(week, answer.as_of, week.days, origin, section_of(rows))
