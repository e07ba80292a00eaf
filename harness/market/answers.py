"""An answer of `GET /datasets/rankings-daily` → checked rows → a section of a ranking.

Here is what one row, and the rows of one answer, must be by the data set's description. What is odd against other
answers and other weeks is in `oddities.py`.
"""

from __future__ import annotations

import datetime
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from compiler.diagnostics import Finding, Place, PolicyError
from harness.market.findings import DISORDER, DUPLICATE_ROW, NOT_THE_DATA_SET, ODD_COUNT, ODD_PERMASLUG
from harness.market.form import MOST_LETTERS, MOST_TOKENS, PERMASLUG
from harness.market.rankings import OTHER, Ranked, Section

PATH = "/datasets/rankings-daily"
CITATION = "Source: OpenRouter (openrouter.ai/rankings), as of {as_of}."
LICENCE = "CC BY 4.0"
#: Rows of an answer that are shown as wrong before the rest goes unsaid.
_MOST_SHOWN = 10
_PERMASLUG = re.compile(PERMASLUG[1:-1])
_COUNT = re.compile("0|[1-9][0-9]{0,18}")
_DAY = re.compile("20[0-9]{2}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Row:
    """A model's tokens on a day (or in the week that starts on it), or those of all models outside the list."""

    day: datetime.date
    permaslug: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Rows:
    """A whole answer."""

    rows: tuple[Row, ...]
    as_of: datetime.datetime
    first: datetime.date
    last: datetime.date

    @property
    def by_day(self) -> Mapping[datetime.date, tuple[Row, ...]]:
        """Rows by day, in order."""
        return {day: tuple(rows) for day, rows in groupby(self.rows, key=lambda row: row.day)}


def read_rows(answer: Any, place: Place, question: str) -> Rows:
    """The rows. Raises PolicyError with every oddity (up to ten) where an answer is not what the data set gives."""
    listed, meta = _parts(answer, place, question)
    rows, findings = [], []
    for number, item in enumerate(listed):
        try:
            rows.append(_row(item))
        except _OddError as odd:
            findings.append(odd.code.at(place, f"{question}: row {number}: {odd.why}"))
    if not findings:
        findings = list(_disorder(rows, place, question))
    if findings:
        raise PolicyError(findings[:_MOST_SHOWN])
    as_of, first, last = _moment(meta.get("as_of")), _day(meta.get("start_date")), _day(meta.get("end_date"))
    if as_of is None or first is None or last is None:
        said = f"{question}: meta has no as_of, start_date and end_date in UTC"
        raise PolicyError([NOT_THE_DATA_SET.at(place, said)])
    return Rows(tuple(rows), as_of, first, last)


def section_of(
    rows: Iterable[Row], *, is_daily: bool = True, sampled: bool = False, sha256: str | None = None
) -> Section:
    """Tokens of all the days by model. A model's days are those on which it was listed; on others it is in `other`."""
    tokens: Counter[str] = Counter()
    days: defaultdict[str, dict[datetime.date, int]] = defaultdict(dict)
    for row in rows:
        tokens[row.permaslug] += row.tokens
        days[row.permaslug][row.day] = row.tokens
    other = tokens.pop(OTHER, 0)
    order = sorted(tokens, key=lambda permaslug: (-tokens[permaslug], permaslug))
    models = (
        Ranked(rank, permaslug, tokens[permaslug], days[permaslug] if is_daily else {})
        for rank, permaslug in enumerate(order, 1)
    )
    return Section(tuple(models), other, sampled, sha256)


class _OddError(Exception):
    def __init__(self, code: Any, why: str) -> None:
        self.code, self.why = code, why
        super().__init__(why)


def _parts(answer: Any, place: Place, question: str) -> tuple[Sequence[Any], Mapping[str, Any]]:
    data = answer.get("data") if isinstance(answer, dict) else None
    meta = answer.get("meta") if isinstance(answer, dict) else None
    if not isinstance(data, list) or not isinstance(meta, dict):
        raise PolicyError([NOT_THE_DATA_SET.at(place, f"{question}: no list of rows under `data`, or no `meta`")])
    if meta.get("version") != "v1":
        said = f"{question}: version {_shown(meta.get('version'))} of the data set; this tool knows v1"
        raise PolicyError([NOT_THE_DATA_SET.at(place, said)])
    return data, meta


def _row(item: Any) -> Row:
    if not isinstance(item, dict):
        raise _OddError(NOT_THE_DATA_SET, f"it is {_shown(item)}, no object")
    day, permaslug, tokens = _day(item.get("date")), item.get("model_permaslug"), item.get("total_tokens")
    if day is None:
        raise _OddError(NOT_THE_DATA_SET, f"date is {_shown(item.get('date'))}, not YYYY-MM-DD")
    if not isinstance(permaslug, str) or not (permaslug == OTHER or _PERMASLUG.fullmatch(permaslug)):
        raise _OddError(ODD_PERMASLUG, f"model_permaslug is {_shown(permaslug)}, not author/model")
    if len(permaslug) > MOST_LETTERS:
        raise _OddError(ODD_PERMASLUG, f"model_permaslug has {len(permaslug)} letters: {_shown(permaslug)}")
    if not isinstance(tokens, str) or not _COUNT.fullmatch(tokens) or int(tokens) > MOST_TOKENS:
        why = f"total_tokens of {permaslug} is {_shown(tokens)}, not a whole number of 64 bits as a decimal string"
        raise _OddError(ODD_COUNT, why)
    return Row(day, permaslug, int(tokens))


def _disorder(rows: Sequence[Row], place: Place, question: str) -> Iterator[Finding]:
    seen: set[tuple[datetime.date, str]] = set()
    for row in rows:
        if (row.day, row.permaslug) in seen:
            yield DUPLICATE_ROW.at(place, f"{question}: {row.permaslug} stands twice on {row.day}")
        seen.add((row.day, row.permaslug))
    for above, below in pairwise(rows):
        if below.day < above.day:
            yield DISORDER.at(place, f"{question}: {below.day} stands after {above.day}")
        elif below.day == above.day and above.permaslug == OTHER:
            yield DISORDER.at(place, f"{question}: `{OTHER}` is not the last row of {above.day}")
        elif below.day == above.day and below.permaslug != OTHER and below.tokens > above.tokens:
            said = f"{below.permaslug} stands below {above.permaslug}, which has fewer tokens"
            yield DISORDER.at(place, f"{question}: on {above.day} {said}")


def _day(value: Any) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(value) if isinstance(value, str) and _DAY.fullmatch(value) else None
    except ValueError:
        return None


def _moment(value: Any) -> datetime.datetime | None:
    """A time with its zone, in UTC."""
    try:
        moment = datetime.datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment.astimezone(datetime.UTC) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _shown(value: Any) -> str:
    """Text from outside in a message: one line of ASCII, and not much of it."""
    return ascii(value)[:80]
