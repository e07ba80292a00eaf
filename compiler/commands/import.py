"""`vane import`: a first set of policies from what a team has."""

from __future__ import annotations

import argparse
import datetime
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from compiler.commands.findings import show
from compiler.diagnostics import Finding, Place, PolicyError, Severity, errors
from compiler.formats import one_line
from compiler.importing.findings import EXISTS, LEFT_OUT, LITERAL_KEY, NO_PLACE, NOTHING
from compiler.importing.found import Found
from compiler.importing.places import place_of
from compiler.importing.policies import Written, write_policies
from compiler.importing.read import read_import
from compiler.importing.slugs import Catalogue, of_lock, of_models
from compiler.lock import BAD_ANSWER, Answers, make_lock, models_of
from compiler.policy import LOCK_FILE
from compiler.policy.lock import Lock
from compiler.whole_file import write_whole


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of models: a lock that was given or is there, and a saved answer."""

    catalogue: Catalogue
    lock: str
    answers: Answers | None


def run(asked: argparse.Namespace) -> int:
    """0: written; 1: the file cannot be imported, policies exist, or the result does not compile as it is."""
    folder: Path = asked.output or asked.project / "policies"
    try:
        known = _known(asked, folder)
        found = read_import(asked.file, known.catalogue)
        if not found.works:
            raise PolicyError([*_said(found, asked.file), NOTHING.at(Place(asked.file.name), "no model is left")])
        written = write_policies(found, known.catalogue, asked.file.name)
        texts = dict(written.texts)
        lock, pinned = _lock(texts, found, known)
        if known.answers:
            texts[LOCK_FILE] = lock
        there = _present(folder, texts)
        if there and not asked.force and not asked.dry_run:
            raise PolicyError([EXISTS.at(Place(file), f"{file!r} is there already") for file in there])
        outcome = _proof(found, written, lock, pinned, asked.file.name)
    except PolicyError as error:
        show(error.findings, asked.format, asked.project, {})
        return 1
    show((*_said(found, asked.file), *_beside(folder, there, texts), *outcome), asked.format, asked.project, {})
    out = sys.stdout if asked.format == "text" else sys.stderr
    for path, text in sorted(texts.items()):
        if asked.dry_run:
            print(f"==> {one_line(f'{folder.name}/{path}')} <==\n{text}", file=out)
        else:
            write_whole(folder / path, text.encode("utf-8"))
    verb = "would write" if asked.dry_run else "wrote"
    print(f"{verb} {len(texts)} files with {len(written.texts) - 4} scenarios into {folder.name}/", file=sys.stderr)
    proved, has_lock = pinned and not errors(outcome), LOCK_FILE in texts or (folder / LOCK_FILE).is_file()
    print(_next_step(found, len(written.scenarios), proved, has_lock), file=sys.stderr)
    return 1 if errors(outcome) else 0


def _next_step(found: Found, agents: int, proved: bool, has_lock: bool) -> str:
    if proved:
        but = ", but for what is named above" if any(left.loses_model for left in found.left) else ""
        each = "agents reach what they" if agents != 1 else "agent reaches what it"
        lock = "" if has_lock else "`vane lock`, "
        return f"compiled in memory: {agents} {each} reached " \
               f"before{but}. Next: read the comments, then {lock}`vane schema` and `vane compile`"  # fmt: skip
    mlx = " and `vane lock --mlx FOLDER` for the MLX model" if found.mlx else ""
    return f"next: read the comments, then `vane lock`{mlx}, `vane schema` and `vane compile`"


def _known(asked: argparse.Namespace, folder: Path) -> _Known:
    """A saved answer knows today's slugs and prices; a lock knows those of its day."""
    lock_file: Path = asked.lock_from or folder / LOCK_FILE
    lock = lock_file.read_text("utf-8", "replace") if asked.lock_from or lock_file.is_file() else ""
    catalogue = of_lock(_parsed_lock(lock, lock_file)) if lock else Catalogue()
    if asked.from_models is None:
        return _Known(catalogue, lock, None)
    day = asked.as_of or next(iter(re.findall(r"\d{4}-\d{2}-\d{2}", asked.from_models.name)), "")
    try:
        as_of = datetime.date.fromisoformat(day)
        if asked.from_models.is_fifo():
            raise ValueError("a pipe")
        answer = json.loads(asked.from_models.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        said = f"{asked.from_models.name!r}: no JSON, or no day in its name"
        raise PolicyError(
            [BAD_ANSWER.at(Place(asked.from_models.name), said, "--as-of YYYY-MM-DD names the day")]
        ) from error
    answers = Answers(models_of(answer), None, as_of, "a saved answer of GET /models")
    return _Known(of_models(answers.models), lock, answers)


def _parsed_lock(text: str, file: Path) -> Lock:
    try:
        return Lock.model_validate(json.loads(text))
    except (ValueError, ValidationError, RecursionError) as error:
        said = f"{file.name!r} is no lock as `vane lock` writes it"
        raise PolicyError([BAD_ANSWER.at(Place(file.name), said, "restore it, or run `vane lock`")]) from error


def _lock(texts: Mapping[str, str], found: Found, known: _Known) -> tuple[str, bool]:
    """The lock that the policies will have, and whether it pins every model that they name."""
    wanted = {slug for work in found.works for slug in work.slugs} | ({found.mlx.model} if found.mlx else set())
    before: dict[str, Any] = json.loads(known.lock) if known.lock else {}
    lock = known.lock
    if known.answers:
        lock, _ = make_lock(wanted, known.answers, before.get("mlx", {}))
    have = json.loads(lock) if lock else {}
    return lock, bool(lock) and wanted <= {*have["models"], *have.get("mlx", {})}


def _proof(found: Found, written: Written, lock: str, pinned: bool, file: str) -> tuple[Finding, ...]:
    """Nothing can be compiled before every model is pinned. What the compile finds is told; unequal reach stops."""
    if not pinned:
        return ()
    from compiler.importing.proof import compiled_reach, differences

    try:
        reach = compiled_reach(written.texts, lock)
    except PolicyError as error:
        return error.findings
    if unequal := tuple(differences(found, written, reach, file)):
        raise PolicyError(unequal)
    return ()


def _said(found: Found, file: Path) -> list[Finding]:
    text = file.read_text("utf-8", "replace")

    def at(key: str) -> Place:
        return place_of(text, file.name, key)

    said = [
        (LEFT_OUT if left.loses_model else NO_PLACE).at(at(left.key), f"{left.key}: {left.why}") for left in found.left
    ]
    said += [
        LITERAL_KEY.at(at(key), f"{key} holds a credential; it was not carried over") for key in found.literal_keys
    ]
    renamed = {wanted.slug: wanted for work in found.works for wanted in work.models if wanted.remark}
    said += [replace(NO_PLACE.at(at(wanted.key), f"{slug}: {wanted.remark}"), fix="check that it is the one you mean")
             for slug, wanted in renamed.items()]  # fmt: skip
    return said


def _present(folder: Path, texts: Mapping[str, str]) -> list[str]:
    """Policies that are there already, with those of other names; a lock is none, its facts are used."""
    there = [path for path in texts if (folder / path).exists() or (folder / path).is_symlink()]
    there += [path.relative_to(folder).as_posix() for path in folder.glob("**/*.yaml") if ".schemas" not in path.parts]
    return [f"{folder.name}/{path}" for path in sorted(set(there) - {LOCK_FILE})]


def _beside(folder: Path, there: list[str], texts: Mapping[str, str]) -> list[Finding]:
    """With --force, policies of other names stay; they may not fit those that were imported."""
    stay = [file for file in there if file.removeprefix(f"{folder.name}/") not in texts]
    fix = "delete it if it does not belong to the imported policies"
    return [replace(EXISTS.at(Place(file), f"{file!r} stays", fix), severity=Severity.WARNING) for file in stay]
