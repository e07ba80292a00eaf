"""One edit of a policy file: a value set, put in or taken out, and every other line byte for byte as it was.

The text is spliced at the positions of its nodes; a round trip through a YAML library would lay out other lines anew.
Afterwards the new text is parsed and held against the old data with the edit made in it. What does not come out equal
is refused: better no proposal than a wrong one. Refused with a reason: aliases and what they repeat, a new value that
would take somebody's comment with it, and whatever would leave a key without a value.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import yaml

from compiler.importing.yaml_text import scalar
from compiler.yaml_text import Refused, parse
from harness.propose.yaml_nodes import (
    EditRefused,
    Entry,
    Path,
    Source,
    entries,
    is_block,
    is_left_out,
    is_text_block,
    shown,
)

MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Edit:
    """What to change in a file of policies/: `set` a value (a new key comes last), `insert` into a list before the
    index at the path's end, `delete` a key or an item."""

    file: str
    verb: Literal["set", "insert", "delete"]
    path: Path
    #: text, whole numbers, Decimal, true and false, and lists and mappings of these
    value: Any = None

    def __str__(self) -> str:
        new = "" if self.verb == "delete" else f" {scalar(self.value)}"
        return f"{self.file}: {self.verb} {shown(self.path)}{new}"


def edited(text: str, edit: Edit) -> str:
    """The file's text with the edit made. Raises EditRefused."""
    mark = MARK if text.startswith(MARK) else ""
    body = text.removeprefix(MARK)
    if not edit.path:
        raise EditRefused("an edit needs a path to a value")
    wanted = _changed(_data(body, edit.file), edit)
    source = Source(body)
    parent = source.find(edit.path[:-1])
    start, end, new = _splice(source, parent, edit)
    found = body[:start] + new + body[end:]
    if not _holds(found, wanted, edit.file):
        raise EditRefused(f"{shown(edit.path)}: the file is written in a way that this edit does not understand")
    return mark + found


def _holds(text: str, wanted: Any, file: str) -> bool:
    try:
        return repr(_data(text, file)) == repr(wanted)  # True and 1 are equal, and so are 0.1 and 0.10
    except EditRefused:
        return False


def _data(text: str, file: str) -> Any:
    try:
        document, problems = parse(text, file)
    except Refused as refused:
        raise EditRefused(f"{refused.finding.place}: {refused.finding.message}") from refused
    if problems:
        raise EditRefused(f"{problems[0].place}: {problems[0].message}")
    return document.data


def _changed(data: Any, edit: Edit) -> Any:
    """The data as it must be after the edit. Raises EditRefused where the path leads nowhere."""
    data = copy.deepcopy(data)
    at, step = data, edit.path[-1]
    for each in edit.path[:-1]:
        at = _below(at, each, edit)
    if edit.verb == "insert":
        if not isinstance(at, list) or not isinstance(step, int) or not 0 <= step <= len(at):
            raise EditRefused(f"{shown(edit.path)} is no place in a list")
        at.insert(step, _plain(edit.value))
    elif edit.verb == "set" and isinstance(at, dict) and isinstance(step, str):
        at[step] = _plain(edit.value)
    else:
        _below(at, step, edit)
        if edit.verb == "set":
            at[step] = _plain(edit.value)
        else:
            del at[step]
    return data


def _below(at: Any, step: str | int, edit: Edit) -> Any:
    is_there = (isinstance(at, dict) and step in at) or (
        isinstance(at, list) and isinstance(step, int) and 0 <= step < len(at)
    )
    if not is_there:
        raise EditRefused(f"there is nothing at {shown(edit.path)}")
    return at[step]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


Splice = tuple[int, int, str]


def _splice(source: Source, parent: Any, edit: Edit) -> Splice:
    """(from, to, new text)."""
    known, step = entries(parent), edit.path[-1]
    if edit.verb == "insert":
        return _put(source, parent, int(step), scalar(edit.value))
    at = next((n for n, each in enumerate(known) if (n if each.key is None else each.key.value) == step), None)
    if edit.verb == "delete" and at is not None:
        source.find(edit.path)
        return _taken_out(source, parent, at)
    if at is not None:
        source.find(edit.path)
        return _replaced(source, known[at], edit.value)
    return _put(source, parent, len(known), f"{scalar(step)}: {scalar(edit.value)}")


def _replaced(source: Source, entry: Entry, value: Any) -> Splice:
    """A new value in the place of an old one. A block gives way to brackets behind its key."""
    node, text = entry.value, _in_style(entry.value, value)
    start, end = source.start(node), source.end(node)
    if is_left_out(node):
        behind = source.colon_end(entry) if entry.key is not None else start
        return behind, behind, f" {text}"
    if is_text_block(node):  # its lines are text, and a comment can only stand behind its mark
        _refuse_comment(source.text[start : source.line_end(start)])
    elif not isinstance(node, yaml.ScalarNode):
        _refuse_comment(source.text[start:end])
    if is_block(node) and entry.key is not None:
        colon = source.colon_end(entry)
        _refuse_comment(source.text[colon:start])
        return colon, end, f" {text}"
    return start, end, text


def _in_style(node: Any, value: Any) -> str:
    """A text in the quotes of the one before it."""
    style = getattr(node, "style", None)
    if isinstance(value, str) and style == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) and style == '"' else scalar(value)


def _refuse_comment(text: str) -> None:
    """Refuse to take a comment away. None ends but with its line; a # in quotes may be taken for one."""
    if re.search(r"#.*[\r\n]", text):
        raise EditRefused("a comment stands inside what the edit would replace: edit its parts one by one, by hand")


def _put(source: Source, parent: Any, at: int, text: str) -> Splice:
    """A new entry before the one at an index, or behind the last."""
    known = entries(parent)
    if not is_block(parent):
        if at < len(known):
            start = source.start(known[at].first)
            return start, start, f"{text}, "
        start = source.entry_end(known[-1]) if known else source.start(parent) + 1
        return start, start, f", {text}" if known else text
    if at < len(known):
        start = source.entry_start(known[at])
        line = source.line_start(start)
        if not source.is_line_start(start):
            raise EditRefused("a list inside a list shares the line: write it in lines of its own first")
        return line, line, f"{source.text[line:start]}{_dash(parent)}{text}{source.line_break}"
    return _behind_last(source, parent, known[-1], text)


def _behind_last(source: Source, parent: Any, entry: Entry, text: str) -> Splice:
    end = source.line_end(source.entry_end(entry))
    indent = " " * parent.start_mark.column
    line = f"{indent}{_dash(parent)}{text}"
    if source.text[:end].endswith(("\n", "\r")):
        return end, end, f"{line}{source.line_break}"
    return end, end, f"{source.line_break}{line}"


def _dash(parent: Any) -> str:
    return "- " if parent.id == "sequence" else ""


def _taken_out(source: Source, parent: Any, at: int) -> Splice:
    known = entries(parent)
    if not is_block(parent):
        return _taken_out_of_brackets(source, parent, at)
    if len(known) == 1:
        raise EditRefused("it is the only entry: take out what holds it")
    start = source.entry_start(known[at])
    if not source.is_line_start(start):
        raise EditRefused("it shares its line with a dash: write it in a line of its own first")
    end = source.entry_end(known[at])
    return source.line_start(start), source.line_end(end), ""


def _taken_out_of_brackets(source: Source, parent: Any, at: int) -> Splice:
    """With the comma that parts it from its neighbour."""
    known = entries(parent)
    start, end = source.start(known[at].first), source.entry_end(known[at])
    if at > 0:
        start = source.entry_end(known[at - 1])
    elif len(known) > 1:
        end = source.start(known[1].first)
    elif comma := re.compile(r"\s*,").match(source.text, end):
        end = comma.end()
    _refuse_comment(source.text[start:end])
    return start, end, ""
