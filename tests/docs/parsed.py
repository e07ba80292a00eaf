"""Commands that are not run here, held against the parser that would read them."""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import shlex
from collections.abc import Iterator, Mapping

from compiler import cli
from deploy.agent import command as agent

PARSERS: Mapping[str, argparse.ArgumentParser] = {"vane": cli.parser(), "vane-agent": agent.parser()}
_SPAN = re.compile(r"(?<!`)`((?:[^`\n]|\n(?!\n))+)`(?!`)")
#: What argparse says of a command that a sentence does not tell to its end.
_NOT_WHOLE = ("required", "expected one argument", "expected at least one argument")
_JOINED = re.compile(r"\\\n\s*")


def typed(script: str, *programs: str) -> Iterator[list[str]]:
    """The words of each command of a shell script that one of our programs would get."""
    for line in _JOINED.sub(" ", script).splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split, lexer.commenters = True, "#"
        command: list[str] = []
        for word in [*lexer, ";"]:
            if word and set(word) <= set("();<>|&"):
                if command and (found := _program(command, programs or tuple(PARSERS))):
                    yield found
                command = []
            else:
                command.append(word)


def spans(prose: str) -> Iterator[list[str]]:
    """The words of each `vane …` in a sentence."""
    for span in _SPAN.findall(prose):
        try:
            words = shlex.split(span.partition(" | ")[0])  # `vane account plan | apply` names two
        except ValueError:
            continue  # one half of a quotation
        if len(words) > 1 and words[0] in PARSERS:
            yield words


def refusal(words: list[str], whole: bool = True) -> str | None:
    """What the program says against a command; where it need not be whole, missing arguments are none."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            PARSERS[words[0]].parse_args(words[1:])
        except SystemExit as ended:
            is_cut = any(words in said.getvalue() for words in _NOT_WHOLE)
            return said.getvalue() if ended.code and (whole or not is_cut) else None
    return None


def _program(command: list[str], programs: tuple[str, ...]) -> list[str] | None:
    """Without the variables before it and the folder it lies in."""
    while command and re.match(r"\w+=", command[0]):
        command = command[1:]
    if command and (name := command[0].rpartition("/")[2]) in programs:
        return [name, *command[1:]]
    return None
