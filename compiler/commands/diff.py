"""`vane diff`: what a change of policies does, before it is merged."""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from compiler import diff
from compiler.change import Files, compare, compiled_files
from compiler.commands.findings import show
from compiler.compile import Compiled, compile_policies
from compiler.diagnostics import PolicyError
from compiler.diff import Report, file_changes, laptops_of
from compiler.load import Documents, load
from compiler.loosened import loosened_text
from compiler.manifest import OWNED_FOLDERS
from compiler.policy import FILES
from compiler.revisions import NoRevision, committed, default_base, extract, name_of
from compiler.safety import acknowledgements, unmeasured, unsafe

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
    before = _before(project, base, folder / "base")
    after = _after(project, head, folder / "head")
    was_files = _files(project, base, before.compiled)
    now_files = _files(project, head, after)
    change = compare(before.compiled, after, was_files, now_files)
    passed = () if before.is_first else tuple(unsafe(change, before.compiled, after))
    if before.documents and not before.compiled:
        passed += tuple(unmeasured(loosened_text(before.documents, after.policies)))
    return Report(
        base=name_of(project, base),
        head=name_of(project, head) if head else "working tree",
        change=change,
        unsafe=passed,
        acknowledged=acknowledgements(before.documents, after),
        files=file_changes(was_files, now_files),
        laptops=laptops_of((before.compiled, after)),
        notes=(*before.notes, *_volume(before.compiled, after)),
    )


@dataclass(frozen=True, slots=True)
class _Base:
    """What a change starts from. A base that does not compile must not keep anybody from seeing what mends it."""

    compiled: Compiled | None
    #: what was written there, also where it does not compile
    documents: Documents | None
    notes: tuple[str, ...] = ()
    #: whether these are the first policies ever
    is_first: bool = False


def _before(project: Path, base: str, folder: Path) -> _Base:
    policies = extract(project, base, folder)
    if policies is None:
        return _Base(None, None, (f"{base} has no policies: everything is new",), is_first=True)
    try:
        compiled = compile_policies(policies)
        return _Base(compiled, compiled.policies.documents)
    except PolicyError as error:
        first = error.findings[0]
        said = f"the base does not compile ({len(error.findings)} findings, first {first.place} {first.code})"
        return _Base(None, load(policies, FILES), (f"{said}: everything counts as new",))


def _files(project: Path, revision: str | None, compiled: Compiled | None) -> Files:
    """What generated/ holds there. A revision says it by itself: it may have been compiled by another vane."""
    held = committed(project, revision, OWNED_FOLDERS) if revision else None
    return compiled_files(compiled) if held is None else held


def _volume(before: Compiled | None, after: Compiled) -> tuple[str, ...]:
    """A note where the planned volume changes: it does not count in the dollars, which are held against the base's."""
    was, now = (side.policies.market.volume if side and side.policies.market else None for side in (before, after))
    if was is None or now is None or was == now:
        return ()
    said = (f"{v.tokens_per_month:,} tokens a month, prompt share {v.prompt_share}" for v in (was, now))
    return (f"market.yaml plans another volume ({' → '.join(said)}); dollars count with the base's",)


def _after(project: Path, head: str | None, folder: Path) -> Compiled:
    if head is None:
        return compile_policies(project / "policies")
    policies = extract(project, head, folder)
    if policies is None:
        raise NoRevision(f"{head!r} has no policies/")
    return compile_policies(policies)
