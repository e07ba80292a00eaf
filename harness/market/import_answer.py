"""A saved answer of GET /datasets/rankings-daily → weeks. Its rows are days; seven of them from Monday are a week."""

from __future__ import annotations

import datetime
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from compiler.diagnostics import Finding, Place, PolicyError
from harness.market.form import MOST_TOKENS, PERMASLUG
from harness.market.import_findings import DAYS_MISSING, NO_WHOLE_WEEK, ODD_ROW, PART_OF_WEEK, UNKNOWN_FORM
from harness.market.rankings import OTHER, Provenance, Ranked, Ranking, Section
from harness.weeks import Week

CITATION = "Source: OpenRouter (openrouter.ai/rankings), as of {as_of}."
LICENCE = "CC BY 4.0"
_WHOLE = re.compile(r"[0-9]{1,19}")
_MOST_SHOWN = 80

#: day → permaslug → tokens
Days = Mapping[datetime.date, Mapping[str, int]]


def read_answer(answer: Any, place: Place, source: str, sha256: str) -> tuple[tuple[Ranking, ...], tuple[Finding, ...]]:
    """The whole weeks of an answer, and notes on those that are not whole. Raises PolicyError where it is odd."""
    rows, as_of = _parts(answer, place)
    days = _days(rows, place)
    if gaps := _gaps(days):
        shown = ", ".join(str(day) for day in gaps[:7])
        raise PolicyError([DAYS_MISSING.at(place, f"{len(gaps)} days are missing between the first and last: {shown}")])
    stamp = as_of.isoformat().replace("+00:00", "Z")
    origin = Provenance("saved", source, sha256, True, CITATION.format(as_of=stamp), LICENCE)
    weeks = sorted({Week.of(day) for day in days})
    whole = tuple(week for week in weeks if all(day in days for day in week.days))
    if not whole:
        raise PolicyError([NO_WHOLE_WEEK.at(place, f"its {len(days)} days hold no week from Monday to Sunday")])
    parts = (week for week in weeks if week not in whole)
    notes = (PART_OF_WEEK.at(place, f"{week}: {sum(day in days for day in week.days)} of 7 days") for week in parts)
    return tuple(_ranking(week, days, as_of, origin) for week in whole), tuple(notes)


def _parts(answer: Any, place: Place) -> tuple[Sequence[Any], datetime.datetime]:
    rows = answer.get("data") if isinstance(answer, dict) else None
    meta = answer.get("meta") if isinstance(answer, dict) else None
    if not isinstance(rows, list) or not rows or not isinstance(meta, dict):
        raise PolicyError([UNKNOWN_FORM.at(place, "no rows under `data`, or no `meta`")])
    as_of = meta.get("as_of")
    try:
        moment = datetime.datetime.fromisoformat(as_of) if isinstance(as_of, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise PolicyError([ODD_ROW.at(place, f"meta.as_of is {_shown(as_of)}, not a time with its zone")])
    return rows, moment.astimezone(datetime.UTC)


def _days(rows: Sequence[Any], place: Place) -> Days:
    days: defaultdict[datetime.date, dict[str, int]] = defaultdict(dict)
    for number, row in enumerate(rows):
        if why := _oddity(row):
            raise PolicyError([ODD_ROW.at(place, f"row {number}: {why}")])
        day, permaslug = datetime.date.fromisoformat(row["date"]), row["model_permaslug"]
        if permaslug in days[day]:
            raise PolicyError([ODD_ROW.at(place, f"row {number}: {permaslug} stands twice on {day}")])
        days[day][permaslug] = int(row["total_tokens"])
    for day, listed in days.items():
        if OTHER not in listed or len(listed) < 2:
            raise PolicyError([ODD_ROW.at(place, f"{day}: no models, or no row `{OTHER}` for what is not listed")])
    return days


def _oddity(row: Any) -> str | None:
    """What is wrong with a row. Tokens are decimal strings: a number would have gone through a float somewhere."""
    if not isinstance(row, dict):
        return "not an object"
    day, permaslug, tokens = (row.get(key) for key in ("date", "model_permaslug", "total_tokens"))
    if not isinstance(day, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", day) or not _is_date(day):
        return f"date is {_shown(day)}, not YYYY-MM-DD"
    if not isinstance(permaslug, str) or not (permaslug == OTHER or re.fullmatch(PERMASLUG[1:-1], permaslug)):
        return f"model_permaslug is {_shown(permaslug)}, not author/model"
    if not isinstance(tokens, str) or not _WHOLE.fullmatch(tokens) or int(tokens) > MOST_TOKENS:
        return f"total_tokens is {_shown(tokens)}, not a whole number as a decimal string"
    return None


def _is_date(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _shown(value: Any) -> str:
    return ascii(value)[:_MOST_SHOWN]


def _gaps(days: Days) -> tuple[datetime.date, ...]:
    first, last = min(days), max(days)
    every = (first + datetime.timedelta(days=number) for number in range((last - first).days + 1))
    return tuple(day for day in every if day not in days)


def _ranking(week: Week, days: Days, as_of: datetime.datetime, origin: Provenance) -> Ranking:
    totals: Counter[str] = Counter()
    for day in week.days:
        totals.update(days[day])
    other = totals.pop(OTHER)
    ordered = sorted(totals, key=lambda permaslug: (-totals[permaslug], permaslug))
    models = tuple(
        Ranked(rank, slug, totals[slug], {day: days[day][slug] for day in week.days if slug in days[day]})
        for rank, slug in enumerate(ordered, 1)
    )
    return Ranking(week, as_of, week.days, origin, Section(models, other))
