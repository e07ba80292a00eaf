"""One YAML text → plain data that knows the line and column of every key and value.

It reads the event stream of libyaml instead of composing nodes: PyYAML's C composer recurses without a limit and
takes the process down on deep nesting, and the events carry the same marks at a fifth of the time. Scalars follow the
YAML 1.2 core schema (`yes` and `on` are text), and a number with a point is a Decimal: money is never a float.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import yaml

from compiler.diagnostics import Code, Finding, Place, source_lines

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
ONE_DOCUMENT = Code(
    "VN111", "several-documents", "A file holds more than one YAML document", "one file, one policy",
    "Only the first document would be read by most tools.",
)  # fmt: skip
NO_TAGS = Code(
    "VN112", "yaml-tag", "A value carries a YAML tag", "remove the tag; quote the value if it must stay text",
    "Tags make parsers build objects; policies are plain data.",
)  # fmt: skip
TOO_DEEP = Code(
    "VN115", "too-deep", "Values are nested too deeply", "flatten it; policies need about six levels",
    "Deep nesting has no use here and exhausts parsers.",
)  # fmt: skip
CONTROL_CHARACTER = Code(
    "VN124", "control-character", "Text holds a character that cannot be shown or stored", "delete the character",
    "Control and direction characters break XML and can make a reviewer read another text than the machine does.",
)  # fmt: skip
CODES = (
    EMPTY, SYNTAX, TAB, DUPLICATE_KEY, ALIASES, ONE_DOCUMENT, NO_TAGS, TOO_DEEP, CONTROL_CHARACTER,
)  # fmt: skip

MAX_DEPTH = 24
MAX_ALIASED_NODES = 200_000

_NUMERIC = frozenset("+-.0123456789")
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,27})$")
# Exponents are kept to two digits: Decimal("1e999999999") is small to write and fatal to print.
_FLOAT = re.compile(r"[-+]?((0|[1-9][0-9]{0,27})(\.[0-9]{0,28})?|\.[0-9]{1,28})([eE][-+]?[0-9]{1,2})?$")
# What libyaml refuses, what it takes for a line end although editors show none (a comment would end there unseen), and
# what rearranges a line on a reviewer's screen.
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")
_CONFLICT = re.compile("^(<{7}|={7}|>{7})( |\r?$)", re.MULTILINE)
#: What people most likely did, by libyaml's words.
_SYNTAX_FIXES: Mapping[str, str] = {
    "character that cannot start any token": "put the value in quotes",
    "mapping values are not allowed": "put a value that holds ': ' in quotes, or correct the indentation",
    "unknown escape character": "use single quotes: in them a backslash is just a backslash",
    "could not find expected ':'": "write it as `key: value`",
    "did not find expected key": "correct the indentation, or close the quotes or brackets before it",
}
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
    keys: dict[Any, Spans] | None = None
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
        at, left = self.spans, len(path)
        for step in path:
            left -= 1
            if key and not left and at.keys and step in at.keys:
                at = at.keys[step]
            elif at.below and step in at.below:
                at = at.below[step]
            else:
                break
        return Place(self.file, at.line, at.column, at.width)


class Refused(Exception):
    """Nothing sensible can be read; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding


def parse(text: str, name: str) -> tuple[Document, tuple[Finding, ...]]:
    """One YAML text → its document and what is wrong without making it unreadable (duplicate keys).

    Raises a refusal, which `load` turns into a finding, where nothing sensible can be read.
    """
    if unseen := _UNSEEN.search(text):
        before = source_lines(text[: unseen.start()])
        where = Place(name, len(before), len(before[-1]) + 1)
        raise Refused(CONTROL_CHARACTER.at(where, f"character U+{ord(unseen.group()):04X} is not allowed"))
    try:
        builder = _Builder(name, yaml.CSafeLoader(text).get_event)
        data, spans = builder.document()
    except yaml.MarkedYAMLError as error:
        raise Refused(_syntax(error, text, name)) from error
    return Document(name, text, data, spans), tuple(builder.findings)


def _syntax(error: yaml.MarkedYAMLError, text: str, name: str) -> Finding:
    if conflict := _CONFLICT.search(text):
        line = text.count("\n", 0, conflict.start()) + 1
        return SYNTAX.at(Place(name, line, 1, 7), "a conflict marker of git", "resolve the merge conflict")
    lines = source_lines(text.rstrip())
    said = ", ".join(part for part in (error.context, error.problem) if part)
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return SYNTAX.at(Place(name), f"YAML: {said}")
    if error.context_mark and (mark.line >= len(lines) or "could not find expected ':'" in said):
        mark = error.context_mark  # where it began: what is missing is noticed only at the end of the file
    where, here = Place(name, mark.line + 1, mark.column + 1), lines[mark.line] if mark.line < len(lines) else ""
    if here[mark.column : mark.column + 1] == "\t" and not here[: mark.column].strip(" \t-?:"):
        return TAB.at(where, "this line is indented with a tab")
    return SYNTAX.at(where, f"YAML: {said}", next((fix for hint, fix in _SYNTAX_FIXES.items() if hint in said), ""))


def scalar(text: str) -> Any:
    """A plain scalar by the YAML 1.2 core schema, with Decimal for floats; what looks odd (0800, 1e999) stays text."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC:  # nearly all of a large fleet: spares it two searches
        return text
    if _INT.match(text):
        return int(text)
    return Decimal(text) if _FLOAT.match(text) else text


def _spans_of(event: Any) -> Spans:
    """Where a scalar, key or alias stands; what runs over several lines counts as one column."""
    start, end = event.start_mark, event.end_mark
    line, column = start.line, start.column
    width = end.column - column if end.line == line else 1
    return Spans(line + 1, column + 1, width or 1)


class _Builder:
    """Turns the events of one file into data and spans, within limits on depth and on alias expansion."""

    def __init__(self, name: str, next_event: Callable[[], Any]) -> None:
        self.name = name
        self.next_event = next_event
        self.findings: list[Finding] = []
        self.anchors: dict[str, tuple[Any, Spans, int] | None] = {}
        self.nodes = 0
        self.aliased = 0

    def document(self) -> tuple[Any, Spans]:
        self.next_event()  # StreamStart
        start = self.next_event()
        if isinstance(start, yaml.StreamEndEvent):
            raise Refused(EMPTY.at(Place(self.name), "the file is empty"))
        first = self.next_event()
        if isinstance(first, yaml.ScalarEvent) and first.implicit[0] and scalar(first.value) is None:
            raise Refused(EMPTY.at(Place(self.name), "the file holds no value"))
        built = self.value(first, 0)
        self.next_event()  # DocumentEnd
        after = self.next_event()
        if not isinstance(after, yaml.StreamEndEvent):
            raise self.refused(ONE_DOCUMENT, after, "a second YAML document starts here")
        return built

    def value(self, event: Any, depth: int) -> tuple[Any, Spans]:
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
            data = self.mapping(spans, depth)
        else:
            spans = Spans(start.line + 1, start.column + 1, 1, None, {})
            data = self.sequence(spans, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = (data, spans, self.nodes - before + 1)
        return data, spans

    def mapping(self, spans: Spans, depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        assert spans.keys is not None and spans.below is not None
        while not isinstance(event := self.next_event(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.tag is not None or event.anchor is not None:
                raise self.refused(SYNTAX, event, "a key must be plain text")
            key, where = event.value, _spans_of(event)
            below, below_spans = self.value(self.next_event(), depth + 1)
            if key in data:
                first = spans.keys[key]
                said = f"key {key!r} is already at line {first.line}"
                self.findings.append(DUPLICATE_KEY.at(Place(self.name, where.line, where.column, where.width), said))
                continue
            data[key] = below
            spans.keys[key], spans.below[key] = where, below_spans
        return data

    def sequence(self, spans: Spans, depth: int) -> list[Any]:
        data: list[Any] = []
        assert spans.below is not None
        while not isinstance(event := self.next_event(), yaml.SequenceEndEvent):
            below, below_spans = self.value(event, depth + 1)
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

    def refused(self, code: Code, event: Any, message: str) -> Refused:
        mark = event.start_mark
        return Refused(code.at(Place(self.name, mark.line + 1, mark.column + 1), message))
