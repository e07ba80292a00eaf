"""Ten years of the archive as it would be on disk: a file a week, 400 models in it, each with its seven days."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from harness.market import archive
from harness.market.rankings import Ranked, Ranking, Section
from harness.weeks import DAYS, Week
from tests.market.weeks import AS_OF, ORIGIN

WEEKS, MODELS, VENDORS = 522, 400, 60
FIRST = Week(2016, 27)
#: A new model takes the place of the oldest one this often.
_WEEKS_A_MODEL = 4
ROWS = WEEKS * MODELS * DAYS
#: Listed from the first week to the last.
EVERGREEN = "vendor-17/evergreen"


def write(project: Path) -> Path:
    """The archive, written by nothing but the archive's own form."""
    for ranking in _rankings():
        folder = archive.folder(project, ranking.week)
        folder.mkdir(parents=True)
        (folder / archive.RANKINGS).write_bytes(archive.to_json(ranking))
    return project


def _rankings() -> Iterator[Ranking]:
    chance = random.Random(1)
    week = FIRST
    for number in range(WEEKS):
        oldest = number // _WEEKS_A_MODEL
        names = [EVERGREEN, *(_name(model) for model in range(oldest, oldest + MODELS - 1))]
        days = {
            name: {day: 10**12 // (1 + (place * 7 + number) % MODELS) + chance.randrange(10**9) for day in week.days}
            for place, name in enumerate(names)
        }
        totals = {name: sum(counts.values()) for name, counts in days.items()}
        ordered = sorted(totals, key=lambda name: (-totals[name], name))
        models = tuple(Ranked(rank, name, totals[name], days[name]) for rank, name in enumerate(ordered, 1))
        yield Ranking(week, AS_OF, week.days, ORIGIN, Section(models, 10**12))
        week = week.after()


def _name(model: int) -> str:
    variant = ":free" if model % 9 == 0 else ""
    date = f"20{16 + model // 60:02}{1 + model % 12:02}{1 + model % 28:02}"
    return f"vendor-{model % VENDORS}/model-{model // 3}-{date}{variant}"
