"""What can be wrong with a suite: each code with its line and column, and the near miss that is fine."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.diagnostics import PolicyError
from harness.bench.case import Suite
from harness.bench.expectation import Calls
from harness.bench.suite import load_suite
from harness.bench.suite_codes import CODES

TOP = 'version: 1\nsuite: ours\nrelease: "1"\n'
HEAD = """\
version: 1
scenario: agent-loops
tools:
  read:
    description: Read a file
    parameters:
      type: object
      properties: {path: {type: string}, lines: {type: integer}}
      required: [path]
      additionalProperties: false
cases:
"""
CASE = """\
  - id: a-case
    kind: single
    tools: [read]
    ask: Read a.py
    max_tokens: 100
    expect:
      calls: [{tool: read, arguments: {path: [a.py]}}]
"""
TEXT_CASE = """\
  - id: a-case
    kind: text
    ask: "?"
    max_tokens: 100
    expect: {contains: [yes]}
"""
FILE_CASE = TEXT_CASE.replace('ask: "?"', 'ask: "?"\n    file: {path: a.txt, text: "a\\nb\\n"}')
IMAGE = 'images: [{title: "A 1"}]\n    ask: "?"'


def write(folder: Path, cases: str, head: str = HEAD, top: str = TOP) -> Path:
    suite = folder / "ours"
    suite.mkdir()
    (suite / "suite.yaml").write_text(top)
    (suite / "agent-loops.yaml").write_text(head + cases)
    return suite


def found_in(folder: Path) -> list[tuple[str, str]]:
    with pytest.raises(PolicyError) as raised:
        load_suite(folder)
    assert all(finding.message and finding.fix for finding in raised.value.findings)
    return [(finding.code, str(finding.place)) for finding in raised.value.findings]


def replaced(case: str, old: str, new: str) -> str:
    assert old in case
    return case.replace(old, new)


EXPECT = "calls: [{tool: read, arguments: {path: [a.py]}}]"
#: what is written, code, line and column
BAD = (
    (replaced(CASE, "tools: [read]", "tools: [read, write]"), "VB104", "14:19"),
    (replaced(CASE, "{tool: read,", "{tool: write,"), "VB104", "18:22"),
    (replaced(CASE, "[a.py]", "[a.py, 7]"), "VB106", "18:53"),
    (replaced(CASE, "{path: [a.py]}", "{path: [a.py], line: [7]}"), "VB106", "18:61"),
    (replaced(CASE, "{path: [a.py]}", "{lines: [7]}"), "VB106", "18:48"),
    (replaced(CASE, "{path: [a.py]}", "{path: []}"), "VB106", "18:46"),
    (replaced(CASE, "{path: [a.py]}", "{path: [a.py]}, optional: [path]"), "VB106", "18:65"),
    (replaced(CASE, "{path: [a.py]}", "{path: [a.py]}, loose: [paht]"), "VB106", "18:15"),
    (replaced(CASE, EXPECT, f"{EXPECT}\n      no_call: true"), "VB107", "17:5"),
    (replaced(CASE, EXPECT, "no_call: false"), "VB107", "17:5"),
    (replaced(TEXT_CASE, "[yes]", "[]"), "VB107", "16:24"),
    (replaced(TEXT_CASE, "contains: [yes]", "matches: a, lacks: [b]"), "VB107", "16:26"),
    (replaced(TEXT_CASE, "expect:", "structured: true\n    expect:"), "VB107", "16:5"),
    (replaced(TEXT_CASE, "contains: [yes]", "matches: '(a+)+b'"), "VB108", "16:23"),
    (replaced(TEXT_CASE, "contains: [yes]", "matches: '('"), "VB108", "16:23"),
    (replaced(TEXT_CASE, "contains: [yes]", "fits: {pattern: '(a|b)*'}"), "VB108", "16:20"),
    (replaced(TEXT_CASE, "contains: [yes]", "fits: {type: objekt}"), "VB105", "16:20"),
    (replaced(CASE, "kind: single", "kind: parallel"), "VB109", "13:11"),
    (replaced(CASE, "kind: single", "kind: multi_turn"), "VB109", "13:11"),
    (replaced(TEXT_CASE, "kind: text", "kind: no_tool"), "VB109", "13:11"),
    (replaced(TEXT_CASE, 'ask: "?"', "tools: [read]\n    ask: x"), "VB109", "13:11"),
    (replaced(TEXT_CASE, '    ask: "?"\n', ""), "VB110", "12:9"),
    (replaced(TEXT_CASE, 'ask: "?"', "messages: [{role: assistant, text: a}]"), "VB110", "14:15"),
    (replaced(TEXT_CASE, 'ask: "?"', "messages: [{role: user}]"), "VB110", "14:16"),
    (replaced(TEXT_CASE, 'ask: "?"', "messages: [{role: user, text: a}, {role: tool, text: b, answers: c}]"), "VB110",
     "14:39"),
    (replaced(TEXT_CASE, 'ask: "?"', IMAGE.replace("A 1", "Ä")), "VB111", "14:14"),
    (replaced(TEXT_CASE, 'ask: "?"', IMAGE.replace("1\"", "1\", rows: [[A], [B, C]]")), "VB111", "14:35"),
    (replaced(FILE_CASE, "contains: [yes]", 'patch: "@@ -1 +1 @@\\n-c\\n+d\\n"'), "VB112", "17:21"),
    (replaced(TEXT_CASE, "contains: [yes]", 'patch: "@@ -1 +1 @@\\n-c\\n+d\\n"'), "VB112", "16:14"),
    (CASE + CASE, "VB103", "19:9"),
    (replaced(CASE, "max_tokens: 100", "max_token: 100"), "VN120", "16:5"),
    (replaced(CASE, "max_tokens: 100", "max_tokens: lots"), "VN122", "16:17"),
    (replaced(CASE, "    max_tokens: 100\n", ""), "VN121", "12:5"),
    (replaced(CASE, "a-case", "A Case"), "VN123", "12:9"),
    (replaced(CASE, "ask: Read a.py", "ask: Read: a.py"), "VN105", "15:14"),
)  # fmt: skip


@pytest.mark.parametrize(("cases", "code", "place"), BAD)
def test_bad(tmp_path: Path, cases: str, code: str, place: str) -> None:
    assert (code, f"ours/agent-loops.yaml:{place}") in found_in(write(tmp_path, cases))


@pytest.mark.parametrize("cases", [CASE, TEXT_CASE, TEXT_CASE.replace("[yes]", "[], lacks: [no]")])
def test_near_misses_are_fine(tmp_path: Path, cases: str) -> None:
    assert len(load_suite(write(tmp_path, cases)).cases) == 1


def test_bad_tools(tmp_path: Path) -> None:
    head = HEAD.replace("type: string", "type: strin")
    assert ("VB105", "ours/agent-loops.yaml:7:7") in found_in(write(tmp_path, CASE, head))


def test_parameters_must_be_an_object(tmp_path: Path) -> None:
    head = HEAD.replace("      type: object\n", "")
    assert ("VB105", "ours/agent-loops.yaml:7:7") in found_in(write(tmp_path, CASE, head))


def test_no_suite_and_no_cases(tmp_path: Path) -> None:
    assert found_in(tmp_path / "nowhere") == [("VB101", "nowhere/suite.yaml:1:1")]
    suite = write(tmp_path, CASE)
    (suite / "agent-loops.yaml").unlink()
    assert found_in(suite) == [("VB102", "ours/suite.yaml:1:1")]


def test_bad_top(tmp_path: Path) -> None:
    assert found_in(write(tmp_path, CASE, top=TOP + "author: us\n")) == [("VN120", "ours/suite.yaml:4:1")]


def test_every_code_is_shown_here() -> None:
    shown = {code for _, code, _ in BAD} | {"VB101", "VB102", "VB105"}
    assert {code.code for code in CODES} <= shown
    assert len({code.name for code in CODES}) == len(CODES)


def loaded(folder: Path, cases: str, head: str = HEAD, top: str = TOP) -> Suite:
    folder.mkdir()
    return load_suite(write(folder, cases, head, top))


def test_the_hash_is_of_what_can_change_an_answer_or_a_grade(tmp_path: Path) -> None:
    two = CASE + CASE.replace("a-case", "b-case")
    first = loaded(tmp_path / "0", two).sha256
    same = (
        (two, f"# a comment\n{HEAD}", TOP),
        (two.replace("a-case\n", "a-case\n    title: Another title\n"), HEAD, TOP),
        (CASE.replace("a-case", "b-case") + CASE, HEAD, TOP),
        (two, HEAD, 'version: 1\nsuite: theirs\nrelease: "2"\nabout: x\n'),
    )
    for number, (cases, head, top) in enumerate(same, 1):
        assert loaded(tmp_path / str(number), cases, head, top).sha256 == first
    other = (
        (two.replace("Read a.py", "Read  a.py", 1), HEAD),
        (two.replace("[a.py]", "[a.py, b.py]", 1), HEAD),
        (two.replace("max_tokens: 100", "max_tokens: 101", 1), HEAD),
        (two.replace("b-case", "c-case"), HEAD),
        (two, HEAD.replace("Read a file", "Read one file")),
        (two, HEAD.replace("scenario: agent-loops", "scenario: batch")),
        (two, HEAD.replace("tools:", "system: Be brief\ntools:")),
    )
    hashes = {loaded(tmp_path / f"x{number}", *each).sha256 for number, each in enumerate(other)}
    assert len(hashes) == len(other)
    assert first not in hashes


def test_values_that_the_schema_forbids_may_be_accepted_on_purpose(tmp_path: Path) -> None:
    cases = replaced(CASE, "{path: [a.py]}", "{path: [a.py]}, off_schema: {lines: [dontcare]}, optional: [lines]")
    expectation = load_suite(write(tmp_path, cases)).cases[0].expectation
    assert isinstance(expectation, Calls)
    assert expectation.calls[0].arguments == {"path": ("a.py",), "lines": ("dontcare",)}


def test_the_form_that_is_asked_for_is_sent(tmp_path: Path) -> None:
    cases = TEXT_CASE.replace("contains: [yes]", "fits: {type: object}").replace(
        "    expect", "    structured: true\n    expect"
    )
    case = load_suite(write(tmp_path, cases)).cases[0]
    assert case.response_format is not None
    assert case.response_format["json_schema"]["schema"] == {"type": "object"}
