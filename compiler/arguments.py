"""What the options of all commands have in common, so that they look alike in every room."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_command(commands: Commands, name: str, help: str, examples: list[str]) -> argparse.ArgumentParser:
    """A command with its help and examples."""
    return commands.add_parser(
        name,
        help=help,
        description=help[:1].upper() + help[1:] + ".",
        epilog="examples:\n  " + "\n  ".join(examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_project(command: argparse.ArgumentParser) -> None:
    """Where the project lies."""
    command.add_argument("-C", dest="project", type=Path, default=Path(), metavar="FOLDER",
                         help="the project: where policies/ and generated/ lie (default: here)")  # fmt: skip


def add_format(command: argparse.ArgumentParser) -> None:
    """How findings are printed."""
    command.add_argument("--format", choices=("text", "json", "github", "sarif"), default="text",
                         help="how findings are printed (default: text)")  # fmt: skip
