"""Where the pieces of a YAML text begin and end, as characters: what an edit cuts and what it must leave alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

Path = tuple[str | int, ...]
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")


class EditRefused(Exception):
    """An edit that cannot be made without touching other lines, or other values; the text says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A child of a mapping or list: its key's node (None in a list) and its value's."""

    key: Any
    value: Any

    @property
    def first(self) -> Any:
        """The node that the entry begins with."""
        return self.value if self.key is None else self.key


class Source:
    """A YAML text with its nodes. It must have been parsed by `compiler.yaml_text` before: depth is bounded there."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root = yaml.compose(text, Loader=yaml.CSafeLoader)
        self.starts = [found.start() for found in _LINE.finditer(text)]

    def at(self, mark: Any) -> int:
        """A mark as a position in the text."""
        start = self.starts[mark.line] if mark.line < len(self.starts) else len(self.text)
        return int(min(start + mark.column, len(self.text)))

    def start(self, node: Any) -> int:
        """Where a node begins."""
        return self.at(node.start_mark)

    def end(self, node: Any) -> int:
        """Where a node's last character ends: libyaml's own marks run over the comments behind a block."""
        if is_block(node):
            return self.entry_end(entries(node)[-1])
        at = self.at(node.end_mark)
        return len(self.text[:at].rstrip()) if is_text_block(node) else at

    def entry_end(self, entry: Entry) -> int:
        """Where an entry's last character ends, the colon before a value that is left out included."""
        if is_left_out(entry.value) and entry.key is not None:
            return self.colon_end(entry)
        return self.end(entry.value)

    def colon_end(self, entry: Entry) -> int:
        """Where the colon behind an entry's key ends."""
        return self.text.index(":", self.end(entry.key)) + 1

    def entry_start(self, entry: Entry) -> int:
        """Where an entry begins: its key, or the dash before its value."""
        start = self.start(entry.first)
        return self.text.rindex("-", 0, start) if entry.key is None else start

    def line_start(self, at: int) -> int:
        """Where the line of a position begins."""
        return max(self.text.rfind("\n", 0, at), self.text.rfind("\r", 0, at)) + 1

    def line_end(self, at: int) -> int:
        """Where the line of a position ends, with its line break."""
        found = _LINE.match(self.text, at)
        return found.end() if found else len(self.text)

    @property
    def line_break(self) -> str:
        """As the file has it."""
        found = re.search(r"\r\n|\r|\n", self.text)
        return found[0] if found else "\n"

    def is_line_start(self, at: int) -> bool:
        """Whether nothing but blanks stands before a position on its line."""
        return not self.text[self.line_start(at) : at].strip(" \t")

    def find(self, path: Path) -> Any:
        """The node at a path. Refuses a path that leads through an alias, or into what an alias repeats."""
        node: Any = self.root
        for number, step in enumerate(path):
            known = enumerate(entries(node))
            entry = next((each for at, each in known if (at if each.key is None else each.key.value) == step), None)
            if entry is None:
                raise EditRefused(f"there is nothing at {shown(path[: number + 1])}")
            if _count(self.root, entry.value) > 1:
                raise EditRefused(f"{shown(path[: number + 1])} is shared by aliases (*): write its values out first")
            node = entry.value
        return node


def _count(root: Any, wanted: Any) -> int:
    """How often a node stands in the tree; an anchored node is one object at each of its aliases."""
    return sum((root is wanted, *(_count(entry.value, wanted) for entry in entries(root))))


def entries(node: Any) -> list[Entry]:
    """The children of a mapping or list; a scalar has none."""
    if isinstance(node, yaml.MappingNode):
        return [Entry(key, value) for key, value in node.value]
    return [Entry(None, value) for value in node.value] if isinstance(node, yaml.SequenceNode) else []


def is_block(node: Any) -> bool:
    """Whether a mapping or list is written in lines, without brackets."""
    return isinstance(node, yaml.CollectionNode) and not node.flow_style


def is_text_block(node: Any) -> bool:
    """Whether a value is text in lines of its own, behind a | or >."""
    return getattr(node, "style", None) in ("|", ">")


def is_left_out(node: Any) -> bool:
    """Whether a value is no character long: `key:` alone."""
    return isinstance(node, yaml.ScalarNode) and node.start_mark.index == node.end_mark.index


def shown(path: Path) -> str:
    """A path as people write it, such as gray_pool.models[0]."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
