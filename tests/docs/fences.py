"""The fenced blocks of the pages that people read, each with the class that says what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

PROJECT = Path(__file__).parents[2]
#: Run here, its output compared.
CONSOLE = "console"
#: Not run here. The title says where; `make` needs none, since it is there on every machine.
SHELL = "sh"
PLACES = frozenset({"at your desk", "on the Mac", "with the team's account", "takes minutes"})
#: Shown, not typed in. With a title it is a file of that name, which the page's commands find.
DATA = frozenset({"yaml", "json", "toml", "python", "html", "markdown", "diff", "text"})
PATCH = "diff"
_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,}) *(?P<info>[^`]*)$")
_INFO = re.compile(r'(?P<language>[\w+-]*)(?: title="(?P<title>[^"]+)")?(?P<more>.*)')
_TYPED = re.compile(r"^\s*(\$ |vane(-agent)? )", re.MULTILINE)


class Kind(Enum):
    """What becomes of a block."""

    RUN = "its commands are run, and their output compared"
    ELSEWHERE = "its commands run somewhere else; here they are only parsed"
    FILE = "it is a file of the page's walk"
    CHANGE = "it is a change of such a file"
    SHOWN = "it is only shown"


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its text without the page's indentation, and the 0-based line on which the text begins."""

    page: Path
    line: int
    indent: str
    language: str
    title: str
    text: str

    def __str__(self) -> str:
        return f"{name(self.page)}:{self.line}"

    @property
    def kind(self) -> Kind | None:
        """Its class; a block of none is a mistake of the page, since nobody would notice when it becomes wrong."""
        if self.language == CONSOLE and not self.title:
            return Kind.RUN
        if self.language == SHELL and (self.title in PLACES or self._is_make()):
            return Kind.ELSEWHERE
        if self.language not in DATA or (_TYPED.search(self.text) and self.language != "markdown"):
            return None
        if not self.title:
            return Kind.SHOWN
        return Kind.CHANGE if self.language == PATCH else Kind.FILE

    def _is_make(self) -> bool:
        lines = [line for line in self.text.splitlines() if line and not line.startswith("#")]
        return not self.title and all(re.match(r"(\w+=\S+ )*make ", line) for line in lines)


def pages() -> tuple[Path, ...]:
    """Every page that people read: those at the top, and docs/."""
    return (*sorted(PROJECT.glob("*.md")), *sorted(PROJECT.glob("docs/**/*.md")))


def name(page: Path) -> str:
    """A page as the project names it."""
    return page.relative_to(PROJECT).as_posix() if page.is_relative_to(PROJECT) else page.name


def blocks(page: Path) -> tuple[Block, ...]:
    """All fenced blocks of a page, in order."""
    return tuple(_blocks(page, page.read_text("utf-8").split("\n")))


def prose(page: Path) -> str:
    """The page without its blocks."""
    lines = page.read_text("utf-8").split("\n")
    for block in reversed(blocks(page)):
        del lines[block.line - 1 : block.line + block.text.count("\n") + 1]
    return "\n".join(lines)


def _blocks(page: Path, lines: list[str]) -> Iterator[Block]:
    number = 0
    while number < len(lines):
        opened = _FENCE.match(lines[number])
        number += 1
        if not opened:
            continue
        info = _INFO.fullmatch(opened["info"])
        assert info
        begin = number
        while number < len(lines) and not _closes(lines[number], opened["fence"]):
            number += 1
        if number == len(lines):
            raise ValueError(f"{name(page)}:{begin}: the block does not end")
        text = "".join(line.removeprefix(opened["indent"]) + "\n" for line in lines[begin:number])
        language = f"{info['language']}{info['more']}"
        yield Block(page, begin, opened["indent"], language, info["title"] or "", text)
        number += 1


def _closes(line: str, fence: str) -> bool:
    stripped = line.strip()
    return len(stripped) >= len(fence) and set(stripped) == {fence[0]}
