"""What `vane demo` takes. Nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path

from compiler.arguments import Commands, add_command


def add(commands: Commands) -> None:
    """`vane demo`."""
    demo = add_command(commands, "demo", "a team's week in a scratch repository, with a tour: no key, no network", [
        "vane demo                      in a new temporary folder, which it names",
        "vane demo --open               and its page in your browser",
        "vane demo --into ~/vane-demo",
    ])  # fmt: skip
    demo.add_argument("--into", type=Path, metavar="FOLDER", help="a folder that is not there yet")
    demo.add_argument("--open", action="store_true", help="open the week's page in a browser")
