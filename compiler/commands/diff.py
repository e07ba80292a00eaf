"""`vane diff`: what a change of policies does, before it is merged."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from compiler import diff
from compiler.change import compare
from compiler.commands.findings import show
from compiler.compile import Compiled, compile_policies
from compiler.diagnostics import PolicyError
from compiler.diff import Report, file_changes, laptops_of
from compiler.revisions import NoRevision, default_base, extract, name_of
from compiler.safety import acknowledgements, unsafe

FORMATS = {"text": diff.text, "markdown": diff.markdown, "json": diff.as_json}


def run(asked: argparse.Namespace) -> int:
    """0; 1 where the policies do not compile, or the change is unsafe with --check-safe; 2 for an unknown revision."""
    project: Path = asked.project
    try:
        with tempfile.TemporaryDirectory() as folder:
            report = _report(project, asked.base or default_base(project), asked.head, Path(folder))
    except NoRevision as error:
        print(f"vane: {error}", file=sys.stderr)
        return 2
    except PolicyError as error:
        show(error.findings, "text", project)
        return 1
    sys.stdout.write(FORMATS[asked.format](report))
    if asked.check_safe and not report.is_safe:
        fix = "add `acknowledge: <reason>` to the policy file that you change, or make the change smaller"
        print(f"vane: unsafe change ({len(report.unsafe)} thresholds): {fix}", file=sys.stderr)
        return 1
    return 0


def _report(project: Path, base: str, head: str | None, folder: Path) -> Report:
    before, notes, is_first = _before(project, base, folder / "base")
    after = _after(project, head, folder / "head")
    change = compare(before, after)
    return Report(
        base=name_of(project, base),
        head=name_of(project, head) if head else "working tree",
        change=change,
        unsafe=() if is_first else tuple(unsafe(change, before, after)),
        acknowledged=acknowledgements(before, after),
        files=file_changes(before, after),
        laptops=laptops_of((before, after)),
        notes=notes,
    )


def _before(project: Path, base: str, folder: Path) -> tuple[Compiled | None, tuple[str, ...], bool]:
    """The base's compile, notes, and whether these are the first policies ever.

    A base that does not compile must not keep anybody from seeing the change that mends it.
    """
    policies = extract(project, base, folder)
    if policies is None:
        return None, (f"{base} has no policies: everything is new",), True
    try:
        return compile_policies(policies), (), False
    except PolicyError as error:
        first = error.findings[0]
        said = f"the base does not compile ({len(error.findings)} findings, first {first.place} {first.code})"
        return None, (f"{said}: everything counts as new",), False


def _after(project: Path, head: str | None, folder: Path) -> Compiled:
    if head is None:
        return compile_policies(project / "policies")
    policies = extract(project, head, folder)
    if policies is None:
        raise NoRevision(f"{head!r} has no policies/")
    return compile_policies(policies)
