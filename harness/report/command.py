"""`vane report`: a week's page and the index over all weeks."""

from __future__ import annotations

import argparse
import os
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
    for file in written:
        print(f"{file}: {file.stat().st_size // 1024} KB")
    return 0


def write(project: Path, week: Week, out: Path) -> tuple[Path, Path]:
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
        for file, new in ((page, content), (index, whole)):
            if not (file.is_file() and file.read_bytes() == new):
                write_whole(file, new)
    return page, index
