"""Edits change the value that they mean, and no other line: on generated files and on the shipped policies."""

from __future__ import annotations

import copy
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from compiler.yaml_text import parse
from harness.propose.edit import Edit, edited
from harness.propose.yaml_nodes import EditRefused
from tests.propose.layouts import Layout, layouts

POLICIES = Path(__file__).parents[2] / "policies"
NEW = {"until": "2026-W23", "to": "token", "except": ["incident"], "reason": "It's: over, by $12 # much"}
VALUES: tuple[Any, ...] = ("x", "a: 'b' # c", "yes", "12", 7, Decimal("0.10"), True, ["p", "q: r"], {}, NEW)


def lines(text: str) -> list[str]:
    return re.findall(r"[^\r\n]*(?:\r\n|\n|$)", text)


def ruamel(text: str) -> Any:
    """Another library's reading of a file."""
    return YAML(typ="safe", pure=True).load(text.removeprefix("\ufeff"))


def at(data: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        data = data[step]
    return data


def words(value: Any) -> set[str]:
    """The leaves and keys of a value; each is in a generated file once."""
    return set(re.findall(r"\b[kvt][0-9]+\b", repr(value).replace("\\n", " ")))


def cut(old: str, new: str) -> tuple[list[str], list[str]]:
    """The lines that went, and those that came: what is left between an equal head and an equal tail."""
    was, now = lines(old.removeprefix("\ufeff")), lines(new.removeprefix("\ufeff"))
    head = next((n for n, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
    was, now = was[head:], now[head:]
    tail = 0
    while tail < min(len(was), len(now)) and was[-1 - tail] == now[-1 - tail]:
        tail += 1
    return was[: len(was) - tail], now[: len(now) - tail]


def around(text: str, path: tuple[str | int, ...]) -> tuple[str, str]:
    """What stands before a value and what stands behind it, byte for byte; its key is before it."""
    node, start = YAML(pure=True).compose(text), 0
    for step in path:
        if isinstance(step, int):
            node = node.value[step]
            start = node.start_mark.index
        else:
            key, node = next(pair for pair in node.value if pair[0].value == step)
            start = key.end_mark.index
    return text[:start], text[node.end_mark.index :]


def wanted(layout: Layout, edit: Edit) -> Any:
    data = copy.deepcopy(layout.data)
    parent, step = at(data, edit.path[:-1]), edit.path[-1]
    if edit.verb == "delete":
        del parent[step]
    elif edit.verb == "insert":
        parent.insert(step, edit.value)
    else:
        parent[step] = edit.value
    return data


@st.composite
def cases(draw: st.DrawFn) -> tuple[Layout, Edit]:
    layout = draw(layouts())
    kinds = {path: type(at(layout.data, path)) for path in layout.paths}
    lists = [path for path, kind in kinds.items() if kind is list]
    verb = draw(st.sampled_from(["set", "new key", "delete", *(["insert"] * 2 if lists else [])]))
    value = draw(st.sampled_from(VALUES))
    if verb == "new key":
        mapping = draw(st.sampled_from([(), *(path for path, kind in kinds.items() if kind is dict)]))
        return layout, Edit("f.yaml", "set", (*mapping, "new"), value)
    if verb == "insert":
        path = draw(st.sampled_from(lists))
        return layout, Edit("f.yaml", "insert", (*path, draw(st.integers(0, len(at(layout.data, path))))), value)
    return layout, Edit("f.yaml", "delete" if verb == "delete" else "set", draw(st.sampled_from(layout.paths)), value)


def test_an_edit_changes_its_value_and_keeps_every_other_line_and_comment() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases())
    def explore(case: tuple[Layout, Edit]) -> None:
        layout, edit = case
        assert ruamel(layout.text) == layout.data
        try:
            new = edited(layout.text, edit)
        except EditRefused as refused:
            assert "does not understand" not in str(refused), (layout.text, edit)
            seen[f"refused {edit.verb}"] += 1
            return
        seen[edit.verb] += 1
        assert parse(new.removeprefix("\ufeff"), "f")[0].data == wanted(layout, edit)
        assert repr(ruamel(new)) == repr(_floats(wanted(layout, edit)))
        assert new.startswith("\ufeff") == layout.text.startswith("\ufeff")
        assert not re.search(r"(?<!\r)\n", new) or "\r\n" not in layout.text, "one kind of line break"
        assert_kept(layout, edit, new)

    explore()
    assert min(seen[verb] for verb in ("set", "insert", "delete")) >= 25, seen
    assert seen["refused set"] + seen["refused insert"] < seen["set"] + seen["insert"], seen


def assert_kept(layout: Layout, edit: Edit, new: str) -> None:
    gone, came = cut(layout.text, new)
    if edit.verb == "delete":
        own = words({edit.path[-1]: at(layout.data, edit.path)})
        left = words("".join(gone)) - words("".join(came))
        assert left <= own, (gone, own)
        kept = [comment for comment in layout.comments if not re.search(rf"# {comment}:", "".join(gone))]
    else:
        kept = list(layout.comments)
    if edit.verb == "set" and edit.path[-1] != "new":
        before, behind = around(layout.text, edit.path)
        assert new.startswith(before) and new.endswith(behind), (layout.text, edit, new)
    assert re.findall(r"# (c[0-9]+):", new) == [c for c in layout.comments if c in kept or f"# {c}:" in new]
    assert set(kept) <= set(re.findall(r"# (c[0-9]+):", new))
    is_new = edit.verb == "insert" or edit.path[-1] == "new"
    if is_new and len(gone) > 1:
        raise AssertionError((gone, came))
    if is_new:  # behind a last line without a break, or inside brackets: nothing of the line is lost
        assert all(words(line) <= words("".join(came)) for line in gone)


def _floats(value: Any) -> Any:
    """As a library that knows no Decimal reads it."""
    if isinstance(value, dict):
        return {key: _floats(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_floats(each) for each in value]
    return float(value) if isinstance(value, Decimal) else value


@pytest.mark.parametrize("file", sorted(POLICIES.rglob("*.yaml")), ids=lambda file: file.stem)
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_every_scalar_of_the_shipped_policies_can_be_set_and_is_one_line(file: Path, line_break: str) -> None:
    text = file.read_text("utf-8").replace("\n", line_break)
    data = parse(text, file.name)[0].data
    count = 0
    for path in leaves(data):
        try:
            new = edited(text, Edit(file.name, "set", path, "other"))
        except EditRefused as refused:
            assert "aliases" in str(refused)
            continue
        gone, came = cut(text, new)
        assert (len(gone), len(came)) == (1, 1), (path, gone, came)
        assert gone[0].partition("#")[2] == came[0].partition("#")[2]
        count += 1
    assert count >= 5


def leaves(data: Any, above: tuple[str | int, ...] = ()) -> Any:
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else None
    if pairs is None:
        yield above
        return
    for step, value in pairs:
        yield from leaves(value, (*above, step))


def test_what_is_put_in_and_taken_out_again_leaves_the_file_as_it_was() -> None:
    text = (POLICIES / "tracks.yaml").read_text("utf-8")
    path = ("dollar_track", "downgraded")
    new = edited(text, Edit("tracks.yaml", "set", path, NEW))
    gone, came = cut(text, new)
    assert gone == []
    assert came == [
        '  downgraded: {until: 2026-W23, to: token, except: [incident], reason: "It\'s: over, by $12 # much"}\n'
    ]
    assert edited(new, Edit("tracks.yaml", "delete", path)) == text
    later = edited(new, Edit("tracks.yaml", "set", (*path, "until"), "2026-W24"))
    assert later == new.replace("2026-W23", "2026-W24")


@pytest.mark.parametrize(
    ("text", "edit", "why"),
    [
        ("a: &x {b: 1}\nc: *x\n", Edit("f", "set", ("a", "b"), 2), "shared by aliases"),
        ("a: &x {b: 1}\nc: *x\n", Edit("f", "set", ("c", "b"), 2), "shared by aliases"),
        ("a: &x {b: 1}\nc: *x\n", Edit("f", "delete", ("a",)), "shared by aliases"),
        ("a: 1\n", Edit("f", "set", ("b", "c"), 2), "nothing at b.c"),
        ("a: 1\n", Edit("f", "delete", ("b",)), "nothing at b"),
        ("a: [1]\n", Edit("f", "insert", ("a", 2), 2), "a[2] is no place in a list"),
        ("a: [1]\n", Edit("f", "set", ("a", 1), 2), "nothing at a[1]"),
        ("a: 1\n", Edit("f", "insert", ("a", 0), 2), "no place in a list"),
        ("a: 1\n", Edit("f", "delete", ()), "needs a path"),
        ("a:\n  b: 1\n", Edit("f", "delete", ("a", "b")), "the only entry"),
        ("- a: 1\n  b: 2\n", Edit("f", "delete", (0, "a")), "shares its line with a dash"),
        ("- - 1\n  - 2\n", Edit("f", "insert", (0, 0), 0), "a list inside a list"),
        ("a: [1, # one\n  2]\n", Edit("f", "set", ("a",), 2), "a comment stands inside"),
        ("a: [1, # one\n  2]\n", Edit("f", "delete", ("a", 1)), "a comment stands inside"),
        ("a: # why\n  - 1\n", Edit("f", "set", ("a",), 2), "a comment stands inside"),
        ("a: | # why\n  t\n", Edit("f", "set", ("a",), 2), "a comment stands inside"),
        ("a: {b: 1}\na: 2\n", Edit("f", "set", ("a",), 2), "already at line 1"),
        ("a: [1\n", Edit("f", "set", ("a",), 2), "YAML"),
    ],
)  # fmt: skip
def test_what_cannot_be_edited_is_refused_with_a_reason(text: str, edit: Edit, why: str) -> None:
    with pytest.raises(EditRefused, match=re.escape(why)):
        edited(text, edit)


def test_quotes_stay_as_a_person_chose_them() -> None:
    assert edited("a: 'x' # y\n", Edit("f", "set", ("a",), "it's")) == "a: 'it''s' # y\n"
    assert edited('a: "x"\n', Edit("f", "set", ("a",), "z")) == 'a: "z"\n'
    assert edited("a:   x  # y\n", Edit("f", "set", ("a",), Decimal("0.50"))) == "a:   0.50  # y\n"
    assert edited("a:\nb: 1\n", Edit("f", "set", ("a",), True)) == "a: true\nb: 1\n"
