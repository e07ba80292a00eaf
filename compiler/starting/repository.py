"""The whole of a new repository in memory, compiled, and its way to the disk past what is there."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from compiler import VERSION
from compiler.compile import Compiled, compile_policies
from compiler.diagnostics import Finding, Place, PolicyError, errors
from compiler.importing.first_set import FirstSet, Source, first_set, proof
from compiler.policy import LOCK_FILE
from compiler.shipped import shipped
from compiler.starting.answers import Answers
from compiler.starting.beside import beside_policies
from compiler.starting.findings import IN_THE_WAY
from compiler.starting.policies import starting_policies
from compiler.whole_file import write_whole
from compiler.write import compare

_EXECUTABLE = b"#!"


@dataclass(frozen=True, slots=True)
class Repository:
    """Path → content, and what the policies compile to; None where they name models that no lock pins."""

    files: Mapping[str, bytes]
    compiled: Compiled | None
    #: what an import says of the file
    said: tuple[Finding, ...]


def made(answers: Answers, schemas: Mapping[str, str], lock: Path | None, models: Path | None) -> Repository:
    """All of it. Raises PolicyError where the file to start from gives no policies, or none that compile."""
    policies: Mapping[str, str]
    said: tuple[Finding, ...] = ()
    if answers.start:
        first = first_set(Source(answers.start, lock or shipped(f"policies/{LOCK_FILE}"), models))
        policies, said = _imported(first), first.said
    else:
        policies = starting_policies(answers)
    texts = {**policies, **{f".schemas/{name}.schema.json": text for name, text in schemas.items()}}
    files = {f"policies/{path}": text.encode("utf-8") for path, text in texts.items()}
    compiled = _compiled(policies) if LOCK_FILE in policies else None
    return Repository({**files, **beside_policies(answers.owner)}, compiled, said)


def _imported(first: FirstSet) -> Mapping[str, str]:
    """With a lock of its models and no others, where one pins them all."""
    if found := errors(proof(first)):
        raise PolicyError(found)
    if not first.is_pinned or LOCK_FILE in first.texts:
        return first.texts
    lock = json.loads(first.lock)
    named = {slug for work in first.found.works for slug in work.slugs}
    named |= {first.found.mlx.model} if first.found.mlx else set()
    for kind in ("models", "mlx"):
        lock[kind] = {slug: facts for slug, facts in lock.get(kind, {}).items() if slug in named}
    return {**first.texts, LOCK_FILE: json.dumps(lock, indent=2, ensure_ascii=False) + "\n"}


def _compiled(policies: Mapping[str, str]) -> Compiled:
    """As they would be compiled where they will lie."""
    with tempfile.TemporaryDirectory(prefix="vane-init-") as folder:
        for path, text in policies.items():
            file = Path(folder, "policies", path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        return compile_policies(Path(folder, "policies"))


def in_the_way(project: Path, repository: Repository) -> Iterator[Finding]:
    """Every file that would be overwritten with other content, also below generated/."""
    for path, content in repository.files.items():
        if _differs(project, path, content):
            yield IN_THE_WAY.at(Place(path), f"{path!r} is there already")
    if repository.compiled:
        changes = compare(project / "generated", repository.compiled, VERSION)
        for path in (*changes.changed, *changes.stale):
            yield IN_THE_WAY.at(Place(f"generated/{path}"), f"'generated/{path}' is there already")


def _differs(project: Path, path: str, content: bytes) -> bool:
    file, above = project / path, PurePosixPath(path).parents
    if file.is_symlink() or any((project / part).is_symlink() for part in above if part.name):
        return True  # what is written through a link lands elsewhere
    if any((project / part).is_file() for part in above):
        return True
    return file.exists() and not (file.is_file() and file.read_bytes() == content)


def place(project: Path, repository: Repository) -> tuple[str, ...]:
    """Write what is not there yet; the paths of it. What is compiled is written by whoever compiles."""
    new = tuple(path for path in sorted(repository.files) if not (project / path).exists())
    for path in new:
        write_whole(project / path, repository.files[path])
        if repository.files[path].startswith(_EXECUTABLE):
            (project / path).chmod(0o755)
    return new
