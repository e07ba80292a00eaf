"""Cursor on a person's Mac: desired provider settings, the hook that guards labelled data, a card for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from compiler.plan import MachinePlan
from compiler.targets import Artifact, Reach, Target

# The parts are imported when they are called: rules read `builtins` from this package, and `vane check` shall not pay
# for Jinja and jsonschema to learn whether an alias is allowed.


def _emit(machine: MachinePlan) -> Iterable[Artifact]:
    from compiler.targets.cursor.emit import emit

    return emit(machine)


def _check(path: str, content: bytes) -> Iterable[str]:
    from compiler.targets.cursor.check import check

    return check(path, content)


def _read(files: Mapping[str, bytes]) -> Iterable[Reach]:
    from compiler.targets.cursor.read import read

    return read(files)


TARGET = Target("cursor", _emit, _check, _read)
