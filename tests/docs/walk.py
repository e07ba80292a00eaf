"""A page carried out from top to bottom: its files written, its changes applied, its commands run, in one clone."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from compiler.cli import FINDINGS, main
from tests.docs.fences import Block, Kind, blocks, name
from tests.docs.shown import Step, agrees, refreshed, steps

BIN = Path(sys.executable).parent
#: Whose commits these are, always at the same time: a commit of the same files has the same name.
ANA = {
    "GIT_AUTHOR_NAME": "Ana", "GIT_AUTHOR_EMAIL": "ana@acme.example", "GIT_AUTHOR_DATE": "2026-05-25T09:00:00Z",
    "GIT_COMMITTER_NAME": "Ana", "GIT_COMMITTER_EMAIL": "ana@acme.example",
    "GIT_COMMITTER_DATE": "2026-05-25T09:00:00Z", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip

_Opened = TypeVar("_Opened")


@dataclass
class Walk:
    """A clone of the shipped project, and somebody who types in it."""

    project: Path
    patch: pytest.MonkeyPatch
    #: what a page calls a place → where it is here
    stand_ins: dict[str, str] = field(default_factory=dict)
    #: what a scene opened, such as a server; closed behind the page
    opened: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def __post_init__(self) -> None:
        home = self.project.parent / "home"
        home.mkdir()
        for variable in [each for each in os.environ if each.startswith(("OPENROUTER_", "OPENCLAW_"))]:
            self.patch.delenv(variable)
        own = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "COLUMNS": "120", "LC_ALL": "C.UTF-8"}
        for variable, value in (ANA | own | {"PATH": f"{BIN}:{os.environ['PATH']}"}).items():
            self.patch.setenv(variable, value)
        self.patch.chdir(self.project)

    def enter(self, server: contextlib.AbstractContextManager[_Opened]) -> _Opened:
        """Keep something open for the rest of the page."""
        return self.opened.enter_context(server)

    def type(self, command: str) -> tuple[int, str]:
        """Exit code, and all that was said, in the page's names for places."""
        for called, real in self.stand_ins.items():
            command = command.replace(called, real)
        words = _plain_words(command)
        code, said = _in_this_process(words[1:]) if words[:1] == ["vane"] else self._in_a_shell(command)
        for called, real in self.stand_ins.items():
            said = said.replace(real, called)
        return code, said if said.endswith("\n") or not said else f"{said}\n"

    def git(self, *arguments: str) -> None:
        """For scenes."""
        subprocess.run(["git", *arguments], cwd=self.project, check=True, capture_output=True)

    def write(self, block: Block) -> None:
        """A file as the page shows it."""
        file = (self.project / block.title).resolve()
        assert file.is_relative_to(self.project.resolve()), f"{block}: {block.title} leaves the clone"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.text, "utf-8")

    def change(self, block: Block) -> None:
        """A change of a file as the page shows it."""
        header = f"--- a/{block.title}\n+++ b/{block.title}\n"
        command = ["git", "apply", "--unidiff-zero", "-"]
        done = subprocess.run(
            command, input=header + block.text, cwd=self.project, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{block}: {done.stderr}"

    def _in_a_shell(self, command: str) -> tuple[int, str]:
        done = subprocess.run(
            ["sh", "-c", command], cwd=self.project, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout


Scene = Callable[[Walk], None]


@dataclass(frozen=True, slots=True)
class Other:
    """A command that says something else than the page shows."""

    page: Path
    step: Step
    said: str

    def __str__(self) -> str:
        return f"{name(self.page)}:{self.step.line}: `{self.step.command}` says now:\n{self.said}"


def carry_out(page: Path, walk: Walk, scenes: Mapping[str, Scene], *, excerpt: bool = False) -> tuple[Other, ...]:
    """Everything that a page says to do, in its order. `scenes` come before the command that they are named after."""
    other: list[Other] = []
    for block in blocks(page):
        if block.kind is Kind.FILE:
            walk.write(block)
        elif block.kind is Kind.CHANGE:
            walk.change(block)
        elif block.kind is Kind.RUN:
            other += [Other(page, step, said) for step, said in _run(block, walk, scenes, excerpt)]
    return tuple(other)


def _run(block: Block, walk: Walk, scenes: Mapping[str, Scene], excerpt: bool) -> Iterator[tuple[Step, str]]:
    for step in steps(block):
        if scene := scenes.get(step.command):
            scene(walk)
        code, said = walk.type(step.command)
        assert code <= FINDINGS, f"{block}: `{step.command}` ended with {code}:\n{said}"
        if not agrees(step.shown, said, excerpt):
            yield step, said


def rewrite(page: Path, other: Sequence[Other]) -> tuple[Other, ...]:
    """Put what is said now into the page; what is left is for a person, who knows what to show of it."""
    lines = page.read_text("utf-8").split("\n")
    left = []
    for each in sorted(other, key=lambda each: -each.step.line):
        line, shown = each.step.line, each.step.shown
        indent = lines[line - 1].partition("$")[0]
        if (new := refreshed(shown, each.said)) is None:
            left.append(each)
        else:
            lines[line : line + shown.count("\n")] = [f"{indent}{text}" if text else "" for text in new.splitlines()]
    page.write_text("\n".join(lines), "utf-8")
    return tuple(left)


def _plain_words(command: str) -> list[str]:
    """The words of a command in which the shell does nothing else; none where it does."""
    if re.search(r"[$~*?`]", command):
        return []
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = list(lexer)
    return [] if any(set(word) <= set("();<>|&") for word in words if word) else words


def _in_this_process(arguments: Sequence[str]) -> tuple[int, str]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
    return code, said.getvalue()
