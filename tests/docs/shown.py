"""Commands and output as a page shows them, against what the tool says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.docs.fences import Block

#: A line alone that stands for lines which the page leaves out.
LEFT_OUT = "…"
#: What differs from run to run, by name. Both sides are compared with it replaced.
NORMALISED: Mapping[str, re.Pattern[str]] = {
    "commit": re.compile(r"\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])([0-9a-f]{7,12}|[0-9a-f]{40})\b"),
    "digest": re.compile(r"\b[0-9a-f]{64}\b"),
    "size": re.compile(r"\b\d+ KB\b"),
    "duration": re.compile(r"\b\d+(\.\d+)? m?s\b"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A command of a block, and the lines below it; `line` is the first of those, 0-based in the page."""

    command: str
    shown: str
    line: int


def steps(block: Block) -> Iterator[Step]:
    """The commands of a console block, each with the output that is shown for it."""
    lines = block.text.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
    if starts[:1] != [0]:
        raise ValueError(f"{block}: a console block begins with `$ ` and a command")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        shown = "".join(f"{line}\n" for line in lines[start + 1 : end])
        yield Step(lines[start].removeprefix("$ "), shown, block.line + start + 1)


def normalised(text: str) -> str:
    """A text in which only what lasts is left."""
    for what, pattern in NORMALISED.items():
        text = pattern.sub(f"<{what}>", text)
    return text


def agrees(shown: str, said: str, excerpt: bool = False) -> bool:
    """Whether a page may show this for that; `…` alone on a line leaves any lines out."""
    parts = re.split(rf"^{LEFT_OUT}\n", normalised(shown), flags=re.MULTILINE)
    pattern = "(?:.*\n)*?".join(re.escape(part) for part in parts)
    find = re.search if excerpt else re.fullmatch
    return find(pattern, normalised(said)) is not None


def asserts(shown: str) -> bool:
    """Whether a page shows anything of what is said, where something is."""
    return shown.replace(f"{LEFT_OUT}\n", "") != "" or not shown


def refreshed(shown: str, said: str) -> str | None:
    """What a page should show now: as many lines before and behind `…`. None: only a person can say."""
    before, *behind = shown.split(f"{LEFT_OUT}\n")
    lines = said.splitlines(keepends=True)
    if not behind:
        return said
    first, last = before.count("\n"), behind[0].count("\n")
    if len(behind) > 1 or first + last > len(lines):
        return None
    return "".join((*lines[:first], f"{LEFT_OUT}\n", *lines[len(lines) - last :]))
