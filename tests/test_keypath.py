"""Key paths mean one value of a document, and that value has a place."""

from __future__ import annotations

import json
import plistlib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.diagnostics import Place
from compiler.keypath import (
    MISSING,
    NoSuchKeyError,
    deepest,
    document,
    parted,
    place,
    resolve,
    shown,
    value_at,
    written,
)

DOCUMENT: dict[str, Any] = {
    "a": {"b": {"c/d": {"e": [1, {"f": 2}]}}, "b.c": 3, "b.c.d": {"x": 4}, "": 5},
    "models": {"openrouter/x-1.5": {"id": 6}, "openrouter/x-1": {"5": {"id": 7}}},
    '"': 8,
    "[0]": 9,
    "nothing": None,
}


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ('a.b["c/d"].e[0]', ("a", "b", "c/d", "e", 0)),
        ("a.b['c/d'].e[1].f", ("a", "b", "c/d", "e", 1, "f")),
        ("a.b.c/d.e.1.f", ("a", "b", "c/d", "e", 1, "f")),
        ("a.b.c", ("a", "b.c")),
        ("a.b.c.d.x", ("a", "b.c.d", "x")),
        ("models.openrouter/x-1.5.id", ("models", "openrouter/x-1.5", "id")),
        ('models["openrouter/x-1"].5.id', ("models", "openrouter/x-1", "5", "id")),
        ('a[""]', ("a", "")),
        (r'["\""]', ('"',)),
        ('["[0]"]', ("[0]",)),
        ("", ()),
    ],
)
def test_a_path_means_one_value(path: str, steps: tuple[str | int, ...]) -> None:
    assert resolve(DOCUMENT, path) == steps
    assert resolve(DOCUMENT, written(steps)) == steps


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("a.bb", "no 'bb' below a; did you mean 'b'?"),
        ("modles", "no 'modles' at the top; did you mean 'models'?"),
        ("a.b.c/d.e[7]", """no '[7]' below a.b["c/d"].e: it is a list of 2, [0] to [1]"""),
        ("models.openrouter/x-1.6.id", "no '6' below models[\"openrouter/x-1\"]; there are 5"),
        ("a.b.c.x", 'nothing lies below a["b.c"]: it is 3'),
        ("qqq", "no 'qqq' at the top; there are \", [0], a, models, nothing"),
    ],
)
def test_a_path_that_leads_nowhere_says_what_is_there(path: str, said: str) -> None:
    with pytest.raises(NoSuchKeyError) as caught:
        resolve(DOCUMENT, path)
    assert caught.value.args == (said,)
    assert value_at(DOCUMENT, caught.value.steps) is not MISSING
    assert deepest(DOCUMENT, path) == caught.value.steps


def test_what_is_not_there_is_not_null() -> None:
    assert value_at(DOCUMENT, ("nothing",)) is None
    assert value_at(DOCUMENT, ("a", "x", "y")) is MISSING
    assert value_at(["x"], ("0",)) is MISSING


TEXT = """{
  "one": {"x": [1, "two \\" 🦉", {"deep": true}]},
  "twice": 1,
  "twice": {"k": "last"},
  "money": 0.08333333333333333334
}
"""


@pytest.mark.parametrize(
    ("steps", "at"),
    [
        (("one", "x", 1), Place("f.json", 2, 20, 10)),
        (("one", "x", 2, "deep"), Place("f.json", 2, 41, 4)),
        (("twice", "k"), Place("f.json", 4, 18, 6)),
        (("money",), Place("f.json", 5, 12, 22)),
        ((), Place("f.json", 1, 1, 1)),
    ],
)
def test_a_value_has_a_place(steps: tuple[str | int, ...], at: Place) -> None:
    assert place("f.json", "f.json", TEXT.encode(), steps) == at


def test_what_cannot_be_read_has_its_first_line() -> None:
    assert place("f.json", "f.json", b'{"a": ', ("a",)) == Place("f.json")
    assert place("f.json", "f.json", b"\xff", ("a",)) == Place("f.json")
    with pytest.raises(ValueError, match="neither JSON nor a property list"):
        document("card.md", b"# x")
    for broken in (b"<plist>", b"", b"[" * 100_000):
        with pytest.raises(ValueError, match=r"."):
            document("x.plist", broken)
    with pytest.raises(ValueError, match=r"."):
        document("x.json", b"[" * 100_000)


def test_money_keeps_every_digit() -> None:
    money = document("f.json", TEXT.encode())["money"]
    assert money == Decimal("0.08333333333333333334")
    assert shown({"é": money}) == '{"é": 0.08333333333333333334}'


def test_property_lists_have_places_too() -> None:
    content = plistlib.dumps({"A": {"x&y": ["one", "two"]}, "x&y": True})
    assert resolve(document("j.plist", content), "A.x&y[1]") == ("A", "x&y", 1)
    found = place("j.plist", "j.plist", content, ("A", "x&y", 1))
    assert content.decode().splitlines()[found.line - 1].strip() == "<key>x&amp;y</key>"


@pytest.mark.parametrize(
    ("way", "file", "inside"),
    [
        ("agents.entries.a.model", "openclaw.json", "agents.entries.a.model"),
        ("tools.agentToAgent > agents.entries.b.model", "openclaw.json", "agents.entries.b.model"),
        ("cursor/settings.json aliases[0].models[1]", "cursor/settings.json", "aliases[0].models[1]"),
        ("launchd/ai.x.plist#ProgramArguments", "launchd/ai.x.plist", "ProgramArguments"),
        ("cursor/guard", "cursor/guard", ""),
    ],
)
def test_a_way_names_its_file_or_lies_in_the_one_at_the_top(way: str, file: str, inside: str) -> None:
    files = ["cursor/guard", "cursor/settings.json", "launchd/ai.x.plist", "openclaw.json"]
    assert parted(way, files) == (file, inside)


KEYS = st.text(st.sampled_from('ab.[]"0/é🦉\\'), min_size=0, max_size=4)
TREES = st.recursive(
    st.integers(0, 9),
    lambda below: st.dictionaries(KEYS, below, max_size=4) | st.lists(below, max_size=3),
    max_leaves=12,
)


def leaves(at: Any, steps: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    below = at.items() if isinstance(at, dict) else enumerate(at) if isinstance(at, list) else ()
    return [steps, *(leaf for key, value in below for leaf in leaves(value, (*steps, key)))]


@given(TREES)
def test_every_value_can_be_asked_for_and_found(tree: Any) -> None:
    content = json.dumps(tree, indent=1, ensure_ascii=False).encode()
    lines = content.decode().split("\n")
    for steps in leaves(tree):
        found = resolve(tree, written(steps))
        assert value_at(tree, found) == value_at(tree, steps)
        at = place("f.json", "f.json", content, steps)
        assert lines[at.line - 1][at.column - 1] == json.dumps(value_at(tree, steps))[0]
