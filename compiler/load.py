"""YAML files → plain data that knows the file, line and column of every key and value.

It reads the event stream of libyaml instead of composing nodes: PyYAML's C composer recurses without a limit and
takes the process down on deep nesting, and the events carry the same marks at a fifth of the time. Scalars follow the
YAML 1.2 core schema (`yes` and `on` are text), and a number with a point is a Decimal: money is never a float.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from compiler.diagnostics import Code, Finding, Place

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
EMPTY = Code(
    "VN104", "empty-file", "A policy file holds nothing", "write the policy, or delete the file",
    "An emptied file would silently drop its routes or its blocks.",
)  # fmt: skip
SYNTAX = Code(
    "VN105", "yaml-syntax", "A file is not valid YAML", "mend the syntax at the place shown",
    "Nothing is guessed from broken YAML.",
)  # fmt: skip
TAB = Code(
    "VN106", "tab-indentation", "A line is indented with a tab", "indent with spaces",
    "YAML forbids tabs there: editors show them with different widths.",
)  # fmt: skip
DUPLICATE_KEY = Code(
    "VN107", "duplicate-key", "A key appears twice in one mapping", "keep one of the two",
    "Most YAML parsers keep the last one without a word; reviewers read the first.",
)  # fmt: skip
ALIASES = Code(
    "VN108", "alias-expansion", "Anchors and aliases expand too far", "write the values out",
    "A few nested aliases can stand for billions of values.",
)  # fmt: skip
OUTSIDE = Code(
    "VN109", "link-leaves-policies", "A symbolic link leads out of policies/", "put the file itself into policies/",
    "What lies outside is not part of the reviewed change.",
)  # fmt: skip
ONE_DOCUMENT = Code(
    "VN111", "several-documents", "A file holds more than one YAML document", "one file, one policy",
    "Only the first document would be read by most tools.",
)  # fmt: skip
NO_TAGS = Code(
    "VN112", "yaml-tag", "A value carries a YAML tag", "remove the tag; quote the value if it must stay text",
    "Tags make parsers build objects; policies are plain data.",
)  # fmt: skip
STRANGE_FILE = Code(
    "VN113", "strange-file", "A YAML file in policies/ is no policy", "rename it or move it out of policies/",
    "A misspelt file name would silently drop a policy.",
)  # fmt: skip
TOO_DEEP = Code(
    "VN115", "too-deep", "Values are nested too deeply", "flatten it; policies need about six levels",
    "Deep nesting has no use here and exhausts parsers.",
)  # fmt: skip
CODES = (
    UNREADABLE, NOT_UTF8, TOO_LARGE, EMPTY, SYNTAX, TAB, DUPLICATE_KEY, ALIASES, OUTSIDE, ONE_DOCUMENT, NO_TAGS,
    STRANGE_FILE, TOO_DEEP,
)  # fmt: skip

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 24
MAX_ALIASED_NODES = 200_000

_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,27})$")
# Exponents are kept to two digits: Decimal("1e999999999") is small to write and fatal to print.
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]{0,27})?(\.[0-9]{0,28})?([eE][-+]?[0-9]{1,2})?$")
_WORDS: Mapping[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(slots=True)
class Spans:
    """Where a value lies (1-based), where its keys lie, and the same for everything below it."""

    line: int
    column: int
    width: int
    keys: dict[str, Spans] | None = None
    below: dict[Any, Spans] | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its path relative to the project, its text, its plain data, and where each piece lies."""

    file: str
    text: str
    data: Any
    spans: Spans

    def place(self, *path: str | int, key: bool = False) -> Place:
        """The place of the value at `path` (or of its key); the nearest enclosing one where the path ends early."""
        at = self.spans
        for number, step in enumerate(path):
            last = number == len(path) - 1
            if last and key and at.keys and step in at.keys:
                at = at.keys[str(step)]
                break
            below = (at.below or {}).get(step)
            if below is None:
                break
            at = below
        return Place(self.file, at.line, at.column, at.width)


@dataclass(frozen=True, slots=True)
class Documents:
    """All files of a policies folder by their path inside it, and what was wrong with those that are missing here."""

    folder: str
    files: Mapping[str, Document]
    findings: tuple[Finding, ...]
    texts: Mapping[str, str] = field(default_factory=dict)


class _Refused(Exception):
    def __init__(self, finding: Finding) -> None:
        self.finding = finding


def load(policies: Path, expected: frozenset[str]) -> Documents:
    """Read every file named in `expected` (paths inside the folder; `x/*.yaml` stands for all) and report the rest."""
    files: dict[str, Document] = {}
    texts: dict[str, str] = {}
    findings: list[Finding] = []
    if not policies.is_dir():
        return Documents(policies.name, {}, (UNREADABLE.at(Place(policies.name), f"no folder {policies.name!r}"),))
    for path, inside in sorted(_walk(policies)):
        name = f"{policies.name}/{inside}"
        if inside not in expected and f"{Path(inside).parent.as_posix()}/*.yaml" not in expected:
            if inside.endswith((".yaml", ".yml")):
                findings.append(STRANGE_FILE.at(Place(name), f"{name!r} is not the name of a policy file"))
            continue
        try:
            text = texts[name] = read_text(path, name, policies)
            document, problems = parse(text, name)
        except _Refused as refused:
            findings.append(refused.finding)
            continue
        findings += problems
        files[inside] = document
    return Documents(policies.name, files, tuple(findings), texts)


def _walk(policies: Path) -> Iterator[tuple[Path, str]]:
    """Every entry that could be a file, hidden ones left out; links are not followed into folders."""
    for folder, folders, names in os.walk(policies):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith("."):
                path = Path(folder, name)
                yield path, path.relative_to(policies).as_posix()


def read_text(path: Path, name: str, inside: Path) -> str:
    """The text of a file, or a refusal that carries the finding."""
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(inside.resolve()):
            raise _Refused(OUTSIDE.at(Place(name), f"{name!r} is a link to a place outside {inside.name}/"))
        if not real.is_file():
            raise _Refused(UNREADABLE.at(Place(name), f"{name!r} is not a regular file"))
        with real.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links
        reason = getattr(error, "strerror", None) or "its links go in a circle"
        raise _Refused(UNREADABLE.at(Place(name), f"cannot read {name!r}: {reason}")) from error
    if len(raw) > MAX_BYTES:
        raise _Refused(TOO_LARGE.at(Place(name), f"{name!r} is larger than {MAX_BYTES:,} bytes"))
    try:
        return raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
        where = Place(name, before.count(b"\n") + 1, column)
        raise _Refused(NOT_UTF8.at(where, f"byte 0x{raw[error.start]:02x} is not UTF-8")) from error


def parse(text: str, name: str) -> tuple[Document, tuple[Finding, ...]]:
    """One YAML text → its document and what is wrong without making it unreadable (duplicate keys).

    Raises a refusal, which `load` turns into a finding, where nothing sensible can be read.
    """
    builder = _Builder(name)
    try:
        data, spans = builder.document(yaml.parse(text, yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        raise _Refused(_syntax(error, text, name)) from error
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        where = Place(name, before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise _Refused(SYNTAX.at(where, f"character U+{ord(str(error.character)):04X} is not allowed")) from error
    return Document(name, text, data, spans), tuple(builder.findings)


def _syntax(error: yaml.MarkedYAMLError, text: str, name: str) -> Finding:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.splitlines()
    here = lines[line] if line < len(lines) else ""
    if here[: column + 1].endswith("\t") and not here[:column].strip():
        return TAB.at(Place(name, line + 1, column + 1), "this line is indented with a tab")
    said = ", ".join(part for part in (error.context, error.problem) if part)
    return SYNTAX.at(Place(name, line + 1, column + 1), f"YAML: {said}")


def scalar(text: str) -> Any:
    """A plain scalar by the YAML 1.2 core schema, with Decimal for floats; what looks odd (0800, 1e999) stays text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return int(text)
    if any(character.isdigit() for character in text) and _FLOAT.match(text):
        return Decimal(text)
    return text


def _spans_of(event: Any) -> Spans:
    """Where a scalar, key or alias stands; what runs over several lines counts as one column."""
    start, end = event.start_mark, event.end_mark
    width = end.column - start.column if end.line == start.line else 1
    return Spans(start.line + 1, start.column + 1, max(width, 1))


class _Builder:
    """Turns the events of one file into data and spans, within limits on depth and on alias expansion."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.findings: list[Finding] = []
        self.anchors: dict[str, tuple[Any, Spans, int] | None] = {}
        self.nodes = 0
        self.aliased = 0

    def document(self, events: Iterator[Any]) -> tuple[Any, Spans]:
        next(events)  # StreamStart
        start = next(events)
        if isinstance(start, yaml.StreamEndEvent):
            raise self.refused(EMPTY, start, "the file is empty")
        first = next(events)
        if isinstance(first, yaml.ScalarEvent) and first.implicit[0] and scalar(first.value) is None:
            raise self.refused(EMPTY, first, "the file holds no value")
        built = self.value(first, events, 0)
        next(events)  # DocumentEnd
        after = next(events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self.refused(ONE_DOCUMENT, after, "a second YAML document starts here")
        return built

    def value(self, event: Any, events: Iterator[Any], depth: int) -> tuple[Any, Spans]:
        self.nodes += 1
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        if event.tag is not None and event.tag != "!":
            raise self.refused(NO_TAGS, event, f"tag {event.tag!r} is not allowed")
        if depth > MAX_DEPTH:
            raise self.refused(TOO_DEEP, event, f"more than {MAX_DEPTH} levels")
        if event.anchor is not None:
            self.anchors[event.anchor] = None  # an alias to it from inside itself would never end
        before = self.nodes
        start: Any = event.start_mark
        if isinstance(event, yaml.ScalarEvent):
            spans = _spans_of(event)
            data = scalar(event.value) if event.implicit[0] else event.value
        elif isinstance(event, yaml.MappingStartEvent):
            spans = Spans(start.line + 1, start.column + 1, 1, {}, {})
            data = self.mapping(spans, events, depth)
        else:
            spans = Spans(start.line + 1, start.column + 1, 1, None, {})
            data = self.sequence(spans, events, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = (data, spans, self.nodes - before + 1)
        return data, spans

    def mapping(self, spans: Spans, events: Iterator[Any], depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        assert spans.keys is not None and spans.below is not None
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.tag is not None or event.anchor is not None:
                raise self.refused(SYNTAX, event, "a key must be plain text")
            key, where = event.value, _spans_of(event)
            below, below_spans = self.value(next(events), events, depth + 1)
            if key in data:
                first = spans.keys[key]
                said = f"key {key!r} is already at line {first.line}"
                self.findings.append(DUPLICATE_KEY.at(Place(self.name, where.line, where.column, where.width), said))
                continue
            data[key] = below
            spans.keys[key], spans.below[key] = where, below_spans
        return data

    def sequence(self, spans: Spans, events: Iterator[Any], depth: int) -> list[Any]:
        data: list[Any] = []
        assert spans.below is not None
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            below, below_spans = self.value(event, events, depth + 1)
            spans.below[len(data)] = below_spans
            data.append(below)
        return data

    def alias(self, event: Any) -> tuple[Any, Spans]:
        if event.anchor not in self.anchors:
            raise self.refused(SYNTAX, event, f"no anchor &{event.anchor} before this alias")
        known = self.anchors[event.anchor]
        if known is None:
            raise self.refused(ALIASES, event, f"alias *{event.anchor} lies inside its own anchor")
        data, _, size = known
        self.nodes += size  # so that an anchor around this alias knows how much it stands for
        self.aliased += size
        if self.aliased > MAX_ALIASED_NODES:
            raise self.refused(ALIASES, event, f"aliases stand for more than {MAX_ALIASED_NODES:,} values")
        # Findings about aliased values point at the alias: that is the line which asked for them.
        return data, _spans_of(event)

    def refused(self, code: Code, event: Any, message: str) -> _Refused:
        mark = event.start_mark
        return _Refused(code.at(Place(self.name, mark.line + 1, mark.column + 1), message))
