"""Suites of other tools: what is carried over grades as it did, and what is not is said where it stood."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.diagnostics import PolicyError
from harness.bench.attempt import Answer, ToolCall
from harness.bench.case import Case
from harness.bench.expectation import Calls, Contains, FitsSchema, Matches
from harness.bench.grade import grade
from harness.bench.import_command import run
from harness.bench.importing.bfcl import read_bfcl
from harness.bench.importing.checks import expectation
from harness.bench.importing.found import Found
from harness.bench.importing.naming import Ids, tool_name
from harness.bench.importing.promptfoo import read_promptfoo
from harness.bench.importing.writing import admitted, write_suite
from harness.bench.suite import load_suite

CONFIG = """\
description: Translations
prompts:
  - "Translate to German: {{text}}"
  - file://chat.json
providers:
  - id: openai:gpt-4o
    config:
      tools:
        - type: function
          function: {name: look.up, description: Look up, parameters: {type: object, properties: {}}}
defaultTest:
  assert:
    - {type: not-icontains, value: as an ai}
tests:
  - description: Greeting
    vars: {text: [hello, good morning]}
    assert:
      - {type: icontains-any, value: [hallo, guten morgen]}
      - {type: llm-rubric, value: is polite}
  - description: Needs a program
    vars: {text: x}
    assert: [{type: javascript, value: output.length < 10}]
  - description: A filter
    vars: {text: x}
    assert: [{type: equals, value: "{{ text | upper }}"}]
  - file://more.yaml
scenarios: []
"""
CHAT = [{"role": "system", "content": "You translate."}, {"role": "user", "content": "{{text}}"}]
MORE = "- vars: {text: z}\n  assert: [{type: is-json, value: {type: object, required: [a]}}]\n"


def config(folder: Path, text: str = CONFIG) -> Path:
    (folder / "chat.json").write_text(json.dumps(CHAT))
    (folder / "more.yaml").write_text(MORE)
    (folder / "promptfooconfig.yaml").write_text(text)
    return folder / "promptfooconfig.yaml"


def asked(file: Path, out: Path, **more: Any) -> argparse.Namespace:
    given = {"file": file, "out": out, "answers": None, "scenario": "agent-loops", "project": Path()}
    return argparse.Namespace(**given | more)


def said(text: str) -> Answer:
    return Answer(text, (), "stop")


def test_promptfoo_becomes_a_suite_that_loads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(asked(config(tmp_path), tmp_path / "ours")) == 0
    suite = load_suite(tmp_path / "ours")
    assert [case.id for case in suite.cases] == ["greeting", "greeting-2", "greeting-3", "greeting-4", "case", "case-2"]
    greeting, chat = suite.cases[0], suite.cases[2]
    assert greeting.messages == ({"role": "user", "content": "Translate to German: hello"},)
    assert [message["content"] for message in chat.messages] == ["You translate.", "hello"]
    assert greeting.tools[0]["function"]["name"] == "look_up"
    assert grade(greeting, said("Guten MORGEN!")).success
    assert not grade(greeting, said("As an AI I say hallo")).success
    assert not grade(greeting, said("Moin")).success
    assert isinstance(suite.cases[4].expectation, FitsSchema)
    err = capsys.readouterr().err
    for said_of in (
        "promptfooconfig.yaml:15:5 VB123 warning: greeting: llm-rubric is polite: a model would have to judge",
        "promptfooconfig.yaml:20:5 VB122 warning: no check that can be carried over; javascript output.length < 10: "
        "a program of the suite would have to run",
        "a template that does more than name a variable: '{{ text | upper }}'",
        "VB122 warning: 'scenarios' is not carried over",
        "case: not-icontains",
    ):
        assert said_of in err
    written = (tmp_path / "ours" / "agent-loops.yaml").read_text()
    assert '  # not carried over: llm-rubric is polite: a model would have to judge\n  - id: "greeting"' in written


def test_nothing_is_written_where_something_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "ours"
    for text, code in (
        ("tests: [", "VN105"),
        ("a: 1\n", "VB120"),
        ("prompts: [x]\ntests:\n  - assert: [{type: python, value: x}]\n", "VB124"),
        ('{"id": "simple_1", "question": [[', "VN105"),
        ('{"id": "simple_1", "question": [[]], "function": []}\n{"id":\n', "VB120"),
        ('{"id": "simple_1", "question": [[]], "function": []}\n', "VB124"),
    ):
        assert run(asked(config(tmp_path, text), out)) == 1
        assert code in capsys.readouterr().err
        assert [path.name for path in tmp_path.iterdir() if "ours" in path.name] == []
    assert run(asked(tmp_path / "nowhere.yaml", out)) == 1
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    assert run(asked(tmp_path / "binary", out)) == 1
    assert run(asked(config(tmp_path), out, scenario="Not A Name")) == 2
    assert not out.exists()


def test_a_suite_that_is_there_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ours").mkdir()
    assert run(asked(config(tmp_path), tmp_path / "ours")) == 1
    assert "VB121" in capsys.readouterr().err
    assert list((tmp_path / "ours").iterdir()) == []


def test_files_outside_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    inner = tmp_path / "inner"
    inner.mkdir()
    prompts = "['file://../secret.txt', 'file:///etc/hostname.txt', 'file://run.py', x]"
    text = f"prompts: {prompts}\ntests: [{{assert: [{{type: contains, value: a}}]}}]"
    found = read_promptfoo(text, "c.yaml", inner)
    assert [case.form["ask"] for case in found.cases] == ["x"]
    assert len(found.left_out) == 3


def graded(checks: list[dict[str, Any]], text: str) -> bool:
    expect, lost = expectation(checks)
    assert expect is not None and not lost
    expected: Any = Contains(tuple(expect["contains"]), tuple(expect.get("lacks", ()))) if "contains" in expect else (
        Matches(expect["matches"]) if "matches" in expect else FitsSchema(expect["fits"])
    )  # fmt: skip
    return grade(Case("a", "b", "text", (), (), expected, 1000), said(text)).success


@pytest.mark.parametrize(("check", "right", "wrong"), [
    ({"type": "equals", "value": "a.b"}, "a.b", "a.b."),
    ({"type": "equals", "value": 4}, "4", "44"),
    ({"type": "contains", "value": "B+"}, "x\nB+y", "b+"),
    ({"type": "not-contains", "value": "b"}, "B", "ab"),
    ({"type": "icontains", "value": "b"}, "B", "c"),
    ({"type": "not-icontains", "value": "b"}, "c", "B"),
    ({"type": "contains-all", "value": ["a", "b"]}, "b a", "b"),
    ({"type": "contains-all", "value": "a, b"}, "b a", "b"),
    ({"type": "not-contains-all", "value": ["a", "b"]}, "b", "b a"),
    ({"type": "contains-any", "value": ["a", "b"]}, "b", "c"),
    ({"type": "not-contains-any", "value": ["a", "b"]}, "c", "xa"),
    ({"type": "icontains-all", "value": ["A", "b"]}, "B a", "B"),
    ({"type": "starts-with", "value": "a"}, "ab", "ba"),
    ({"type": "not-starts-with", "value": "a"}, "ba", "ab"),
    ({"type": "regex", "value": r"^a\d$"}, "a1", "b\na1"),
    ({"type": "regex", "value": r"b|c"}, "\nxc", "a"),
    ({"type": "regex", "value": r"(?<year>\d{4})"}, "in 2026", "in 226"),
    ({"type": "not-regex", "value": r"\d"}, "abc", "ab3"),
    ({"type": "is-json"}, "[1]", "1,"),
    ({"type": "is-json", "value": '{"type": "array"}'}, "[1]", "{}"),
])  # fmt: skip
def test_each_check(check: dict[str, Any], right: str, wrong: str) -> None:
    assert graded([check], right)
    assert not graded([check], wrong)


def test_checks_together_must_all_hold() -> None:
    checks = [
        {"type": "contains", "value": "a"},
        {"type": "regex", "value": "b$"},
        {"type": "not-icontains", "value": "C"},
    ]
    assert graded(checks, "a b")
    assert not any(graded(checks, text) for text in ("b", "a", "a c b"))


@pytest.mark.parametrize("check", [
    {"type": "llm-rubric", "value": "x"}, {"type": "python", "value": "x"}, {"type": "latency", "threshold": 3},
    {"type": "regex", "value": "("}, {"type": "contains", "value": "file://a"}, {"type": "contains", "value": ""},
    {"type": "contains"}, {"type": "is-json", "value": "file://a.json"}, {"type": "not-is-json"}, {"no": "type"},
    {"type": "assert-set", "assert": []}, {"type": ["a"]}, {"type": "contains-all", "value": [{}]}, {"type": "new"},
    "text",
])  # fmt: skip
def test_a_check_that_cannot_be_carried_over_is_said(check: Any) -> None:
    expect, lost = expectation([check])
    assert expect is None
    assert lost
    kept, lost = expectation([check, {"type": "icontains", "value": "a"}])
    assert (kept, len(lost) > 0) == ({"contains": ["a"]}, True)


FUNCTION = {
    "name": "math.root",
    "description": "A root",
    "parameters": {
        "type": "dict",
        "properties": {
            "x": {"type": "float"},
            "unit": {"type": "string", "enum": ["a", "b"]},
            "opts": {"type": "dict", "properties": {}},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["x"],
    },
}


def bfcl(id: str, truth: Any, **more: Any) -> Found:
    entry = {"id": id, "question": [[{"role": "user", "content": "?"}]], "function": [FUNCTION]} | more
    answers = json.dumps({"id": id, "ground_truth": truth}) if truth is not None else None
    return admitted(read_bfcl(json.dumps(entry), "f.json", answers), "agent-loops")


def case_of(found: Found, folder: Path) -> Case:
    return write_suite(folder, found.cases, "ours", "agent-loops", "a test").cases[0]


def call(**arguments: Any) -> Answer:
    return Answer("", (ToolCall("math_root", json.dumps(arguments)),), "tool_calls")


def test_bfcl_accepted_values(tmp_path: Path) -> None:
    truth = [{"math.root": {
        "x": [9, 9.5], "unit": ["", "N/A", "a"], "opts": [{"k": [1, 2], "m": ["", "z"]}], "tags": [["p"], ""],
    }}]  # fmt: skip
    case = case_of(bfcl("simple_1", truth), tmp_path / "ours")
    assert case.kind == "single"
    for right in ({"x": 9, "opts": {"k": 1}}, {"x": 9.5, "opts": {"k": 2, "m": "Z"}, "unit": "A", "tags": []}):
        assert grade(case, call(**right)).success
    odd = grade(case, call(x=9, opts={"k": 1}, unit="n/a"))
    assert (odd.success, odd.protocol_error) == (True, "SchemaMismatch")
    for wrong in ({"x": 9}, {"opts": {"k": 1}}, {"x": 9, "opts": {"k": 3}}, {"x": 9, "opts": {"k": 1}, "tags": ["q"]}):
        assert not grade(case, call(**wrong)).success


def test_bfcl_without_answers(tmp_path: Path) -> None:
    none = case_of(bfcl("live_irrelevance_1-0-0", None), tmp_path / "none")
    assert none.expectation == Calls(())
    some = case_of(bfcl("live_relevance_1-0-0", None), tmp_path / "some")
    assert some.expectation == Calls((), any_call=True)


@pytest.mark.parametrize(("id", "truth", "more", "why"), [
    ("simple_1", None, {}, "no accepted answer"),
    ("simple_java_1", [{"math.root": {"x": [1]}}], {}, "Java"),
    ("multi_turn_base_1", [], {"question": [[], []]}, "several turns"),
    ("simple_1", [{"math.root": {"unit": ["a"]}}], {}, "needs 'x'"),
    ("simple_1", [{"math.root": {"x": [1], "y": [2]}}], {}, "needs 'y'"),
    ("simple_1", [{"other": {"x": [1]}}], {}, "not in BFCL's form"),
    ("simple_1", [{"math.root": {"x": list(range(65))}}], {}, "more than 64"),
    ("simple_1", [{"math.root": {"x": [1]}}], {"function": [FUNCTION, FUNCTION | {"name": "math_root"}]}, "same name"),
    ("simple_1", [], {"function": [FUNCTION | {"parameters": {"type": "HashMap"}}]}, "not one of Python's"),
    ("simple_1", [], {"question": None}, "not in BFCL's form"),
])  # fmt: skip
def test_what_bfcl_cannot_be_carried_over(id: str, truth: Any, more: dict[str, Any], why: str) -> None:
    found = bfcl(id, truth, **more)
    assert found.cases == []
    assert why in found.left_out[0][1]


@given(st.lists(st.text(max_size=20), max_size=8))
def test_ids_are_safe_and_each_its_own(words: list[str]) -> None:
    ids = Ids()
    made = [ids.of(each) for each in words]
    assert len(set(made)) == len(made)
    assert all(len(id) <= 63 for id in made)
    assert all(len(tool_name(each)) <= 64 for each in words)


@settings(max_examples=25, deadline=None)
@given(
    st.text(min_size=1, max_size=40).filter(str.strip),
    st.lists(st.text(min_size=1, max_size=10), min_size=1, max_size=3),
)
def test_any_text_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, prompt: str, wanted: list[str]
) -> None:
    text = json.dumps(
        {
            "prompts": ["{{p}}"],
            "tests": [{"vars": {"p": prompt}, "assert": [{"type": "icontains-all", "value": wanted}]}],
        }
    )
    try:
        found = admitted(read_promptfoo(text, "c.json", Path()), "agent-loops")
    except PolicyError:
        return
    if found.cases:
        suite = write_suite(tmp_path_factory.mktemp("made") / "s", found.cases, "s", "agent-loops", "c.json")
        assert suite.cases[0].messages[0]["content"] == prompt
        assert suite.cases[0].expectation == Contains(tuple(wanted))
