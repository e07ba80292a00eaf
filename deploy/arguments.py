"""What the deploy commands take; `compiler/cli.py` adds them to the tool. Nothing heavy is imported here."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Protocol


class AddCommand(Protocol):
    """The tool's own way to add a command; handed over, since this room imports nothing of the compiler's."""

    def __call__(
        self, commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help: str, examples: list[str]
    ) -> argparse.ArgumentParser: ...


class AddProject(Protocol):
    """The tool's own way to say where the project lies."""

    def __call__(self, command: argparse.ArgumentParser) -> None: ...


def add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], add_command: AddCommand, add_project: AddProject
) -> None:
    """Every command of deploy that runs at a desk."""
    bundle = add_command(commands, "bundle", "one signed archive a Mac, for vane-agent to fetch", [
        "vane bundle --out dist --key ~/.ssh/weathervane-release",
        "vane bundle --out dist --key key --rolls-back v57       let Macs of v57 go back to this checkout",
    ])  # fmt: skip
    add_project(bundle)
    bundle.add_argument("--out", type=Path, required=True, metavar="DIR", help="where bundles and the agent go")
    bundle.add_argument("--key", type=Path, required=True, metavar="FILE", help="private SSH key that signs")
    bundle.add_argument(
        "--rolls-back", metavar="REVISION", help="Macs at this revision's release, or before, shall come to this one"
    )
