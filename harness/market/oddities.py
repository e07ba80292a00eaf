"""What is odd about rankings: against what was asked for, against the platform, against the archive.

Each check yields findings and stops nothing by itself; whoever archives refuses a week that has any.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from compiler.diagnostics import Code, Finding, Place
from harness.market.answers import Rows
from harness.market.findings import (
    AS_OF_BACKWARDS,
    DISORDER,
    EMPTY_RANKING,
    FALLEN_TOTAL,
    FEW_MODELS,
    MISSING_DAYS,
    WRONG_SECTION,
    WRONG_UNIT,
)
from harness.market.form import MOST_TOKENS
from harness.market.rankings import OTHER, Ranking, Section
from harness.weeks import DAYS

#: The data set lists fifty models a day; a category or modality may have fewer.
FEWEST_MODELS, FEWEST_IN_SECTION = 40, 5
#: Tokens of the whole platform in a day: 50 billion when the data set begins, in January 2025.
FEWEST_TOKENS = 10**10
#: Of exact counts one in a thousand ends in 000.
_ROUND, _MOST_ROUND, _FEWEST_ROUND = 1000, 10, 5
#: An archived week further back says nothing of how much a week may change.
_NEAR = datetime.timedelta(weeks=4)
#: Nothing grows or (where it is an estimate) falls tenfold in such a time, except by another unit.
_TENFOLD, _HALF = 10, 2
#: Days are still counted a little after they end, and each answer has its own moment: one in a hundred.
_SLACK = 100
#: An estimate from a sample may pass the whole that it is a part of, but not by much.
_SAMPLED_SLACK = 2
#: Smaller parts of the platform than a millionth are not parts of it, but numbers in another unit.
_LEAST_PART = 10**6
_TOP = 10
#: Archived weeks that are answers of the data set.
_ANSWERS = ("official", "saved")
_CLOCKS_APART = datetime.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer was asked for."""

    question: str
    place: Place
    days: tuple[datetime.date, ...]
    #: the whole platform's ranking, or that of a part
    is_platform: bool = True
    #: whether OpenRouter estimates it from a sample; such an answer has one row for each model and week
    is_sampled: bool = False

    def odd(self, code: Code, why: str, fix: str = "") -> Finding:
        """A finding about the answer."""
        return code.at(self.place, f"{self.question}: {why}", fix)


def in_rows(rows: Rows, expected: Expected) -> Iterator[Finding]:
    """What is odd about one answer by itself."""
    if not rows.rows:
        yield expected.odd(EMPTY_RANKING, "it holds no row")
        return
    yield from _days(rows, expected)
    fewest = FEWEST_MODELS if expected.is_platform else FEWEST_IN_SECTION
    for day, listed in rows.by_day.items():
        models = sum(row.permaslug != OTHER for row in listed)
        if not models:
            yield expected.odd(EMPTY_RANKING, f"{day} holds no model")
        elif models < fewest:
            yield expected.odd(FEW_MODELS, f"{models} models on {day}, and {fewest} is the fewest")
        total = sum(row.tokens for row in listed)
        if expected.is_platform and total < FEWEST_TOKENS:
            why = f"{total:,} tokens on {day}, and {FEWEST_TOKENS:,} is the fewest: another unit, or another section"
            yield expected.odd(WRONG_UNIT, why)
        elif expected.is_platform and OTHER not in {row.permaslug for row in listed}:
            yield expected.odd(DISORDER, f"{day} has no row `{OTHER}` for the models that are not listed")
    if (whole := sum(row.tokens for row in rows.rows)) > MOST_TOKENS:
        yield expected.odd(WRONG_UNIT, f"{whole:,} tokens are more than 64 bits hold")
    yield from _halved(rows, expected)
    yield from _round(rows, expected)


def _halved(rows: Rows, expected: Expected) -> Iterator[Finding]:
    """Days of one week are like each other: a day that is not was counted otherwise."""
    totals = {day: sum(row.tokens for row in listed) for day, listed in rows.by_day.items()}
    most = max(totals, key=lambda day: totals[day])
    for day, total in totals.items():
        if expected.is_platform and total * _HALF < totals[most]:
            yield expected.odd(FALLEN_TOTAL, f"{total:,} tokens on {day}, and {totals[most]:,} on {most}")


def _days(rows: Rows, expected: Expected) -> Iterator[Finding]:
    wanted = expected.days[:1] if expected.is_sampled else expected.days
    found = {row.day for row in rows.rows}
    if missing := [str(day) for day in wanted if day not in found]:
        yield expected.odd(MISSING_DAYS, f"{len(missing)} of {len(wanted)} days are missing: {', '.join(missing)}")
    if more := sorted(found.difference(wanted)):
        yield expected.odd(
            MISSING_DAYS, f"it holds {more[0]}, which was not asked for", "report it: the API has changed"
        )


def _round(rows: Rows, expected: Expected) -> Iterator[Finding]:
    counts = [row.tokens for row in rows.rows if row.permaslug != OTHER and row.tokens]
    ends_round = sum(count % _ROUND == 0 for count in counts)
    if not expected.is_sampled and ends_round >= _FEWEST_ROUND and ends_round * _MOST_ROUND > len(counts):
        why = f"{ends_round} of {len(counts)} counts end in 000: rounded, or multiplied from another unit"
        yield expected.odd(WRONG_UNIT, why)


def in_week(ranking: Ranking, archived: Sequence[Ranking], now: datetime.datetime, place: Place) -> Iterator[Finding]:
    """What is odd about a week: in its time, between its sections, against the archived weeks."""
    yield from _time(ranking, archived, now, place)
    for name, section in ranking.sections.items():
        yield from _against_platform(name, section, ranking, place)
    earlier = [week for week in archived if week.week < ranking.week]
    last = max(earlier, key=lambda week: week.week, default=None)
    if last is None or ranking.week.monday - last.week.monday > _NEAR:
        return
    yield from _change("platform", ranking.platform, last.platform, ranking, last, place)
    yield from _turned_over(ranking, last, place)
    for name in ranking.sections.keys() & last.sections.keys():
        yield from _change(name, ranking.sections[name], last.sections[name], ranking, last, place)


def _time(ranking: Ranking, archived: Sequence[Ranking], now: datetime.datetime, place: Place) -> Iterator[Finding]:
    as_of = ranking.as_of
    if as_of is None:
        return
    over = datetime.datetime.combine(ranking.days[-1], datetime.time(), datetime.UTC) + datetime.timedelta(days=1)
    if as_of < over:
        yield AS_OF_BACKWARDS.at(place, f"as_of is {as_of}, before {ranking.days[-1]} was over")
    if as_of > now + _CLOCKS_APART:
        yield AS_OF_BACKWARDS.at(place, f"as_of is {as_of}, and it is {now} here", "set this machine's clock right")
    answered = [week for week in archived if week.as_of and week.provenance.kind in _ANSWERS]
    newest = max(answered, key=lambda week: week.as_of or as_of, default=None)
    if newest and newest.as_of and as_of < newest.as_of:
        said = f"as_of is {as_of}, older than the archived {newest.week}'s {newest.as_of}"
        yield AS_OF_BACKWARDS.at(place, said)


def _against_platform(name: str, section: Section, ranking: Ranking, place: Place) -> Iterator[Finding]:
    platform = ranking.platform
    part, whole = section.total, platform.total
    if part is None or whole is None:
        return
    if _tokens(section) == _tokens(platform):
        yield WRONG_SECTION.at(place, f"{name} has the platform's own numbers: its filter was ignored")
    elif part > (whole * _SAMPLED_SLACK if section.sampled else whole + whole // _SLACK):
        yield WRONG_SECTION.at(place, f"{name} has {part:,} tokens, more than the platform's {whole:,}")
    elif part * _LEAST_PART < whole:
        yield WRONG_UNIT.at(place, f"{name} has {part:,} tokens of the platform's {whole:,}")
    for other, twin in ranking.sections.items():
        if other < name and _tokens(twin) == _tokens(section):
            yield WRONG_SECTION.at(place, f"{name} has the numbers of {other}")
    if section.sampled:
        return
    days = {model.permaslug: model.days for model in platform.models}
    for model in section.models:
        for day, tokens in model.days.items():
            limit = days.get(model.permaslug, {}).get(day)
            if limit is not None and tokens > limit + limit // _SLACK:
                said = f"{name} has {tokens:,} tokens of {model.permaslug} on {day}, and the platform {limit:,}"
                yield WRONG_SECTION.at(place, said)
                return


def _tokens(section: Section) -> dict[str, int]:
    return {model.permaslug: model.tokens for model in section.models}


def _change(name: str, new: Section, old: Section, ranking: Ranking, last: Ranking, place: Place) -> Iterator[Finding]:
    """Totals by day, so that a week that is not complete can be compared; Top N where a source knows no total."""
    now, then = (new.total, old.total) if None not in (new.total, old.total) else _tops(new, old)
    days, days_then = len(ranking.days) or DAYS, len(last.days) or DAYS
    if now is None or then is None:
        return
    said = f"{name} has {now:,} tokens in {days} days, {last.week} has {then:,} in {days_then}"
    now, then = now * days_then, then * days
    if now > then * _TENFOLD or now * _TENFOLD < then:
        yield WRONG_UNIT.at(place, f"{said}: more than tenfold in {_weeks(ranking, last)}")
    elif now * _HALF < then and not new.sampled:
        yield FALLEN_TOTAL.at(place, f"{said}: {_percent(now, then)} a day, and -50% is the most")


def _tops(new: Section, old: Section) -> tuple[int, int]:
    count = min(len(new.models), len(old.models))
    return sum(model.tokens for model in new.models[:count]), sum(model.tokens for model in old.models[:count])


def _turned_over(ranking: Ranking, last: Ranking, place: Place) -> Iterator[Finding]:
    if last.provenance.kind not in _ANSWERS:  # others know fewer models, or by other names
        return
    top = [model.permaslug.partition(":")[0] for model in last.platform.models[:_TOP]]
    listed = {model.permaslug.partition(":")[0] for model in ranking.platform.models}
    kept = sum(permaslug in listed for permaslug in top)
    if kept * 2 < len(top):
        said = f"{kept} of the {len(top)} first models of {last.week} are listed at all"
        yield WRONG_SECTION.at(place, f"{said}: these are another section's numbers")


def _weeks(ranking: Ranking, last: Ranking) -> str:
    count = (ranking.week.monday - last.week.monday).days // DAYS
    return "a week" if count == 1 else f"{count} weeks"


def _percent(now: int, then: int) -> str:
    return f"{(now - then) * 100 // then:+d}%"
