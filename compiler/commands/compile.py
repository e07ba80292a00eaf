"""`vane compile`: policies/ → generated/."""

from __future__ import annotations

import argparse
import gc
import sys
from pathlib import Path

from compiler import VERSION
from compiler.commands import freshness


def run(asked: argparse.Namespace) -> int:
    """0: written, or up to date; 1: findings, or out of date with --check."""
    project: Path = asked.project
    if asked.check and asked.format == "text" and freshness.is_known_fresh(project):
        print("generated/ is up to date")
        return 0
    before = freshness.inputs(project)
    outcome = _compile(asked, project)
    if outcome == 0 and not asked.dry_run:
        freshness.remember(project, before)
    return outcome


#: New objects after which Python looks for garbage. Loading 10,000 Macs makes hundreds of thousands that all stay: with
#: the default of 700, looking through them again and again costs a third of the compile.
_BETWEEN_COLLECTIONS = 100_000


def _compile(asked: argparse.Namespace, project: Path) -> int:
    from compiler.commands.findings import show
    from compiler.compile import compile_policies
    from compiler.diagnostics import PolicyError
    from compiler.formats import one_line
    from compiler.write import compare, leftovers, write

    gc.set_threshold(_BETWEEN_COLLECTIONS)
    try:
        compiled = compile_policies(project / "policies")
        generated = project / "generated"
        changes = (
            compare(generated, compiled, VERSION)
            if asked.check or asked.dry_run
            else write(generated, compiled, VERSION)
        )
    except PolicyError as error:
        show(error.findings, asked.format, project)
        return 1
    findings = (*compiled.findings, *leftovers(changes, generated.name))
    show(findings, asked.format, project, compiled.texts)
    out = sys.stdout if asked.format == "text" else sys.stderr
    if asked.check:
        if changes.any:
            from compiler.commands.difference import show_difference

            show_difference(generated, compiled, changes, out)
            print(f"generated/ is not what policies/ give: {changes}. Run `vane compile` and commit.", file=out)
            return 1
        print("generated/ is up to date", file=out)
    elif asked.dry_run:
        for word, paths in (("new", changes.new), ("changed", changes.changed), ("stale", changes.stale)):
            for path in paths:
                print(f"{word:8} {one_line(f'generated/{path}')}", file=out)
        print(f"would write: {changes}", file=out)
    else:
        machines = len(compiled.machine_places)
        print(f"compiled {machines} machine{'s' if machines != 1 else ''}: {changes}", file=out)
    return 0
