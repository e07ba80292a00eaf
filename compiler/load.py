"""A policies folder → documents. Whatever is wrong with a file is a finding with a place, and never a traceback."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from compiler.diagnostics import Code, Finding, Place
from compiler.yaml_text import CODES as YAML_CODES
from compiler.yaml_text import Document, Refused, parse

UNREADABLE = Code(
    "VN101", "unreadable-file", "A policy file cannot be read", "make it a regular file that you may read",
    "What cannot be read cannot be reviewed either.",
)  # fmt: skip
NOT_UTF8 = Code(
    "VN102", "not-utf-8", "A policy file is not UTF-8", "save the file as UTF-8",
    "Another encoding would change names without anybody seeing it.",
)  # fmt: skip
TOO_LARGE = Code(
    "VN103", "too-large", "A policy file is larger than 4 MiB", "split it or remove what is no policy",
    "Policies are read by people; a file of this size is an accident or an attack on the parser.",
)  # fmt: skip
OUTSIDE = Code(
    "VN109", "link-leaves-policies", "A symbolic link leads out of policies/", "put the file itself into policies/",
    "What lies outside is not part of the reviewed change.",
)  # fmt: skip
STRANGE_FILE = Code(
    "VN113", "strange-file", "A YAML file in policies/ is no policy", "rename it or move it out of policies/",
    "A misspelt file name would silently drop a policy.",
)  # fmt: skip
CODES = (UNREADABLE, NOT_UTF8, TOO_LARGE, OUTSIDE, STRANGE_FILE, *YAML_CODES)

MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Documents:
    """All files of a policies folder by their path inside it, and what was wrong with those that are missing here."""

    folder: str
    files: Mapping[str, Document]
    findings: tuple[Finding, ...]
    texts: Mapping[str, str] = field(default_factory=dict)


def load(policies: Path, expected: frozenset[str]) -> Documents:
    """Read every file named in `expected` (paths inside the folder; `x/*.yaml` stands for all) and report the rest."""
    files: dict[str, Document] = {}
    texts: dict[str, str] = {}
    findings: list[Finding] = []
    if not policies.is_dir():
        fix = "run it where policies/ lies, or say with -C where that is"
        missing = UNREADABLE.at(Place(policies.name), f"no folder {policies.name!r}", fix)
        return Documents(policies.name, {}, (missing,))
    for path, inside in sorted(_walk(policies)):
        name = f"{policies.name}/{inside}"
        if not _is_expected(inside, expected) and not path.is_dir():
            if inside.lower().endswith((".yaml", ".yml")):
                fix = _near_name(inside, expected)
                findings.append(STRANGE_FILE.at(Place(name), f"{name!r} is not the name of a policy file", fix))
            continue
        try:
            text = texts[name] = read_text(path, name, policies)
            document, problems = parse(text, name)
        except Refused as refused:
            findings.append(refused.finding)
            continue
        findings += problems
        files[inside] = document
    return Documents(policies.name, files, tuple(findings), texts)


def _is_expected(inside: str, expected: frozenset[str]) -> bool:
    folder, _, name = inside.rpartition("/")
    return inside in expected or (name.endswith(".yaml") and f"{folder}/*.yaml" in expected)


def _near_name(inside: str, expected: frozenset[str]) -> str:
    folder, _, name = inside.rpartition("/")
    if f"{folder}/*.yaml" in expected:
        return f"rename it to {folder}/{Path(name).stem}.yaml"
    near = difflib.get_close_matches(inside, sorted(expected), 1)
    return f"did you mean {near[0]!r}?" if near else ""


def _walk(policies: Path) -> Iterator[tuple[Path, str]]:
    """Every entry that is a file or claims to be one, hidden ones left out; links to folders are not followed."""
    for folder, folders, names in os.walk(policies):
        folders[:] = [name for name in folders if not name.startswith(".")]
        claims = (name for name in folders if name.endswith((".yaml", ".json")) or Path(folder, name).is_symlink())
        for name in (*names, *claims):
            if not name.startswith("."):
                path = Path(folder, name)
                yield path, path.relative_to(policies).as_posix()


def read_text(path: Path, name: str, inside: Path) -> str:
    """The text of a file, or a refusal that carries the finding."""
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(inside.resolve()):
            raise Refused(OUTSIDE.at(Place(name), f"{name!r} is a link to a place outside {inside.name}/"))
        if not real.is_file():
            raise Refused(UNREADABLE.at(Place(name), f"{name!r} is not a regular file"))
        with real.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links
        reason = getattr(error, "strerror", None) or "its links go in a circle"
        raise Refused(UNREADABLE.at(Place(name), f"cannot read {name!r}: {reason}")) from error
    if len(raw) > MAX_BYTES:
        raise Refused(TOO_LARGE.at(Place(name), f"{name!r} is larger than {MAX_BYTES:,} bytes"))
    try:
        return raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
        where = Place(name, before.count(b"\n") + 1, column)
        raise Refused(NOT_UTF8.at(where, f"byte 0x{raw[error.start]:02x} is not UTF-8")) from error
