"""`vane bench import`: a suite out of promptfoo's tests or of JSON lines in BFCL's form."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

from compiler.commands.findings import show
from compiler.diagnostics import Finding, Place, PolicyError
from compiler.policy.types import NAME_PATTERN
from compiler.yaml_text import Refused
from harness.bench.importing.bfcl import read_bfcl
from harness.bench.importing.found import CHECK_LEFT_OUT, LEFT_OUT, NOTHING_LEFT, SUITE_EXISTS, UNREADABLE, Found
from harness.bench.importing.naming import Ids
from harness.bench.importing.promptfoo import read_promptfoo
from harness.bench.importing.writing import admitted, write_suite

#: BFCL's largest file is 2 MB; what is much larger is something else.
_MAX_BYTES = 64 * 1024 * 1024


def run(asked: argparse.Namespace) -> int:
    """0: written, and what was left out is said; 1: nothing can be imported, or the folder is there; 2: no name."""
    if not re.fullmatch(NAME_PATTERN[1:-1], asked.scenario):
        print(f"vane bench import: --scenario {asked.scenario!r} is no name of a scenario", file=sys.stderr)
        return 2
    folder: Path = asked.out
    try:
        if folder.exists() or folder.is_symlink():
            raise PolicyError([SUITE_EXISTS.at(Place(folder.name), f"{str(folder)!r} is there already")])
        found = admitted(_read(asked.file, asked.answers), asked.scenario)
        said = _said(found)
        if not found.cases:
            raise PolicyError([*said, NOTHING_LEFT.at(Place(asked.file.name), "no case is left")])
        folder.parent.mkdir(parents=True, exist_ok=True)
        name = Ids().of(folder.resolve().name)
        suite = write_suite(folder, found.cases, name, asked.scenario, asked.file.name)
    except PolicyError as error:
        show(error.findings, "text", asked.project, {})
        return 1
    show(said, "text", asked.project, {})
    print(f"wrote {len(suite.cases)} cases into {folder}, hash {suite.sha256[:12]}; {len(found.left_out)} left out")
    return 0


def _read(file: Path, answers: Path | None) -> Found:
    text = _text(file)
    if _is_lines(text):
        return read_bfcl(text, file.name, _text(answers) if answers else None, answers.name if answers else "")
    try:
        return read_promptfoo(text, file.name, file.resolve().parent)
    except Refused as refused:
        raise PolicyError([refused.finding]) from refused


def _is_lines(text: str) -> bool:
    """Whether the first line is a whole JSON object with a question."""
    try:
        first = json.loads(text.lstrip().split("\n", 1)[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and "question" in first


def _text(file: Path) -> str:
    try:
        if not file.is_file():
            raise FileNotFoundError(2, "it is no file")
        if file.stat().st_size > _MAX_BYTES:
            raise ValueError(f"it is larger than {_MAX_BYTES:,} bytes")
        return file.read_bytes().decode("utf-8").removeprefix("\ufeff")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise PolicyError([UNREADABLE.at(Place(file.name), f"cannot read {file.name!r}: {why}")]) from error


def _said(found: Found) -> list[Finding]:
    said = [LEFT_OUT.at(place, why) for place, why in found.left_out]
    return said + [
        CHECK_LEFT_OUT.at(case.place, f"{case.form['id']}: {why}") for case in found.cases for why in case.lost
    ]
