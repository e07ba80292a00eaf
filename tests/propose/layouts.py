"""The same data in the many ways in which people write YAML: blocks and brackets, quotes, comments, any line break."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Layout:
    """A file, its data, and every path into it."""

    text: str
    data: Any
    paths: tuple[Path, ...]
    #: the texts of its comments, in order; each is there once
    comments: tuple[str, ...]


class _Writer:
    """Writes data line by line, with choices that the draw makes. Every leaf and comment is a word of its own."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.count = 0
        self.lines: list[str] = []
        self.comments: list[str] = []

    def word(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count}"

    def comment(self, indent: str = "") -> str:
        self.comments.append(self.word("c"))
        return f"{indent}# {self.comments[-1]}: it's [so], {{so}}"

    def maybe_comment(self) -> str:
        return f"  {self.comment()}" if self.draw(st.integers(0, 3)) == 0 else ""

    def between(self, indent: str) -> None:
        """What may stand between entries."""
        for _ in range(self.draw(st.sampled_from([0, 0, 0, 1, 2]))):
            self.lines.append("" if self.draw(st.booleans()) else self.comment(indent))

    def leaf(self) -> tuple[str, str]:
        value = self.draw(st.sampled_from(["", " ü", ": x", " # y", "'s", '"q"', "{", ", z"]))
        value = self.word("v") + value
        if value.isalnum() and self.draw(st.booleans()):
            return value, value
        if self.draw(st.booleans()):
            return value, "'" + value.replace("'", "''") + "'"
        return value, '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def flow(self, depth: int) -> tuple[Any, str]:
        kind = self.draw(st.sampled_from("llmn" if depth < 3 else "l"))
        if kind == "l":
            return self.leaf()
        parts = [self.flow(depth + 1) for _ in range(self.draw(st.integers(0, 3)))]
        comma = self.draw(st.sampled_from([", ", ",", " , "]))
        if kind == "n":
            return [value for value, _ in parts], "[" + comma.join(text for _, text in parts) + "]"
        keys = [self.word("k") for _ in parts]
        pairs = zip(keys, parts, strict=True)
        data = {key: value for key, (value, _) in zip(keys, parts, strict=True)}
        return data, "{ " + comma.join(f"{key}: {text}" for key, (_, text) in pairs) + " }"

    def broken_brackets(self, indent: str) -> tuple[Any, list[str]]:
        """A list in brackets over several lines, with comments."""
        parts = [self.leaf() for _ in range(self.draw(st.integers(1, 3)))]
        lines = [f"{indent}  {text},{self.maybe_comment()}" for _, text in parts]
        return [value for value, _ in parts], ["[", *lines, f"{indent}]"]

    def text_block(self, indent: str) -> tuple[str, list[str]]:
        words = [self.word("t") for _ in range(self.draw(st.integers(1, 3)))]
        return "\n".join(words) + "\n", ["|", *(f"{indent}  {word} # no comment" for word in words)]

    def block(self, indent: str, depth: int, first: str) -> Any:
        """A mapping or list in lines. `first` stands before the first entry, in a dash's line."""
        is_list = depth > 0 and self.draw(st.booleans())
        data: Any = [] if is_list else {}
        for number in range(self.draw(st.integers(1, 3))):
            if number or not first:
                self.between(indent)
            start = first if not number and first else indent
            if is_list:
                data.append(self.value(f"{start}-", indent + "  ", depth))
            else:
                key = self.word("k")
                written = self.draw(st.sampled_from([key, f"'{key}'"]))
                data[key] = self.value(f"{start}{written}:", indent, depth)
        return data

    def value(self, head: str, indent: str, depth: int) -> Any:
        kind = self.draw(st.sampled_from("llfbbkt" if depth < 3 else "lft"))
        if kind == "b":
            if head.endswith("-") and self.draw(st.booleans()):
                return self.block(indent, depth + 1, f"{head} ")
            self.lines.append(f"{head}{self.maybe_comment()}")
            return self.block(indent + ("" if head.endswith("-") else "  "), depth + 1, "")
        if kind in "kt":
            data, lines = self.broken_brackets(indent) if kind == "k" else self.text_block(indent)
            data = data if kind == "k" else "".join(f"{line} # no comment\n" for line in str(data).splitlines())
            self.lines += [f"{head} {lines[0]}", *lines[1:]]
            return data
        data, text = self.leaf() if kind == "l" else self.flow(0)
        self.lines.append(f"{head} {text}{self.maybe_comment()}")
        return data


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    """A file with comments in every place."""
    writer = _Writer(draw)
    data = writer.block("", 0, "")
    writer.between("")
    end = draw(st.sampled_from(["\n", "\r\n"]))
    is_text = writer.lines[-1].endswith("# no comment")  # its last line break is part of the value
    text = end.join(writer.lines) + (end if is_text or draw(st.booleans()) else "")
    mark = draw(st.sampled_from(["", "\ufeff"]))
    return Layout(mark + text, data, tuple(_paths(data)), tuple(writer.comments))


def _paths(data: Any, above: Path = ()) -> Any:
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in pairs:
        yield (*above, step)
        yield from _paths(value, (*above, step))
