"""The shipped project for tests that ask about it: compiled once, and a copy that a test may edit."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from compiler.compile import Compiled, compile_policies
from compiler.targets import Target, installed

PROJECT = Path(__file__).parents[1]


@cache
def targets() -> tuple[Target, ...]:
    return installed()


@cache
def shipped() -> Compiled:
    return compile_policies(PROJECT / "policies", targets())


def compile_once(policies: Path, targets_: Sequence[Target] | None = None) -> Compiled:
    """Stands in for `compile_policies` where many commands ask about the shipped project."""
    return shipped() if policies.resolve() == PROJECT / "policies" else compile_policies(policies, targets_)


def copied(to: Path) -> Path:
    """A project with the shipped policies, not yet compiled."""
    shutil.copytree(PROJECT / "policies", to / "policies")
    return to


def edit(file: Path, *changes: tuple[str, str]) -> None:
    """Replace pieces of text, each of which must be there once."""
    text = file.read_text("utf-8")
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file.name}"
        text = text.replace(old, new)
    file.write_text(text, "utf-8")


def artifact(machine: str, path: str) -> bytes:
    """A compiled file of a machine, as things stand."""
    return next(each.content for name, each in shipped().files() if name == f"machines/{machine}/{path}")
