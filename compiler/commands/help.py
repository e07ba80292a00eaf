"""`vane help TOPIC`: a page of the docs, a command's options, or what a finding means, whichever has that name."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from compiler.commands.asking import refuse_unknown, say
from compiler.shipped import shipped


def run(asked: argparse.Namespace) -> int:
    """0: shown; 2: nothing has that name."""
    topic: str | None = asked.topic
    pages = _pages()
    if topic is None:
        _list(pages)
        return 0
    if page := pages.get(topic.lower()):
        print(page.read_text("utf-8"), end="")
        return 0
    if options := _commands().get(topic):
        print(options.format_help(), end="")
        return 0
    return _finding(topic, (*pages, *_commands()))


def _pages() -> Mapping[str, Path]:
    return {page.stem: page for page in sorted(shipped("docs").glob("*.md"))}


def _list(pages: Mapping[str, Path]) -> None:
    width = max(map(len, pages), default=0)
    for name, page in pages.items():
        say(f"{name.ljust(width)}  {_title(page)}")
    say()
    say("vane help TOPIC shows one. A command or a finding is a topic too: vane help compile, vane help VN203.")


def _title(page: Path) -> str:
    with page.open(encoding="utf-8") as stream:
        return next((line.removeprefix("# ").strip() for line in stream if line.startswith("# ")), page.stem)


def _commands() -> Mapping[str, argparse.ArgumentParser]:
    from compiler.cli import parser

    (commands,) = (action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    found: Mapping[str, argparse.ArgumentParser] = commands.choices
    return found


def _finding(topic: str, others: tuple[str, ...]) -> int:
    from compiler.codes import codes

    known = {name for code in codes() for name in (code.code, code.name)}
    if {topic.upper(), topic.lower()} & known:
        rule = import_module("compiler.commands.rule")
        return int(rule.run(argparse.Namespace(code=topic, json=False)))
    return refuse_unknown("topic", topic, others)
