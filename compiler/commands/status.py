"""`vane status`, and `vane` alone: where this repository stands, and the next sensible command.

Each room says its own, from files alone: no network, and nothing is written but the record of a compile that found all
up to date. The names of other rooms stand here alone, as in `vane doctor`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from compiler import VERSION
from compiler.commands import freshness
from compiler.commands.asking import say

#: What a room says: a subject, how it stands, and the command that would change that; "" where nothing has to.
Row = tuple[str, str, str]
ROOMS = ("deploy.fleet.at_a_glance", "harness.report.at_a_glance")
#: A compile of more Macs than this takes longer than somebody waits who only asks.
_MOST_MACHINES = 200
_WHAT = """\
vane {version}: a team's model routes, as reviewed YAML, compiled into what its Macs read.

  vane demo     a team's week in a scratch folder, with a tour: no key, no network, a minute
  vane init     a repository of your own, from nothing or from an openclaw.json
  vane --help   every command

There is no policies/ in {folder}."""


def run(asked: argparse.Namespace) -> int:
    """0: said, whatever it is."""
    project: Path = asked.project
    if not (project / "policies").is_dir():
        print(json.dumps({"project": None}) if asked.json else _WHAT.format(version=VERSION, folder=project.resolve()))
        return 0
    rows = [*_compiled(project)]
    for room in ROOMS:
        rows += import_module(room).glance(project)
    command = next((command for _, _, command in rows if command), "")
    if asked.json:
        facts = [{"subject": subject, "says": says, "command": then or None} for subject, says, then in rows]
        print(json.dumps({"project": str(project.resolve()), "facts": facts, "next": command or None}, indent=1))
        return 0
    width = max(len(subject) for subject, _, _ in rows)
    for subject, says, _ in rows:
        say(f"{subject.ljust(width)}  {says}")
    say()
    say(f"next: {command}" if command else "Nothing waits for you here.")
    return 0


def _compiled(project: Path) -> Iterator[Row]:
    """From the record of an earlier check where nothing changed since; else by compiling in memory."""
    before = freshness.inputs(project)
    findings = freshness.recall(project, before) if before else None
    if findings is not None:
        from compiler.formats import from_json, summary

        yield "policies", f"compile; {summary(from_json(findings) if findings else ())}", ""
        yield "generated/", "up to date", ""
    elif (machines := _machines(project)) > _MOST_MACHINES:
        yield "generated/", f"{machines} Macs; not compared with policies/ here", "vane compile --check"
    else:
        yield from _compared(project, before)


def _compared(project: Path, before: str | None) -> Iterator[Row]:
    from compiler.compile import compile_policies
    from compiler.diagnostics import PolicyError
    from compiler.formats import as_json, summary
    from compiler.write import compare, leftovers

    try:
        compiled = compile_policies(project / "policies")
        changes = compare(project / "generated", compiled, VERSION)
    except PolicyError as error:
        first = error.findings[0]
        said = f"do not compile: {summary(error.findings)}; the first: {first.place} {first.code}"
        yield "policies", said, "vane compile"
        return
    found = (*compiled.findings, *leftovers(changes, "generated"))
    yield "policies", f"compile; {summary(found)}", ""
    if changes.any:
        yield "generated/", f"stale: {changes}", "vane compile"
        return
    if before:
        freshness.remember(project, before, as_json(found, {}) if found else "")
    yield "generated/", "up to date", ""


def _machines(project: Path) -> int:
    try:
        return len(json.loads((project / "generated/manifest.json").read_bytes())["machines"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0
