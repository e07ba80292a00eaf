"""A page of headings, sentences and tables, as text for a terminal or as Markdown. Everything on it is escaped here."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from harness.outside import markdown, plain

#: A name from outside may be of any length; a cell is not.
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Heading:
    """A title; level 1 is the page's own."""

    words: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Sentence:
    """A paragraph, or with `is_item` an entry of a list."""

    words: str
    is_item: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells. Columns from `numbers` on stand to the right."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: int = 1


@dataclass(frozen=True, slots=True)
class Picture:
    """A file beside the page, and what it says in words; a terminal shows nothing of it."""

    file: str
    says: str


Block: TypeAlias = Heading | Sentence | Table | Picture


def as_text(blocks: Iterable[Block]) -> str:
    """For a terminal."""
    return "\n".join(line for block in blocks for line in _text(block)).strip("\n") + "\n"


def as_markdown(blocks: Sequence[Block]) -> str:
    """For GitHub."""
    lines: list[str] = []
    for block, after in zip(blocks, (*blocks[1:], None), strict=True):
        lines += _markdown(block)
        if not (isinstance(block, Sentence) and block.is_item and isinstance(after, Sentence) and after.is_item):
            lines.append("")
    return "\n".join(lines).strip("\n") + "\n"


def _text(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        yield from ("", _cell(block.words))
    elif isinstance(block, Sentence):
        yield f"  {'- ' if block.is_item else ''}{plain(block.words)}"
    elif isinstance(block, Table):
        yield from _columns(block)


def _columns(table: Table) -> Iterator[str]:
    rows = [tuple(_cell(cell) for cell in row) for row in (table.header, *table.rows)]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            " " * (width - _width(cell)) + cell if place >= table.numbers else cell + " " * (width - _width(cell))
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield f"  {'  '.join(cells)}".rstrip()


def _width(words: str) -> int:
    """Columns of a terminal: East Asian characters take two, accents none."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in words)
    return len(words) + wide - sum(map(bool, map(unicodedata.combining, words)))


def _markdown(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        yield f"{'#' * block.level} {markdown(_cell(block.words))}"
    elif isinstance(block, Sentence):
        yield f"{'- ' if block.is_item else ''}{markdown(block.words)}"
    elif isinstance(block, Picture):
        yield f"![{markdown(block.says)}]({block.file})"
    else:
        yield _row(markdown(_cell(cell)) for cell in block.header)
        yield _row("---" if place < block.numbers else "--:" for place in range(len(block.header)))
        yield from (_row(markdown(_cell(cell)) for cell in row) for row in block.rows)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(words: str) -> str:
    words = plain(words)
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
