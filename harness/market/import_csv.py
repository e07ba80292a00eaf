"""A CSV archive of the public page's weekly Top 10 → weeks. One snapshot a week, rows `snapshot_date,rank_by_tokens …`.

Which week a snapshot shows (docs/decisions/0008-moves-are-of-families.md has the evidence): the page counts from
Monday, so a Sunday's snapshot shows its own week and a Monday's the week that has just ended. One of another day shows
a week to date, which is no week: it is left out, and said.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise

from compiler.diagnostics import Finding, Place, PolicyError
from harness.market.form import MOST_LETTERS, MOST_TOKENS, PERMASLUG
from harness.market.import_findings import NO_WHOLE_WEEK, ODD_ROW, PART_OF_WEEK
from harness.market.rankings import Provenance, Ranked, Ranking, Section
from harness.weeks import Week

COLUMNS = ("snapshot_date", "rank_by_tokens", "slug", "total_tokens")
_MONDAY, _SUNDAY = 1, 7
#: A page shows three digits: counts that are all whole millions were rounded.
_ROUNDED_TO = 10**6

Row = Mapping[str, str]


def is_csv(text: str) -> bool:
    """Whether the first line names the columns of such an archive."""
    return set(COLUMNS) <= set(text.partition("\n")[0].strip().split(","))


def read_csv(text: str, place: Place, source: str, sha256: str) -> tuple[tuple[Ranking, ...], tuple[Finding, ...]]:
    """The weeks of an archive, and notes on snapshots that were left out. Raises PolicyError where a row is odd."""
    rows = _rows(text, place)
    weeks: dict[Week, Ranking] = {}
    notes = []
    for day, snapshot in groupby(rows, key=lambda row: datetime.date.fromisoformat(row["snapshot_date"])):
        week = shown_week(day)
        if week is None:
            said = f"the snapshot of {day}, a {day:%A}, shows {Week.of(day)} to date"
            notes.append(PART_OF_WEEK.at(place, said))
        elif week in weeks:
            raise PolicyError([ODD_ROW.at(place, f"two snapshots show {week}; the second is of {day}")])
        else:
            weeks[week] = _ranking(week, day, tuple(snapshot), place, source, sha256)
    if not weeks:
        raise PolicyError([NO_WHOLE_WEEK.at(place, f"{len(rows)} rows, and no snapshot of a Sunday or a Monday")])
    return tuple(weeks[week] for week in sorted(weeks)), tuple(notes)


def shown_week(day: datetime.date) -> Week | None:
    """The whole week that the page shows on a day; None in the middle of one."""
    if day.isoweekday() == _SUNDAY:
        return Week.of(day)
    return Week.of(day).before() if day.isoweekday() == _MONDAY else None


def _rows(text: str, place: Place) -> Sequence[Row]:
    try:
        rows = list(csv.DictReader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise PolicyError([ODD_ROW.at(place, f"not CSV: {error}")]) from error
    for line, row in enumerate(rows, 2):
        if why := _oddity(row):
            raise PolicyError([ODD_ROW.at(Place(place.file, line), why)])
    return rows


#: Column → what its values look like.
_FORMS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "snapshot_date": (re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}"), "YYYY-MM-DD"),
    "rank_by_tokens": (re.compile(r"[1-9][0-9]{0,3}"), "a rank"),
    "slug": (re.compile(rf"(?=.{{3,{MOST_LETTERS}}}$){PERMASLUG[1:-1]}"), "author/model"),
    "total_tokens": (re.compile(r"[1-9][0-9]{0,18}"), "a whole number above zero"),
    "percent_change": (re.compile(r"(-?[0-9]{1,9})?"), "whole percent"),
}


def _oddity(row: Row) -> str | None:
    """What is wrong with a row."""
    if None in row or None in row.values():
        return "the row has not as many values as there are columns"
    for column, (form, words) in _FORMS.items():
        if not form.fullmatch(row.get(column, "")) and (column in row or column in COLUMNS):
            return f"{column} is {row.get(column)!a:.80}, not {words}"
    if int(row["total_tokens"]) > MOST_TOKENS:
        return f"total_tokens is {row['total_tokens']}, more than 64 bits hold"
    try:
        datetime.date.fromisoformat(row["snapshot_date"])
    except ValueError:
        return f"snapshot_date is {row['snapshot_date']}, which is no day"
    return None


def _ranking(week: Week, day: datetime.date, rows: Sequence[Row], place: Place, source: str, sha256: str) -> Ranking:
    models = tuple(_ranked(row) for row in rows)
    if [model.rank for model in models] != list(range(1, len(models) + 1)):
        raise PolicyError([ODD_ROW.at(place, f"{day}: ranks do not count 1, 2, 3 …")])
    if len({model.permaslug for model in models}) != len(models):
        raise PolicyError([ODD_ROW.at(place, f"{day}: a model is listed twice")])
    if any(above.tokens < below.tokens for above, below in pairwise(models)):
        raise PolicyError([ODD_ROW.at(place, f"{day}: ranks are not in the order of tokens")])
    exact = any(model.tokens % _ROUNDED_TO for model in models)
    said = f"{source}: snapshot of {day}, taken to show {week.monday} to {week.sunday}"
    return Ranking(week, None, week.days, Provenance("scrape", said, sha256, exact, None, None), Section(models, None))


def _ranked(row: Row) -> Ranked:
    """Such an archive writes 0 both for no change and for a model that is new: 0 claims nothing."""
    claimed = int(row.get("percent_change") or 0) or None
    return Ranked(int(row["rank_by_tokens"]), row["slug"], int(row["total_tokens"]), {}, claimed)
