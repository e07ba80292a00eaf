"""`vane lock`: pin the models that the policies name."""

from __future__ import annotations

import argparse
import datetime
import difflib
import errno
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from compiler.commands.findings import show
from compiler.diagnostics import Place, PolicyError
from compiler.lock import BAD_ANSWER, UNNAMED_MLX, Answers, make_lock, models_of, zdr_slugs
from compiler.mlx_facts import mlx_facts
from compiler.plan import MLX_PREFIX
from compiler.policy import LOCK_FILE
from compiler.whole_file import write_whole
from harness.answer_json import parsed
from harness.market.named_models import documents_of, named_models


def run(asked: argparse.Namespace) -> int:
    """0: written, or unchanged; 1: an answer or a policy file is not usable."""
    project: Path = asked.project
    try:
        wanted = named_models(documents_of(project))
        if not wanted:
            raise PolicyError([BAD_ANSWER.at(Place("policies"), "no policy names a model", "name one in tracks.yaml")])
        lock_file = project / "policies" / LOCK_FILE
        old = _present(lock_file)
        read = {_mlx_slug(folder): mlx_facts(folder) for folder in asked.mlx}
        text, findings = make_lock(wanted, _answers(asked, wanted), _known_mlx(old) | read)
        unnamed = (UNNAMED_MLX.at(Place("policies"), f"no policy names {slug!r}") for slug in read.keys() - wanted)
    except PolicyError as error:
        show(error.findings, asked.format, project)
        return 1
    show((*findings, *unnamed), asked.format, project, {})
    _report(old, text, asked.dry_run)
    if text != old and not asked.dry_run:
        write_whole(lock_file, text.encode("utf-8"))
    return 0


def _answers(asked: argparse.Namespace, wanted: frozenset[str]) -> Answers:
    if asked.saved is None:
        from harness.market.lock_answers import fetch

        print("asking OpenRouter for its models …", file=sys.stderr)
        return fetch(wanted, asked.api, os.environ.get("OPENROUTER_API_KEY"))
    answer = _saved(asked.saved)
    day = asked.as_of or next(iter(re.findall(r"\d{4}-\d{2}-\d{2}", asked.saved.name)), "")
    try:
        as_of = datetime.date.fromisoformat(day)
    except ValueError as error:
        said = f"no day in {asked.saved.name!r}" if not day else f"{day!r} is no day"
        fix = "say on which day the answer was saved: --as-of YYYY-MM-DD"
        raise PolicyError([BAD_ANSWER.at(Place(str(asked.saved)), said, fix)]) from error
    zdr = zdr_slugs(_saved(asked.zdr_from), Place(str(asked.zdr_from))) if asked.zdr_from else None
    source = "a saved answer of GET /models" + (" and of GET /endpoints/zdr" if asked.zdr_from else "")
    return Answers(models_of(answer, Place(str(asked.saved))), zdr, as_of, source)


def _saved(file: Path) -> Any:
    fix = "give the file in which an answer of the API was saved as it came"
    try:
        if file.exists() and not file.is_file():
            raise OSError(errno.EINVAL, "it is not a regular file")
        return parsed(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not JSON"
        raise PolicyError([BAD_ANSWER.at(Place(str(file)), f"cannot read the saved answer: {why}", fix)]) from error


def _present(lock_file: Path) -> str:
    try:
        return lock_file.read_text("utf-8") if lock_file.is_file() else ""
    except ValueError as error:
        raise _broken_lock("not UTF-8") from error


def _known_mlx(old: str) -> dict[str, Mapping[str, Any]]:
    """MLX facts of the lock so far: they stay until a model's folder is read again."""
    try:
        return dict(json.loads(old).get("mlx", {})) if old else {}
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise _broken_lock("not JSON as `vane lock` writes it") from error


def _broken_lock(why: str) -> PolicyError:
    said = f"the present lock is {why}"
    return PolicyError([BAD_ANSWER.at(Place(f"policies/{LOCK_FILE}"), said, "restore or delete it")])


def _mlx_slug(folder: Path) -> str:
    """`mlx/<author>/<repository>` from the folder's last two names, also in Hugging Face's cache layout."""
    whole = folder.resolve()
    for part in whole.parts:
        if cached := re.fullmatch(r"models--([^-].*?)--(.+)", part):
            return f"{MLX_PREFIX}{cached.group(1)}/{cached.group(2)}"
    return f"{MLX_PREFIX}{whole.parent.name}/{whole.name}"


def _report(old: str, new: str, dry_run: bool) -> None:
    changed = (
        [line for line in difflib.ndiff(old.splitlines(), new.splitlines()) if line[:1] in "+-"] if dry_run else []
    )
    for line in changed:
        print(line)
    lock = json.loads(new)
    counts = f"{len(lock['models'])} models of {len(lock['catalogue'])}, {len(lock['mlx'])} MLX models"
    verb = "unchanged" if old == new else "would change" if dry_run else "written"
    print(f"policies/{LOCK_FILE}: {counts}, as of {lock['as_of']}: {verb}", file=sys.stderr)
