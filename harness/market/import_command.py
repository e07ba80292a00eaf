"""`vane market import FILE`: a saved answer, an older CSV archive or an article's table enters the archive."""

from __future__ import annotations

import argparse
import datetime
import errno
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from compiler.commands.findings import show
from compiler.diagnostics import Finding, Place, PolicyError
from harness.market import archive
from harness.market.import_answer import read_answer
from harness.market.import_article import is_article, read_article
from harness.market.import_csv import is_csv, read_csv
from harness.market.import_findings import BETTER_SOURCE, UNKNOWN_FORM
from harness.market.numbers import tokens
from harness.market.oddities import in_week
from harness.market.rankings import Ranking
from harness.outside import plain

MAX_BYTES = 64 * 1024 * 1024
#: The better source last.
_TRUST = ("article", "scrape", "saved", "official")


def run(asked: argparse.Namespace) -> int:
    """0: archived, or nothing new; 1: the file is odd, and nothing was written."""
    project: Path = asked.project
    try:
        rankings, notes = _read(asked.file, asked.source)
        _refuse_odd_weeks(project, rankings, Place(str(asked.file)))
        kept = tuple(_kept(project, rankings))
        for ranking in rankings:
            if ranking.week in {week.week for week, _ in kept}:
                print(_line(ranking, "kept what is there"))
                continue
            changed = _differs(project, ranking) if asked.dry_run else archive.write(project, ranking)
            verb = "unchanged" if not changed else "would be written" if asked.dry_run else "written"
            print(_line(ranking, verb))
    except PolicyError as error:
        show(error.findings, asked.format, project)
        return 1
    show((*notes, *(note for _, note in kept)), asked.format, project, {})
    return 0


def _read(file: Path, source: str | None) -> tuple[tuple[Ranking, ...], tuple[Finding, ...]]:
    place = Place(str(file))
    content = _content(file, place)
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise PolicyError([UNKNOWN_FORM.at(place, "it is not UTF-8")]) from None
    named = plain(source or file.name)
    if text.lstrip().startswith("{"):
        return read_answer(_json(text, place), place, named if source else _unnamed(named), sha256)
    if is_csv(text):
        return read_csv(text, place, named, sha256)
    if is_article(text):
        return read_article(text, place, sha256), ()
    raise PolicyError([UNKNOWN_FORM.at(place, "neither an answer in JSON, nor a CSV archive, nor an article's table")])


def _unnamed(name: str) -> str:
    return f"a saved answer of GET /datasets/rankings-daily: {name}"


def _content(file: Path, place: Place) -> bytes:
    try:
        if file.exists() and not file.is_file():
            raise OSError(errno.EINVAL, "it is not a regular file")
        if file.stat().st_size > MAX_BYTES:
            raise OSError(errno.EFBIG, "it is larger than 64 MB")
        return file.read_bytes()
    except OSError as error:
        raise PolicyError([UNKNOWN_FORM.at(place, f"cannot read it: {error.strerror}", "check the path")]) from error


def _json(text: str, place: Place) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PolicyError([UNKNOWN_FORM.at(place, "it is not JSON: was it cut off?")]) from error


def _refuse_odd_weeks(project: Path, rankings: Sequence[Ranking], place: Place) -> None:
    """What the refresh refuses against the weeks before, in the archive or in the same file. An older answer may enter
    beside newer ones: when the archived ones were made is no matter."""
    new = {ranking.week for ranking in rankings}
    archived = [archive.read(project, week) for week in archive.weeks(project) if week not in new]
    before = [replace(week, as_of=None) for week in (*archived, *rankings)]
    now = datetime.datetime.now(datetime.UTC)
    if odd := [finding for ranking in rankings for finding in in_week(ranking, before, now, place)]:
        raise PolicyError(odd)


def _kept(project: Path, rankings: Iterable[Ranking]) -> Iterable[tuple[Ranking, Finding]]:
    """Weeks that stay as they are archived: from a better source, or from a newer answer of the same."""
    archived = set(archive.weeks(project))
    for ranking in rankings:
        if ranking.week in archived and (why := _worse(ranking, archive.read(project, ranking.week))):
            yield ranking, BETTER_SOURCE.at(archive.place(ranking.week), f"{ranking.week} {why}")


def _worse(new: Ranking, old: Ranking) -> str | None:
    ours, theirs = new.provenance.kind, old.provenance.kind
    if _TRUST.index(ours) < _TRUST.index(theirs):
        return f"is archived as {theirs}, the file is {_TRUST_WORDS[ours]}"
    if ours == theirs and new.as_of and old.as_of and new.as_of < old.as_of:
        return f"is archived as of {old.as_of}, the file is as of {new.as_of}"
    return None


_TRUST_WORDS = {"article": "an article", "scrape": "a scrape", "saved": "a saved answer", "official": "official"}


def _differs(project: Path, ranking: Ranking) -> bool:
    file = archive.folder(project, ranking.week) / archive.RANKINGS
    return not file.is_file() or file.read_bytes() != archive.to_json(ranking)


def _line(ranking: Ranking, verb: str) -> str:
    total = ranking.platform.total
    whole = "total unknown" if total is None else f"{tokens(total)} tokens"
    exact = "" if ranking.provenance.exact else ", rounded"
    return f"{ranking.week}: {len(ranking.platform.models)} models, {whole}{exact}, {ranking.provenance.kind}: {verb}"
