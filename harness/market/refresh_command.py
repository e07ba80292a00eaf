"""`vane market refresh`: fetch a week's rankings and prices, and archive them."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from compiler.commands.findings import show
from compiler.diagnostics import Finding, Place, PolicyError
from compiler.formats import one_line
from compiler.load import Documents
from compiler.lock import NOT_SERVED
from compiler.plan import MLX_PREFIX
from compiler.policy import typed_file
from compiler.policy.market import Market
from harness.clock import Clock
from harness.market import archive
from harness.market.findings import NO_KEY
from harness.market.named_models import documents_of, named_models
from harness.market.prices import FILE as PRICES_FILE
from harness.market.rankings import Ranking
from harness.market.refresh import Refresh, Refreshed, Wanted
from harness.openrouter import VARIABLE, OpenRouter, UnansweredError
from harness.request_limit import FILE as LIMIT_FILE
from harness.request_limit import RequestLimit
from harness.telling import telling
from harness.weeks import Week

_MARKET = "market.yaml"


def run(asked: argparse.Namespace, clock: Clock | None = None) -> int:
    """0: archived, or as it was; 1: an answer did not come or is odd, and nothing was written; 2: no such week."""
    project: Path = asked.project
    clock = clock or Clock()
    try:
        week = Week.parse(asked.week) if asked.week else Week.last_complete(clock.now())
    except ValueError as error:
        print(one_line(f"vane: --week: {error}"), file=sys.stderr)
        return 2
    try:
        wanted = _wanted(week, documents_of(project))
        refreshed = _refreshed(asked, wanted, clock)
        is_new = not asked.dry_run and archive.write(project, refreshed.ranking, refreshed.files)
    except PolicyError as error:
        show(error.findings, asked.format, project, {})
        return 1
    place = archive.place(wanted.week, PRICES_FILE)
    show([NOT_SERVED.at(place, f"{slug!r} is not served") for slug in refreshed.not_served], asked.format, project, {})
    verb = "not written (--dry-run)" if asked.dry_run else "written" if is_new else "unchanged"
    print(f"{summary(refreshed)}: {verb}", file=sys.stderr)
    return 0 if asked.dry_run else _beside(asked, refreshed.ranking)


def _beside(asked: argparse.Namespace, ranking: Ranking) -> int:
    """What moved, and the pictures, beside the week's numbers. An older week that is broken keeps only these out."""
    week = ranking.week
    try:
        files = pages(asked.project, week)
        archive.write(asked.project, ranking, files)
    except PolicyError as error:
        show(error.findings, asked.format, asked.project)
        print(f"vane: the week is archived; when that is mended: vane market diff {week} --write", file=sys.stderr)
        return 1
    for name in files:
        print(f"{archive.FOLDER}/{week}/{name}", file=sys.stderr)
    return 0


def pages(project: Path, week: Week) -> dict[str, bytes]:
    """market.md, where there is an older week to compare with, and the week's pictures."""
    from harness.market.diff_command import page
    from harness.market.moved import moved
    from harness.market.pictures import draw

    against = archive.before(project, week)
    return {**(page(moved(project, week, against)) if against else {}), **draw(project, week)}


def _wanted(week: Week, documents: Documents) -> Wanted:
    findings: list[Finding] = []
    document = documents.files.get(_MARKET)
    market = typed_file(document, Market, findings) if document else None
    if findings:
        raise PolicyError(findings)
    sections = market.sections if market else Market.model_fields["sections"].default
    models = frozenset(slug for slug in named_models(documents) if not slug.startswith(MLX_PREFIX))
    return Wanted(week, tuple(dict.fromkeys(sections)), models)


def _refreshed(asked: argparse.Namespace, wanted: Wanted, clock: Clock) -> Refreshed:
    place = archive.place(wanted.week)
    key = os.environ.get(VARIABLE)
    if not key:
        raise PolicyError([NO_KEY.at(place, f"{VARIABLE} is not set")])
    archived = _archived(asked.project, wanted.week)
    limit = RequestLimit(asked.project / LIMIT_FILE, clock)
    try:
        with OpenRouter(asked.api, key, clock=clock, limit=limit) as client, telling() as tell:
            return Refresh(client, wanted, archived, clock, tell).run()
    except UnansweredError as error:  # of the key or the address: before any question
        raise PolicyError([NO_KEY.at(Place(error.question), error.problem)]) from error


def _archived(project: Path, week: Week) -> tuple[Ranking, ...]:
    """What a new answer is held against: the same week, the one before, and the newest."""
    known = archive.weeks(project)
    near = {week} & {*known} | {found for found in (archive.before(project, week), archive.newest(project)) if found}
    return tuple(archive.read(project, other) for other in sorted(near))


def summary(refreshed: Refreshed) -> str:
    """The week in a line."""
    ranking = refreshed.ranking
    parts = [f"{len(ranking.platform.models)} models", f"{ranking.platform.total or 0:,} tokens"]
    if not ranking.is_complete:
        parts.append(f"NOT COMPLETE: {len(ranking.days)} of 7 days, to {ranking.days[-1]}")
    parts += ranking.sections
    if PRICES_FILE not in refreshed.files:
        parts.append("no prices (today's are not those of a week so long over)")
    return f"{archive.FOLDER}/{ranking.week}: {', '.join(parts)}; as of {ranking.as_of:%Y-%m-%d %H:%M} UTC"
