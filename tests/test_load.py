"""The loader: what it makes of YAML, where it says that things lie, and what it refuses without falling over."""

from __future__ import annotations

import time
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from compiler.diagnostics import Place, source_lines
from compiler.load import load
from compiler.yaml_text import Document, parse, scalar
from tests.samples import CAPS, POLICIES, findings_in, write_policies


def document(text: str) -> Document:
    read, problems = parse(text, "policies/caps.yaml")
    assert problems == ()
    return read


def at(text: str, *path: str | int, key: bool = False) -> tuple[int, int, int]:
    place = document(text).place(*path, key=key)
    return place.line, place.column, place.width


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("800", 800), ("-1", -1), ("+5", 5), ("0", 0), ("0.10", Decimal("0.10")), ("1e5", Decimal("1e5")),
        (".5", Decimal("0.5")), ("5.", Decimal("5")), ("true", True), ("False", False), ("null", None), ("~", None),
        # text in YAML 1.2, or too odd to guess
        ("yes", "yes"), ("on", "on"), ("off", "off"), ("0800", "0800"), ("e5", "e5"), ("+e1", "+e1"), (".e1", ".e1"),
        ("0x10", "0x10"), ("1_000", "1_000"),
        ("12:30", "12:30"), ("2026-01-01", "2026-01-01"), (".inf", ".inf"), (".NaN", ".NaN"), (".", "."), ("-", "-"),
        ("1e999999999", "1e999999999"), ("9" * 29, "9" * 29), ("tRue", "tRue"), ("٣", "٣"),
    ],
)  # fmt: skip
def test_scalar(text: str, value: object) -> None:
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


def test_no_number_is_ever_a_float() -> None:
    data = document("[1.5, 1e3, .1, 2., -0.0, 1.0e-2]").data
    assert [type(value) for value in data] == [Decimal] * 6


def test_quoted_numbers_are_text() -> None:
    assert document("['1', \"2.5\", 'true', '', 'null']").data == ["1", "2.5", "true", "", "null"]


def test_numbers_are_exact() -> None:
    text = "0.1234567890123456789012345678"
    assert str(scalar(text)) == text


PLACES = """\
version: 1
flow: {a: 1, 日本: [x, "y z", {deep: end}]}
block:
  - first
  - second: |
      several
      lines
    third: after
"🦉 key": value
"""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), (1, 1, 1)), (("version",), (1, 10, 1)), (("flow", "a"), (2, 11, 1)), (("flow", "日本"), (2, 18, 1)),
        (("flow", "日本", 1), (2, 22, 5)), (("flow", "日本", 2, "deep"), (2, 36, 3)), (("block", 0), (4, 5, 5)),
        (("block", 1, "second"), (5, 13, 1)), (("block", 1, "third"), (8, 12, 5)), (("🦉 key",), (9, 10, 5)),
        # where a path ends early, the nearest enclosing value
        (("flow", "b"), (2, 7, 1)), (("block", 7, "x"), (4, 3, 1)), (("nothing", "at", "all"), (1, 1, 1)),
    ],
)  # fmt: skip
def test_place_of_value(path: tuple[str | int, ...], place: tuple[int, int, int]) -> None:
    assert at(PLACES, *path) == place


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("flow",), (2, 1, 4)),
        (("flow", "日本"), (2, 14, 2)),
        (("block", 1, "third"), (8, 5, 5)),
        (("🦉 key",), (9, 1, 7)),
    ],
)
def test_place_of_key(path: tuple[str | int, ...], place: tuple[int, int, int]) -> None:
    assert at(PLACES, *path, key=True) == place


def test_aliased_value_lies_at_its_alias() -> None:
    text = "a: &x {deep: 1}\nb: *x\n"
    assert document(text).data == {"a": {"deep": 1}, "b": {"deep": 1}}
    assert at(text, "a", "deep") == (1, 14, 1)
    assert at(text, "b", "deep") == (2, 4, 2)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings_do_not_move_places(ending: str) -> None:
    text = CAPS.replace("\n", ending)
    assert at(text, "caps", "dollar-monthly", "limit_usd") == (4, 16, 3)
    assert document(text).data == document(CAPS).data


def test_source_lines_are_those_of_editors() -> None:
    assert source_lines("a\r\nb\rc\nd\x0ce\u2028f") == ["a", "b", "c", "d\x0ce\u2028f"]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "{", "? ", "[{a: "])
@pytest.mark.parametrize("closing", ["", "]" * 100_000])
def test_deep_nesting_ends_early(opening: str, closing: str, tmp_path: Path) -> None:
    (finding,) = findings_in(write_policies(tmp_path, {"caps.yaml": opening * 100_000 + closing}))
    assert finding.code in ("VN115", "VN105")
    assert finding.place.line == 1
    assert finding.place.column <= 125


def test_alias_bomb_costs_nothing(tmp_path: Path) -> None:
    names = "abcdefghijklmnopqrstuvwxyz"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"{n}: &{n} [{', '.join([f'*{before}'] * 10)}]" for before, n in pairwise(names)]
    started = time.process_time()
    (finding,) = findings_in(write_policies(tmp_path, {"caps.yaml": "\n".join(lines)}))
    assert finding.code == "VN108"
    assert time.process_time() - started < 5


@pytest.mark.parametrize("key", ["[a]", "{a: b}", "? [1, 2]\n", "*a ", "&k key", "!!str key"])
def test_keys_are_plain_text(key: str, tmp_path: Path) -> None:
    (finding,) = findings_in(write_policies(tmp_path, {"caps.yaml": f"{CAPS}{key}: x\n"}))
    assert (finding.code, finding.message) == ("VN105", "a key must be plain text")
    assert finding.place.line == 8


@pytest.mark.parametrize("key", ["1", "true", "~", "1.5", '""', "2026-01-01"])
def test_keys_are_never_numbers(key: str) -> None:
    assert document(f"{key}: x").data == {key.strip('"'): "x"}


@pytest.mark.parametrize("character", "\x00\x07\x0b\x0c\x1b\x7f\x85\u2028\u2029\u202e\u2066\ufeff\ufffe")
def test_unseen_characters_are_refused_where_they_stand(character: str, tmp_path: Path) -> None:
    text = CAPS.replace("monthly\n", f"monthly # Zoë{character}\n")
    (finding,) = findings_in(write_policies(tmp_path, {"caps.yaml": text}))
    assert (finding.code, str(finding.place)) == ("VN124", "policies/caps.yaml:5:26")
    assert f"U+{ord(character):04X}" in finding.message


HOSTILE = 'Zoë\'s "A&B" <b> ]]> {{ 7*7 }} \\ `rm` $HOME # 👩‍👩‍👧 שלום'


@pytest.mark.parametrize(
    "written",
    [
        "'" + HOSTILE.replace("'", "''") + "'",
        '"' + HOSTILE.replace("\\", "\\\\").replace('"', '\\"') + '"',
        f"|-\n  {HOSTILE}",
    ],
    ids=["single", "double", "block"],
)
def test_text_comes_out_intact(written: str) -> None:
    assert document(f"title: {written}\n").data == {"title": HOSTILE}


def test_first_of_two_equal_keys_counts() -> None:
    read, problems = parse("a: 1\nb: 2\na: 3\n", "x.yaml")
    assert read.data == {"a": 1, "b": 2}
    assert [(problem.code, problem.place) for problem in problems] == [("VN107", Place("x.yaml", 3, 1, 1))]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("caps.yml", "did you mean 'caps.yaml'?"), ("Tracks.YAML", ""), ("models.lock.yaml", "did you mean"),
        ("scenarios/new.yml", "rename it to scenarios/new.yaml"), ("scenarios/sub/x.yaml", ""), ("a\nb.yaml", ""),
    ],
)  # fmt: skip
def test_strange_files_are_named(name: str, expected: str, tmp_path: Path) -> None:
    (finding,) = findings_in(write_policies(tmp_path, {name: "version: 1\n"}))
    assert (finding.code, finding.place) == ("VN113", Place(f"policies/{name}"))
    assert expected in finding.fix
    assert finding.fix


def test_what_is_no_policy_is_left_alone(tmp_path: Path) -> None:
    others = dict.fromkeys(("README.md", ".schemas/x.yaml", ".hidden.yaml", "scenarios/notes.txt", "t.yaml.bak"), "[")
    assert findings_in(write_policies(tmp_path, others)) == ()


def test_link_inside_policies_is_fine(tmp_path: Path) -> None:
    policies = write_policies(tmp_path, {"caps.yaml": None, "caps.txt": CAPS})
    (policies / "caps.yaml").symlink_to("caps.txt")
    assert findings_in(policies) == ()


def test_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    policies = write_policies(tmp_path, {"caps.yaml": b"\xef\xbb\xbf" + CAPS.encode()})
    assert findings_in(policies) == ()


def test_order_of_files_is_fixed(tmp_path: Path) -> None:
    for path in sorted(POLICIES, reverse=True):
        write_policies(tmp_path, {path: POLICIES[path]})
    read = load(tmp_path / "policies", frozenset({"scenarios/*.yaml", "caps.yaml"}))
    assert list(read.files) == sorted(read.files)
    assert len(read.files) == 7
