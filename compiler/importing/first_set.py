"""A file of another tool → the first set of policies, with its lock where one can be made, and the proof of it."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from compiler.diagnostics import Finding, Place, PolicyError
from compiler.importing.findings import LEFT_OUT, LITERAL_KEY, NO_PLACE, NOTHING
from compiler.importing.found import Found
from compiler.importing.places import place_of
from compiler.importing.policies import Written, write_policies
from compiler.importing.read import read_import
from compiler.importing.slugs import Catalogue, of_lock, of_models
from compiler.lock import BAD_ANSWER, Answers, make_lock, models_of
from compiler.policy import LOCK_FILE
from compiler.policy.lock import Lock


@dataclass(frozen=True, slots=True)
class Source:
    """The file, a lock that knows its models, and a saved answer of GET /models with the day that it is of."""

    file: Path
    lock: Path | None = None
    models: Path | None = None
    as_of: str | None = None


@dataclass(frozen=True, slots=True)
class FirstSet:
    """What an import comes to; nothing of it is on the disk."""

    file: str
    found: Found
    written: Written
    #: path inside policies/ → text; with the lock where a saved answer gave one
    texts: Mapping[str, str]
    #: the lock that the policies will have; "" where none is known
    lock: str
    #: whether the lock pins every model that they name
    is_pinned: bool
    #: what was left out, and what has no place in policies
    said: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of models: a lock that was given or is there, and a saved answer."""

    catalogue: Catalogue
    lock: str
    answers: Answers | None


def first_set(source: Source) -> FirstSet:
    """Read and write in memory. Raises PolicyError where nothing can be carried over."""
    known = _known(source)
    found = read_import(source.file, known.catalogue)
    said = tuple(_said(found, source.file))
    if not found.works:
        raise PolicyError([*said, NOTHING.at(Place(source.file.name), "no model is left")])
    written = write_policies(found, known.catalogue, source.file.name)
    lock, is_pinned = _lock(found, known)
    texts = {**written.texts, **({LOCK_FILE: lock} if known.answers else {})}
    return FirstSet(source.file.name, found, written, texts, lock, is_pinned, said)


def proof(first: FirstSet) -> tuple[Finding, ...]:
    """Nothing can be compiled before every model is pinned. What the compile finds is told; unequal reach stops."""
    if not first.is_pinned:
        return ()
    from compiler.importing.proof import compiled_reach, differences

    try:
        reach = compiled_reach(first.written.texts, first.lock)
    except PolicyError as error:
        return error.findings
    if unequal := tuple(differences(first.found, first.written, reach, first.file)):
        raise PolicyError(unequal)
    return ()


def _known(source: Source) -> _Known:
    """A saved answer knows today's slugs and prices; a lock knows those of its day."""
    lock = source.lock.read_text("utf-8", "replace") if source.lock else ""
    catalogue = of_lock(_parsed_lock(lock, source.lock)) if lock and source.lock else Catalogue()
    if source.models is None:
        return _Known(catalogue, lock, None)
    day = source.as_of or next(iter(re.findall(r"\d{4}-\d{2}-\d{2}", source.models.name)), "")
    try:
        as_of = datetime.date.fromisoformat(day)
        if source.models.is_fifo():
            raise ValueError("a pipe")
        answer = json.loads(source.models.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        said = f"{source.models.name!r}: no JSON, or no day in its name"
        raise PolicyError(
            [BAD_ANSWER.at(Place(source.models.name), said, "--as-of YYYY-MM-DD names the day")]
        ) from error
    answers = Answers(models_of(answer), None, as_of, "a saved answer of GET /models")
    return _Known(of_models(answers.models), lock, answers)


def _parsed_lock(text: str, file: Path) -> Lock:
    try:
        return Lock.model_validate(json.loads(text))
    except (ValueError, ValidationError, RecursionError) as error:
        said = f"{file.name!r} is no lock as `vane lock` writes it"
        raise PolicyError([BAD_ANSWER.at(Place(file.name), said, "restore it, or run `vane lock`")]) from error


def _lock(found: Found, known: _Known) -> tuple[str, bool]:
    """The lock that the policies will have, and whether it pins every model that they name."""
    wanted = {slug for work in found.works for slug in work.slugs} | ({found.mlx.model} if found.mlx else set())
    before: dict[str, Any] = json.loads(known.lock) if known.lock else {}
    lock = known.lock
    if known.answers:
        lock, _ = make_lock(wanted, known.answers, before.get("mlx", {}))
    have = json.loads(lock) if lock else {}
    return lock, bool(lock) and wanted <= {*have["models"], *have.get("mlx", {})}


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
