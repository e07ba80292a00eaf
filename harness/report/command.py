"""`vane report`: a week's page and the index over all weeks."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from compiler.commands.asking import refuse
from compiler.commands.findings import show
from compiler.diagnostics import Place, PolicyError
from compiler.targets import installed
from compiler.whole_file import write_whole
from compiler.write import alone
from harness.market import archive
from harness.market.findings import NO_SUCH_WEEK
from harness.report.evidence import gather, weeks
from harness.report.index_page import index_page
from harness.report.week_page import PAGE, week_page
from harness.weeks import Week


def run(asked: argparse.Namespace) -> int:
    """0: written; 1: the week is missing, or evidence is broken; 2: no ISO week."""
    project: Path = asked.project
    try:
        week = Week.parse(asked.week) if asked.week else max(weeks(project), default=None)
    except ValueError as error:
        return refuse(str(error))
    try:
        if week is None:
            fix = "fetch one: vane market refresh"
            raise PolicyError([NO_SUCH_WEEK.at(Place(archive.FOLDER), "there is no week to report on", fix)])
        written = write(project, week, asked.out or project / archive.FOLDER)
    except PolicyError as error:
        show(error.findings, "text", project)
        return 1
    for each in written:
        print(f"{each.file}: {each.file.stat().st_size // 1024} KB: {'written' if each.is_new else 'unchanged'}")
    return 0


@dataclass(frozen=True, slots=True)
class Written:
    """A page that is there now, and whether it says something else than before."""

    file: Path
    is_new: bool


def write(project: Path, week: Week, out: Path) -> tuple[Written, Written]:
    """Write the week's page and the index; nothing if either cannot be made. Raises PolicyError."""
    page, index = out / str(week) / PAGE, out / PAGE
    files_at = os.path.relpath(archive.folder(project, week).resolve(), page.parent.resolve())
    content = week_page(gather(project, week, installed()), "" if files_at == "." else f"{files_at}/")
    others = {each for each in weeks(project) if (out / str(each) / PAGE).is_file()}
    whole = index_page(project, frozenset({week, *others}))
    for folder in (out, page.parent):
        archive.refuse_unless_folder(folder)
        folder.mkdir(parents=True, exist_ok=True)
    with alone(out):
        return _kept(page, content), _kept(index, whole)


def _kept(file: Path, content: bytes) -> Written:
    is_new = not (file.is_file() and file.read_bytes() == content)
    if is_new:
        write_whole(file, content)
    return Written(file, is_new)
