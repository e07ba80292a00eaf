"""`vane compile`: policies/ → generated/."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from compiler import VERSION
from compiler.commands import freshness

if TYPE_CHECKING:
    from compiler.diagnostics import Finding


def run(asked: argparse.Namespace) -> int:
    """0: written, or up to date; 1: findings, or out of date with --check."""
    project: Path = asked.project
    before = freshness.inputs(project) if asked.check else None
    if before and (findings := freshness.recall(project, before)) is not None:
        _repeat(findings, asked.format, project)
        return 0
    outcome, found = _compile(asked, project)
    if before and outcome == 0:
        from compiler.formats import as_json

        freshness.remember(project, before, as_json(found, {}) if found else "")
    return outcome


def _repeat(findings: str, format: str, project: Path) -> None:
    """Say what the check said that is remembered; a check without findings in text imports nothing for it."""
    if findings or format != "text":
        from compiler.commands.findings import read_sources, show
        from compiler.formats import from_json

        found = from_json(findings) if findings else ()
        in_policies = [finding for finding in found if finding.place.file.startswith("policies/")]
        show(found, format, project, read_sources(in_policies, project))
    print(_FRESH, file=sys.stdout if format == "text" else sys.stderr)


_FRESH = "generated/ is up to date"
#: New objects after which Python looks for garbage. Loading 10,000 Macs makes hundreds of thousands that all stay: with
#: the default of 700, looking through them again and again costs a third of the compile.
_BETWEEN_COLLECTIONS = 100_000


def _compile(asked: argparse.Namespace, project: Path) -> tuple[int, Sequence[Finding]]:
    """Exit code and findings."""
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
        return 1, error.findings
    findings = (*compiled.findings, *leftovers(changes, generated.name))
    show(findings, asked.format, project, compiled.texts)
    out = sys.stdout if asked.format == "text" else sys.stderr
    if asked.check:
        if changes.any:
            from compiler.commands.difference import show_difference

            show_difference(generated, compiled, changes, out)
            print(f"generated/ is not what policies/ give: {changes}. Run `vane compile` and commit.", file=out)
            return 1, findings
        print(_FRESH, file=out)
    elif asked.dry_run:
        for word, paths in (("new", changes.new), ("changed", changes.changed), ("stale", changes.stale)):
            for path in paths:
                print(f"{word:8} {one_line(f'generated/{path}')}", file=out)
        print(f"would write: {changes}", file=out)
    else:
        machines = len(compiled.machine_places)
        print(f"compiled {machines} machine{'s' if machines != 1 else ''}: {changes}", file=out)
    return 0, findings
