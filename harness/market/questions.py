"""What a refresh asks the data sets, as paths and parameters."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from compiler.policy.market import Category
from harness.market.answers import PATH
from harness.weeks import Week

APPS = "/datasets/app-rankings"
#: The most that one answer may hold.
MOST_APPS = 100
_CATEGORIES = frozenset(get_args(Category))


@dataclass(frozen=True, slots=True)
class Question:
    """A path with its parameters."""

    path: str
    query: Mapping[str, str | int]
    #: estimated by OpenRouter from a sample, by week
    is_sampled: bool = False

    def __str__(self) -> str:
        return f"GET {self.path}?" + "&".join(f"{name}={value}" for name, value in self.query.items())


def days_over(week: Week, now: datetime.datetime) -> tuple[datetime.date, ...]:
    """The week's UTC days that are over: those that the data sets have."""
    today = now.astimezone(datetime.UTC).date()
    return tuple(day for day in week.days if day < today)


def has_prices(week: Week, now: datetime.datetime) -> bool:
    """Whether prices asked for now are those of the week: they are known as of today alone."""
    return Week.of(now.astimezone(datetime.UTC).date()) <= week.after()


def platform(days: tuple[datetime.date, ...]) -> Question:
    """The whole platform's ranking, day by day."""
    return Question(PATH, {**_window(days), "period": "day"})


def section(name: str, days: tuple[datetime.date, ...]) -> Question:
    """A category's ranking by week, or a modality's by day: the data set has them so."""
    if name in _CATEGORIES:
        return Question(PATH, {**_window(days), "period": "week", "category": name}, is_sampled=True)
    return Question(PATH, {**_window(days), "period": "day", "modality": name})


def apps(days: tuple[datetime.date, ...]) -> Question:
    """The apps that used most tokens."""
    return Question(APPS, {**_window(days), "sort": "popular", "limit": MOST_APPS})


def _window(days: tuple[datetime.date, ...]) -> dict[str, str | int]:
    return {"start_date": days[0].isoformat(), "end_date": days[-1].isoformat()}
