"""Findings on screen and for programs: whatever text they carry, each stays what it is."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from compiler import formats
from compiler.codes import codes
from compiler.diagnostics import Finding, Place, Severity
from tests.sarif import SARIF

SECRET = "sk-or-v1-0123456789abcdef0123456789abcdef"
TRACKS = "version: 1\ntoken_track:\n  primary: x/y\n  fallbacks: [tencent/hy3-preview, minimax/m2.7]\n"
FINDING = Finding(
    "VN203",
    "unknown model 'minimax/m2.7'",
    Place("policies/tracks.yaml", 4, 36, 12),
    "did you mean 'minimax/minimax-m2.7'?",
)
HOSTILE = 'a"b&c]]>{{d}}\r\n::error file=x,line=1::fake %0A%25, 🦊 \x1b[2J\x9b31m\u202e\u2028\x00 \ud800' + SECRET

TEXTS = st.text(st.characters(), max_size=60) | st.just(HOSTILE)
FINDINGS = st.builds(
    Finding,
    code=st.sampled_from([code.code for code in codes()]),
    message=TEXTS,
    place=st.builds(
        Place,
        file=TEXTS.filter(bool) | st.just("policies/tracks.yaml"),
        line=st.integers(1, 8),
        column=st.integers(1, 200),
        width=st.integers(1, 200),
    ),
    fix=TEXTS,
    severity=st.sampled_from(Severity),
)


def shown(*findings: Finding, source: str = TRACKS, colour: bool = False) -> str:
    return formats.text(findings, {"policies/tracks.yaml": source}, colour=colour)


def at(source: str, line: int, column: int, width: int) -> tuple[str, str]:
    """The source line and the caret line that are shown for a place, without their margin."""
    finding = Finding("VN203", "m", Place("policies/tracks.yaml", line, column, width), "f")
    lines = shown(finding, source=source).split("\n")
    assert len(lines) == 5
    return lines[1].partition(" | ")[2], lines[2].partition(" | ")[2]


# ---- text


def test_text() -> None:
    assert shown(FINDING) == (
        "policies/tracks.yaml:4:36 VN203 unknown model 'minimax/m2.7'\n"
        "  4 |   fallbacks: [tencent/hy3-preview, minimax/m2.7]\n"
        "    |                                    ^^^^^^^^^^^^\n"
        "  fix: did you mean 'minimax/minimax-m2.7'?\n"
    )


@pytest.mark.parametrize(
    ("severity", "word"), [(Severity.ERROR, "VN203 u"), (Severity.WARNING, "warning: u"), (Severity.NOTE, "note: u")]
)
def test_text_says_what_is_no_error(severity: Severity, word: str) -> None:
    assert word in shown(Finding("VN203", "unknown", FINDING.place, "", severity))


def test_colour_adds_nothing_but_colour() -> None:
    coloured = shown(FINDING, colour=True)
    assert "\x1b[31m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == shown(FINDING)


@pytest.mark.parametrize("place", [Place("policies/other.yaml"), Place("policies/tracks.yaml", 99), Place("", 1)])
def test_text_without_a_source_line(place: Place) -> None:
    assert shown(Finding("VN203", "m", place, "f")) == f"{place} VN203 m\n  fix: f\n"


def test_caret_after_tabs_and_wide_characters() -> None:
    assert at("a:\tb\n", 1, 4, 1) == ("a:    b", "      ^")
    assert at("é: x\n", 1, 4, 1) == ("é: x", "   ^")
    assert at("e\u0301: x\n", 1, 5, 1) == ("e\u0301: x", "   ^")
    assert at("🦊🦊: x\n", 1, 5, 1) == ("🦊🦊: x", "      ^")
    assert at("'狐狸': x\n", 1, 1, 4) == ("'狐狸': x", "^^^^^^")


def test_long_lines_are_cut_around_the_place() -> None:
    line = "x" * 5000 + "HERE" + "y" * 5000
    source, caret = at(line, 1, 5001, 4)
    assert len(source) <= 120
    assert source[caret.index("^") : caret.rindex("^") + 1] == "HERE"


def test_a_place_beyond_the_line_still_has_a_caret() -> None:
    assert at("short\n", 1, 50, 10) == ("short", "     ^")


def test_line_ends_of_all_systems_count_once() -> None:
    assert at("a\r\nb\rc\nd", 3, 1, 1) == ("c", "^")
    assert at("a\x0cb\nc", 2, 1, 1) == ("c", "^")


def test_no_secret_is_shown() -> None:
    finding = Finding("VN301", f"key {SECRET}", Place("policies/tracks.yaml", 1, 6, len(SECRET)), f"not {SECRET}")
    for name, write in formats.FORMATS.items():
        printed = write([finding], {"policies/tracks.yaml": f"key: {SECRET} # x\n"})
        assert SECRET not in printed, name
        assert "0123456789abcdef" not in printed, name
    assert at(f"key: {SECRET} # x\n", 1, 6, len(SECRET)) == (
        f"key: {'*' * len(SECRET)} # x",
        " " * 5 + "^" * len(SECRET),
    )


@settings(deadline=None)
@given(finding=FINDINGS, source=TEXTS, colour=st.booleans())
def test_text_is_two_or_four_lines_and_does_nothing_else(finding: Finding, source: str, colour: bool) -> None:
    printed = formats.text([finding], {finding.place.file: source}, colour=colour)
    lines = printed.removesuffix("\n").split("\n")
    assert len(lines) in (2, 4)
    assert finding.code in lines[0]
    assert lines[-1].startswith("  fix: ")
    plain = re.sub(r"\x1b\[(1|3[136]|0)m", "", printed) if colour else printed
    assert [c for c in plain if unicodedata.category(c)[0] == "C" and c != "\n"] == []
    assert not set(plain) & set("\u2028\u2029\x85")
    assert SECRET not in plain


# ---- for programs


@settings(deadline=None)
@given(findings=st.lists(FINDINGS, max_size=3))
def test_json_carries_all_and_is_plain_ascii(findings: list[Finding]) -> None:
    printed = formats.as_json(findings, {})
    assert printed.isascii()
    read = json.loads(printed)
    assert [(entry["line"], entry["column"], entry["width"]) for entry in read] == [
        (f.place.line, f.place.column, f.place.width) for f in findings
    ]
    assert [entry["severity"] for entry in read] == [f.severity.value for f in findings]
    assert SECRET not in printed


def test_json() -> None:
    assert json.loads(formats.as_json([FINDING], {})) == [
        {
            "file": "policies/tracks.yaml",
            "line": 4,
            "column": 36,
            "width": 12,
            "code": "VN203",
            "severity": "error",
            "message": "unknown model 'minimax/m2.7'",
            "fix": "did you mean 'minimax/minimax-m2.7'?",
        }
    ]


def test_github() -> None:
    assert formats.github([FINDING], {}) == (
        "::error file=policies/tracks.yaml,line=4,col=36,endColumn=48,title=VN203::"
        "unknown model 'minimax/m2.7'%0Afix: did you mean 'minimax/minimax-m2.7'?\n"
    )


def test_github_escapes() -> None:
    finding = Finding("VN203", "100%\n::error::x", Place("policies/a,b:c%d.yaml"), "one, two", Severity.NOTE)
    assert formats.github([finding], {}) == (
        "::notice file=policies/a%2Cb%3Ac%25d.yaml,line=1,col=1,endColumn=2,title=VN203::"
        "100%25\\n::error::x%0Afix: one, two\n"
    )


@settings(deadline=None)
@given(finding=FINDINGS)
def test_github_is_one_command(finding: Finding) -> None:
    printed = formats.github([finding], {})
    assert printed.endswith("\n")
    assert [c for c in printed[:-1] if unicodedata.category(c)[0] == "C"] == []
    command = re.fullmatch(
        r"::(error|warning|notice) file=([^,:]*),line=\d+,col=\d+,endColumn=\d+,title=V[A-Z]\d{3}::[^\n]*%0Afix: .*\n",
        printed,
    )
    assert command
    assert SECRET not in printed


@settings(deadline=None)
@given(findings=st.lists(FINDINGS, max_size=4))
def test_sarif_has_what_the_standard_asks_for(findings: list[Finding]) -> None:
    printed = formats.sarif(findings, {})
    log = json.loads(printed)
    Draft202012Validator(SARIF).validate(log)
    (run,) = log["runs"]
    assert len(run["results"]) == len(findings)
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {finding.code for finding in findings}
    assert SECRET not in printed


def test_sarif() -> None:
    (run,) = json.loads(formats.sarif([FINDING], {}))["runs"]
    assert run["results"] == [
        {
            "ruleId": "VN203",
            "level": "error",
            "message": {"text": "unknown model 'minimax/m2.7'. Fix: did you mean 'minimax/minimax-m2.7'?"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "policies/tracks.yaml"},
                        "region": {"startLine": 4, "startColumn": 36, "endColumn": 48},
                    }
                }
            ],
        }
    ]


def test_no_findings() -> None:
    assert formats.text([], {}) == ""
    assert formats.github([], {}) == ""
    assert json.loads(formats.as_json([], {})) == []
    assert json.loads(formats.sarif([], {}))["runs"][0]["results"] == []


def test_summary() -> None:
    warning = Finding("VN303", "m", Place("x"), "f", Severity.WARNING)
    assert formats.summary([]) == "no findings"
    assert formats.summary([FINDING]) == "1 error"
    assert formats.summary([warning, FINDING, FINDING]) == "2 errors, 1 warning"
