"""`vane market chart`: the pictures of an archived week, into its folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from compiler.commands.asking import refuse
from compiler.commands.findings import show
from compiler.diagnostics import Place, PolicyError
from compiler.formats import one_line
from harness.market import archive, screenshot
from harness.market.findings import NO_SUCH_WEEK
from harness.market.pictures import draw
from harness.weeks import Week


def run(asked: argparse.Namespace) -> int:
    """0: drawn, with or without a screenshot; 1: the week is missing or broken; 2: no ISO week."""
    project: Path = asked.project
    try:
        week = Week.parse(asked.week) if asked.week else archive.newest(project)
    except ValueError as error:
        return refuse(str(error))
    try:
        if week is None:
            fix = "fetch one: vane market refresh"
            raise PolicyError([NO_SUCH_WEEK.at(Place(archive.FOLDER), "the archive holds no week", fix)])
        pictures = dict(draw(project, week))
        if asked.screenshot:
            pictures |= _screenshot()
        archive.write(project, archive.read(project, week), pictures)
    except PolicyError as error:
        show(error.findings, "text", project)
        return 1
    for name, content in pictures.items():
        print(f"{archive.FOLDER}/{week}/{name}: {len(content) // 1024} KB")
    return 0


def _screenshot() -> dict[str, bytes]:
    try:
        return {screenshot.FILE: screenshot.screenshot()}
    except screenshot.NoScreenshotError as error:
        print(one_line(f"vane: no screenshot of {screenshot.PAGE}: {error}"), file=sys.stderr)
        return {}
