"""`vane import`: a first set of policies from what a team has."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from compiler.commands.findings import show
from compiler.diagnostics import Finding, Place, PolicyError, Severity, errors
from compiler.formats import one_line
from compiler.importing.findings import EXISTS
from compiler.importing.first_set import FirstSet, Source, first_set, proof
from compiler.policy import LOCK_FILE
from compiler.whole_file import write_whole


def run(asked: argparse.Namespace) -> int:
    """0: written; 1: the file cannot be imported, policies exist, or the result does not compile as it is."""
    folder: Path = asked.output or asked.project / "policies"
    lock = asked.lock_from or (folder / LOCK_FILE if (folder / LOCK_FILE).is_file() else None)
    try:
        first = first_set(Source(asked.file, lock, asked.from_models, asked.as_of))
        there = _present(folder, first)
        if there and not asked.force and not asked.dry_run:
            raise PolicyError([EXISTS.at(Place(file), f"{file!r} is there already") for file in there])
        outcome = proof(first)
    except PolicyError as error:
        show(error.findings, asked.format, asked.project, {})
        return 1
    show((*first.said, *_beside(folder, there, first), *outcome), asked.format, asked.project, {})
    out = sys.stdout if asked.format == "text" else sys.stderr
    for path, text in sorted(first.texts.items()):
        if asked.dry_run:
            print(f"==> {one_line(f'{folder.name}/{path}')} <==\n{text}", file=out)
        else:
            write_whole(folder / path, text.encode("utf-8"))
    verb, written = "would write" if asked.dry_run else "wrote", first.written.texts
    print(f"{verb} {len(first.texts)} files with {len(written) - 4} scenarios into {folder.name}/", file=sys.stderr)
    has_lock = LOCK_FILE in first.texts or (folder / LOCK_FILE).is_file()
    print(_next_step(first, proved=first.is_pinned and not errors(outcome), has_lock=has_lock), file=sys.stderr)
    return 1 if errors(outcome) else 0


def _next_step(first: FirstSet, *, proved: bool, has_lock: bool) -> str:
    found, agents = first.found, len(first.written.scenarios)
    if proved:
        but = ", but for what is named above" if any(left.loses_model for left in found.left) else ""
        each = "agents reach what they" if agents != 1 else "agent reaches what it"
        lock = "" if has_lock else "`vane lock`, "
        return f"compiled in memory: {agents} {each} reached " \
               f"before{but}. Next: read the comments, then {lock}`vane schema` and `vane compile`"  # fmt: skip
    mlx = " and `vane lock --mlx FOLDER` for the MLX model" if found.mlx else ""
    return f"next: read the comments, then `vane lock`{mlx}, `vane schema` and `vane compile`"


def _present(folder: Path, first: FirstSet) -> list[str]:
    """Policies that are there already, with those of other names; a lock is none, its facts are used."""
    there = [path for path in first.texts if (folder / path).exists() or (folder / path).is_symlink()]
    there += [path.relative_to(folder).as_posix() for path in folder.glob("**/*.yaml") if ".schemas" not in path.parts]
    return [f"{folder.name}/{path}" for path in sorted(set(there) - {LOCK_FILE})]


def _beside(folder: Path, there: list[str], first: FirstSet) -> list[Finding]:
    """With --force, policies of other names stay; they may not fit those that were imported."""
    stay = [file for file in there if file.removeprefix(f"{folder.name}/") not in first.texts]
    fix = "delete it if it does not belong to the imported policies"
    return [replace(EXISTS.at(Place(file), f"{file!r} stays", fix), severity=Severity.WARNING) for file in stay]
