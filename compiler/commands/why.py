"""`vane why FILE PATH`: who decided one value of one artifact."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence

from compiler.commands.asking import compiled_or_shown, named, refuse, refuse_unknown, say
from compiler.compile import Compiled
from compiler.diagnostics import Place
from compiler.formats import one_line
from compiler.keypath import place, shown, written
from compiler.manifest import MANIFEST
from compiler.plan import Step
from compiler.provenance import Answer, answers, holders
from compiler.targets import Target, installed

#: Pages of the targets that ship with the compiler; another's are its own business.
_PAGES = {"openclaw": "docs/openclaw.md", "cursor": "docs/cursor.md", "launchd": "docs/launchd.md"}


def run(asked: argparse.Namespace) -> int:
    """0: answered; 1: the policies do not compile; 2: no such file, machine or path."""
    targets = installed()
    compiled = compiled_or_shown(asked.project, targets)
    if compiled is None:
        return 1
    if asked.machine is not None and asked.machine not in compiled.machine_places:
        return refuse_unknown("machine", asked.machine, compiled.machine_places)
    if next(holders(compiled, targets, asked.file, asked.machine), None) is None:
        return _refuse_file(compiled, targets, asked.file, asked.machine)
    try:
        found = answers(compiled, targets, asked.file, asked.path, asked.machine)
    except LookupError as error:
        return refuse(f"{asked.file}: {error.args[0]}")
    except ValueError as error:
        return refuse(f"{error}; `vane why` answers for values in JSON files and property lists")
    for number, alike in enumerate(_alike(found)):
        if number:
            say()
        _print(alike, compiled)
    return 0


def _refuse_file(compiled: Compiled, targets: Sequence[Target], file: str, machine: str | None) -> int:
    known = {path for path, _ in compiled.files()}
    known |= {artifact.path for bundle in compiled.bundles for artifact in bundle.artifacts}
    if file.removeprefix("./").removeprefix("generated/") == MANIFEST:
        return refuse(f"{MANIFEST} lists the other files; ask about one of them")
    if rings := next((each for each in compiled.rollout if file.endswith(each.path)), None):
        return refuse(f"{rings.path} says what `rings:` says, {rings.sources[0]}")
    if machine is not None and next(holders(compiled, targets, file, None), None) is not None:
        return refuse(f"{machine} has no {file}")
    return refuse_unknown("file in generated/", file, known)


def _alike(found: Iterable[Answer]) -> Iterable[tuple[Answer, ...]]:
    """Answers that say the same, together."""
    groups: dict[tuple[object, ...], list[Answer]] = {}
    for each in found:
        groups.setdefault(each.said, []).append(each)
    return map(tuple, groups.values())


def _print(alike: tuple[Answer, ...], compiled: Compiled) -> None:
    first = alike[0]
    machines = tuple(machine for each in alike for machine in each.machines)
    on = f" on {named(machines)}" + (f", when {first.situation}" if first.situation != "standing" else "")
    file = f"generated/{first.folders[0]}{first.artifact.path}"
    say(f"{place(file, first.artifact.path, first.artifact.content, first.steps)}{on}")
    say(f"{written(first.steps)} = {shown(first.value)}")
    say()
    if first.is_target_own:
        page = f"; see {_PAGES[first.target]}" if first.target in _PAGES else ""
        say(f"set by the {first.target} target itself: no policy asks for it{page}")
    else:
        _print_steps("decided by", first.decisions.value, compiled)
    _print_steps("stands there because of", first.decisions.presence, compiled)
    if first.ways:
        say("by this value")
    for way in first.ways:
        say(f"  {way.scenario} reaches {way.model}")
    say("the whole file comes from")
    for line in _by_file(first.artifact.sources):
        say(f"  {line}")


def _print_steps(title: str, steps: Sequence[Step], compiled: Compiled) -> None:
    if steps:
        say(title)
    for step in steps:
        say(f"  {step.place}  {step.what}  ({step.decided_by})")
        _print_line(step.place, compiled)


def _print_line(at: Place, compiled: Compiled) -> None:
    lines = compiled.texts.get(at.file, "").split("\n")
    if at.line <= len(lines):
        say(f"    {at.line} | {one_line(lines[at.line - 1].strip())[:120]}")


def _by_file(places: Iterable[Place]) -> Iterable[str]:
    lines: dict[str, set[int]] = {}
    for each in places:
        lines.setdefault(each.file, set()).add(each.line)
    return (f"{file}: {', '.join(map(str, sorted(found)))}" for file, found in sorted(lines.items()))
