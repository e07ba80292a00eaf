"""`vane verify [FILE ...]`: files on disk against the policies, whoever wrote them."""

from __future__ import annotations

import argparse
import errno
import sys
from collections.abc import Sequence
from pathlib import Path

from compiler.commands.asking import compiled_or_shown, refuse, refuse_unknown
from compiler.commands.findings import show
from compiler.compile import Compiled
from compiler.diagnostics import Place, PolicyError
from compiler.on_disk import (
    UNREADABLE_ARTIFACT,
    Held,
    Owner,
    all_below,
    compiled_files,
    hold,
    in_place_of_compiled,
    owner_of,
)
from compiler.targets import installed


class _UsageError(Exception):
    """The question cannot be asked so; the message says why."""


def run(asked: argparse.Namespace) -> int:
    """0: nothing gets through; 1: something does, or the policies do not compile; 2: unknown machine or file."""
    targets = installed()
    compiled = compiled_or_shown(asked.project, targets, asked.format)
    if compiled is None:
        return 1
    if asked.machine is not None and asked.machine not in compiled.machine_places:
        return refuse_unknown("machine", asked.machine, compiled.machine_places)
    try:
        everything = _held(asked.files, asked.machine, asked.project, compiled)
    except _UsageError as error:
        return refuse(str(error))
    except PolicyError as error:
        show(error.findings, asked.format, asked.project)
        return 1
    findings = [finding for held in everything for finding in hold(held, compiled, targets)]
    if not everything:
        place = Place("generated")
        findings.append(UNREADABLE_ARTIFACT.at(place, "generated/ holds no artifacts", "run `vane compile`"))
    show(findings, asked.format, asked.project)
    if not findings:
        count = sum(len(held.names) for held in everything)
        out = sys.stdout if asked.format == "text" else sys.stderr
        print(f"verified {count} file{'s' if count != 1 else ''}: nothing gets past the blocks", file=out)
    return 1 if findings else 0


def _held(files: Sequence[Path], machine: str | None, project: Path, compiled: Compiled) -> tuple[Held, ...]:
    if not files:
        found = all_below(project / "generated")
        return tuple(held for held in found if machine in (None, held.owner.machine))
    contents: dict[Owner, dict[str, bytes]] = {}
    names: dict[Owner, dict[str, str]] = {}
    for file in files:
        owner, path = _owned(file, machine, compiled)
        if file.is_fifo():
            raise OSError(errno.EINVAL, "it is not a regular file", str(file))
        contents.setdefault(owner, {})[path] = file.read_bytes()
        names.setdefault(owner, {})[path] = file.as_posix()
    return tuple(in_place_of_compiled(compiled, owner, contents[owner], names[owner]) for owner in sorted(contents))


def _owned(file: Path, machine: str | None, compiled: Compiled) -> tuple[Owner, str]:
    """Whose a file is, and which of its files: by its path, else by --machine and its name."""
    by_path = owner_of(file.resolve().as_posix())
    if by_path and (machine is None or by_path[0].machine == machine):
        return by_path
    if machine is None:
        raise _UsageError(f"{file}: whose file is it? Say --machine NAME, or give a path with machines/NAME/ in it")
    owner = Owner("", machine)
    known = compiled_files(compiled, owner)
    alike = [path for path in known if f"/{file.resolve().as_posix()}".endswith(f"/{path}")]
    alike = alike or [path for path in known if file.name.endswith(path.rpartition("/")[2])]
    if not alike:
        raise _UsageError(f"{file}: {machine} has no file of that name; it has {', '.join(known)}")
    return owner, max(alike, key=len)
