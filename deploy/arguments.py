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
    _add_bundle(commands, add_command, add_project)
    _add_fleet(commands, add_command, add_project)


def _add_bundle(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], add_command: AddCommand, add_project: AddProject
) -> None:
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


def _add_fleet(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], add_command: AddCommand, add_project: AddProject
) -> None:
    fleet = add_command(commands, "fleet", "every Mac: what it has, and bringing it a release", [
        "vane fleet status --folder /Volumes/team/reports",
        "vane fleet push --bundles dist air-ana=ana@air-ana.local",
    ])  # fmt: skip
    steps = fleet.add_subparsers(dest="fleet", required=True, metavar="status|push")
    status = add_command(steps, "status", "a table of every Mac: release, sync, health, age, drift", [
        "vane fleet status --folder /Volumes/team/reports",
        "vane fleet status --git git@github.com:acme/mac-reports.git --format markdown",
    ])  # fmt: skip
    add_project(status)
    place = status.add_mutually_exclusive_group(required=True)
    place.add_argument("--folder", type=Path, metavar="DIR", help="where agents leave their reports")
    place.add_argument("--git", metavar="ADDRESS", help="the repository whose branches vane-reports/* they push")
    push = add_command(steps, "push", "bring bundles to Macs over SSH and run their agents, ring by ring", [
        "vane fleet push --bundles dist air-ana=ana@air-ana.local air-ben=ben@air-ben.local:2222",
    ])  # fmt: skip
    add_project(push)
    push.add_argument("--bundles", type=Path, required=True, metavar="DIR", help="what `vane bundle --out DIR` wrote")
    push.add_argument("destinations", nargs="+", metavar="MACHINE=[USER@]HOST[:PORT]",
                      help="a Mac of fleet.yaml and where SSH reaches it")  # fmt: skip
    status.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="(default: text)")
