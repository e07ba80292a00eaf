"""`vane market diff`: what moved in a week, as text, Markdown or JSON, and as the week's market.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from compiler.commands.asking import refuse
from compiler.commands.findings import show
from compiler.diagnostics import Place, PolicyError
from harness.market import archive
from harness.market.findings import NO_SUCH_WEEK
from harness.market.layout import as_markdown, as_text
from harness.market.moved import Moved, moved
from harness.market.moves_json import as_json
from harness.weeks import Week

MARKET_PAGE = "market.md"


def run(asked: argparse.Namespace) -> int:
    """0: said; 1: a week is missing or broken; 2: no ISO week."""
    project: Path = asked.project
    try:
        week = Week.parse(asked.week) if asked.week else None
        against = Week.parse(asked.against) if asked.against else None
    except ValueError as error:
        return refuse(str(error))
    try:
        found = moved(project, *_weeks(project, week, against))
        if asked.write:
            write_page(project, found)
    except PolicyError as error:
        show(error.findings, "text", project)
        return 1
    layout = as_json if asked.json else as_markdown if asked.markdown else as_text
    sys.stdout.write(layout(found))
    return 0


def write_page(project: Path, found: Moved) -> bool:
    """Put market.md into the week's folder; whether it changed."""
    return archive.write(project, found.moves.now, page(found))


def page(found: Moved) -> dict[str, bytes]:
    """market.md, by its name."""
    return {MARKET_PAGE: as_markdown(found).encode("utf-8")}


def _weeks(project: Path, week: Week | None, against: Week | None) -> tuple[Week, Week]:
    """The two weeks that were asked for; else the newest, and the newest before it."""
    week = week or archive.newest(project)
    if week is None:
        fix = "fetch one: vane market refresh"
        raise PolicyError([NO_SUCH_WEEK.at(Place(archive.FOLDER), "the archive holds no week", fix)])
    against = against or archive.before(project, week)
    if against is None:
        said = f"no week before {week} is archived"
        fix = f"fetch one: vane market refresh --week {week.before()}"
        raise PolicyError([NO_SUCH_WEEK.at(archive.place(week), said, fix)])
    return week, against
