"""A proposal tried out: its edits in a scratch copy of the policies, checked, compiled, verified and tested there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from compiler.assertions import evaluate
from compiler.compile import compile_policies
from compiler.diagnostics import Finding, Place, PolicyError, errors
from compiler.targets import Target
from compiler.whole_file import write_whole
from harness.propose.edit import edited
from harness.propose.findings import EDIT_REFUSED
from harness.propose.proposal import Proposal
from harness.propose.yaml_nodes import EditRefused


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of a proposal. `files`: (path inside policies/, new text), to be written as they are."""

    proposal: Proposal
    files: tuple[tuple[str, str], ...]
    #: what is found with the proposal and not without it: an error leaves it out, a warning (a pause) goes along
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether the proposal may be made."""
        return not errors(self.findings)


def try_out(policies: Path, proposals: Iterable[Proposal], targets: Sequence[Target]) -> tuple[Trial, ...]:
    """One after the other, each upon those before it that hold: so they hold together. `policies` is only read."""
    wanted = tuple(proposals)
    if not wanted:
        return ()
    with tempfile.TemporaryDirectory(prefix="vane-trial-") as scratch:
        copy = Path(scratch) / policies.name
        shutil.copytree(policies, copy)
        known = frozenset(_known(copy, targets))
        return tuple(_tried(copy, proposal, known, targets) for proposal in wanted)


def _known(policies: Path, targets: Sequence[Target]) -> Iterator[tuple[str, str]]:
    """What is found without any proposal. Policies that do not compile are to be mended: nothing of that is allowed."""
    with suppress(PolicyError):
        yield from map(_said, _findings(policies, targets))


def _said(finding: Finding) -> tuple[str, str]:
    """What makes a finding the same although an edit moved its line."""
    return finding.code, finding.message


def _tried(policies: Path, proposal: Proposal, known: Set[tuple[str, str]], targets: Sequence[Target]) -> Trial:
    before = {edit.file: (policies / edit.file).read_bytes() for edit in proposal.edits}
    try:
        for edit in proposal.edits:
            write_whole(policies / edit.file, edited(_text(policies / edit.file), edit).encode("utf-8"))
        found = tuple(each for each in _findings(policies, targets) if _said(each) not in known)
    except EditRefused as refused:
        file = f"{policies.name}/{proposal.edits[0].file}"
        found = (EDIT_REFUSED.at(Place(file), f"{proposal.title}: {refused}"),)
    except PolicyError as error:
        found = error.findings
    files = tuple((file, _text(policies / file)) for file in before)
    trial = Trial(proposal, files, found)
    if not trial.holds:
        for file, content in before.items():
            write_whole(policies / file, content)
    return trial


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8")  # as it is: no line break changes


def _findings(policies: Path, targets: Sequence[Target]) -> Iterator[Finding]:
    compiled = compile_policies(policies, targets)
    yield from compiled.findings
    for outcome in evaluate(compiled, targets):
        yield from outcome.findings
