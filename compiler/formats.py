"""Findings as people and programs want them: text with the source line, JSON, GitHub annotations, SARIF 2.1.0."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from urllib.parse import quote

from compiler.diagnostics import Code, Finding, Place, Severity, source_lines
from compiler.redact import redact

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.NOTE: "36"}
#: Widest source line that is shown whole.
_WIDTH = 120
_TAB = "    "
#: GitHub's runner obeys `##[command]` anywhere in a line of a log, and not only `::command::` at its start.
_RUNNER = "##["
#: Most findings of a file and a severity that are shown: nobody reads on, and one line can hold 20,000 faults.
_MOST = 100


def text(findings: Sequence[Finding], sources: Mapping[str, str], *, colour: bool = False) -> str:
    """Place, code and message; the source line with a caret; the fix. `sources` maps file → its text.

    Of very many findings in one file the first stand for all; the other formats have them all.
    """
    lines = cache(lambda file: source_lines(sources.get(file, "")))

    @cache
    def line(file: str, number: int) -> str:
        return redact(lines(file)[number - 1]) if 0 < number <= len(lines(file)) else ""

    alike = Counter((finding.place.file, finding.severity) for finding in findings)
    shown: Counter[tuple[str, Severity]] = Counter()
    blocks = []
    for finding in findings:
        kind = finding.place.file, finding.severity
        shown[kind] += 1
        if shown[kind] <= _MOST:
            blocks.append(_block(finding, line(finding.place.file, finding.place.line), colour))
        elif shown[kind] == alike[kind]:
            more = alike[kind] - _MOST
            word = f"{finding.severity}{'s' if more != 1 else ''}"
            blocks.append(f"{one_line(finding.place.file)}: and {more:,} more {word} (--format json lists all)\n")
    return "".join(blocks)


def _block(finding: Finding, line: str, colour: bool) -> str:
    def paint(code: str, words: str) -> str:
        return f"\x1b[{code}m{words}\x1b[0m" if colour else words

    strength = "" if finding.severity is Severity.ERROR else f" {finding.severity}:"
    place = paint("1", one_line(str(finding.place)))
    code = paint(_COLOURS[finding.severity], finding.code)
    lines = [f"{place} {code}{strength} {one_line(finding.message)}"]
    if line.strip():
        number = str(finding.place.line)
        shown, start, width = _cut(line, finding.place)
        lines.append(f"  {number} | {shown}")
        lines.append(f"  {' ' * len(number)} | {' ' * start}{paint(_COLOURS[finding.severity], '^' * width)}")
    lines.append(f"  fix: {one_line(finding.fix)}")
    return "\n".join(lines) + "\n"


def one_line(words: str) -> str:
    """Text from policies and names of files may hold anything; shown, it stays one line and does nothing else."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in redact(words))
    return shown.replace(_RUNNER, "#\\x23[")


def _cut(line: str, place: Place) -> tuple[str, int, int]:
    """What of the line fits around the place, and where and how wide the caret is."""
    at = place.column - 1
    if len(line) > _WIDTH:
        before, rest = line[max(0, at - 40) : at], line[at : at + _WIDTH - 40]
    else:
        before, rest = line[:at], line[at:]
    before, rest = (_printable(before), _printable(rest))
    return before + rest, _columns(before), max(1, _columns(rest[: place.width]))


def _columns(words: str) -> int:
    """How many columns of a terminal the text takes: emoji and East Asian characters take two, accents none."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in words)
    return len(words) + wide - sum(map(bool, map(unicodedata.combining, words)))


def _printable(words: str) -> str:
    shown = "".join(c if c.isprintable() else _TAB if c == "\t" else "?" for c in words)
    return shown.replace(_RUNNER, "#?[")


def as_json(findings: Sequence[Finding], sources: Mapping[str, str]) -> str:
    """A list of objects with file, line, column, width, code, severity, message and fix."""
    return json.dumps([_fields(finding) for finding in findings], indent=2) + "\n"


def _fields(finding: Finding) -> dict[str, str | int]:
    place = finding.place
    return {
        "file": redact(place.file),
        "line": place.line,
        "column": place.column,
        "width": place.width,
        "code": finding.code,
        "severity": finding.severity.value,
        "message": redact(finding.message),
        "fix": redact(finding.fix),
    }


def from_json(listed: str) -> tuple[Finding, ...]:
    """Findings again from what `as_json` made of them."""
    return tuple(
        Finding(
            fields["code"],
            fields["message"],
            Place(fields["file"], fields["line"], fields["column"], fields["width"]),
            fields["fix"],
            Severity(fields["severity"]),
        )
        for fields in json.loads(listed)
    )


def github(findings: Sequence[Finding], sources: Mapping[str, str]) -> str:
    """Workflow commands that GitHub shows as annotations on the changed lines."""
    return "".join(_annotation(finding) for finding in findings)


def _annotation(finding: Finding) -> str:
    level = "notice" if finding.severity is Severity.NOTE else finding.severity.value
    place = finding.place
    at = f"file={_property(place.file)},line={place.line},col={place.column},endColumn={place.column + place.width}"
    message = _data(f"{one_line(finding.message)}\nfix: {one_line(finding.fix)}")
    return f"::{level} {at},title={_property(finding.code)}::{message}\n"


def _data(words: str) -> str:
    """Escaped as GitHub's toolkit does, so that text cannot start a command of its own."""
    return words.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(words: str) -> str:
    return _data(one_line(words)).replace(":", "%3A").replace(",", "%2C")


def sarif(findings: Sequence[Finding], sources: Mapping[str, str]) -> str:
    """SARIF 2.1.0 (OASIS), one run; columns count Unicode code points."""
    from compiler.codes import codes  # knows every stage of the compiler: only SARIF wants its rules described

    found = {finding.code for finding in findings}
    rules = [_rule(code) for code in codes() if code.code in found]
    run = {
        "tool": {"driver": {"name": "vane", "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding) for finding in findings],
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def _rule(code: Code) -> dict[str, object]:
    """What GitHub's code scanning shows beside a finding."""
    return {
        "id": code.code,
        "name": code.name,
        "shortDescription": {"text": code.title},
        "fullDescription": {"text": " ".join(code.why.split())},
        "help": {"text": code.fix},
        "defaultConfiguration": {"level": code.severity.value},
    }


def _result(finding: Finding) -> dict[str, object]:
    place = finding.place
    region = {"startLine": place.line, "startColumn": place.column, "endColumn": place.column + place.width}
    location = {"artifactLocation": {"uri": quote(redact(place.file), errors="surrogatepass")}, "region": region}
    return {
        "ruleId": finding.code,
        "level": finding.severity.value,
        "message": {"text": f"{redact(finding.message)}. Fix: {redact(finding.fix)}"},
        "locations": [{"physicalLocation": location}],
    }


FORMATS: Mapping[str, Callable[[Sequence[Finding], Mapping[str, str]], str]] = {
    "text": text,
    "json": as_json,
    "github": github,
    "sarif": sarif,
}


def summary(findings: Iterable[Finding]) -> str:
    """How many of each severity, in words."""
    found = list(findings)
    counts = [(sum(f.severity is severity for f in found), severity.value) for severity in Severity]
    return ", ".join(f"{count} {word}{'s' if count != 1 else ''}" for count, word in counts if count) or "no findings"
