"""proposals.json of a week, as far as the page shows it."""

from __future__ import annotations

from pathlib import Path

from harness.report.stored.file import Kept, StoredFile, read
from harness.weeks import Week

FILE = "proposals.json"


class Statement(Kept):
    """One thing that speaks for it; `file` is the evidence, beside the page."""

    says: str
    file: str | None = None


class Edit(Kept):
    """A line of policy that it would change."""

    file: str
    path: str
    value: str


class Proposal(Kept):
    """A route change that is proposed."""

    rule: str
    title: str
    #: what it is about, the same in every week: `gone acme/model`
    key: str = ""
    kind: str = ""
    #: routes that its edits change: a track, a scenario
    routes: tuple[str, ...] = ()
    evidence: tuple[Statement, ...] = ()
    edits: tuple[Edit, ...] = ()
    effect: str = ""
    confidence: str = ""
    reversal: str = ""


class LookedAt(Kept):
    """What was looked at and not proposed, and why."""

    what: str
    reason: str


class Proposals(StoredFile):
    """All of a week."""

    proposals: tuple[Proposal, ...]
    looked_at: tuple[LookedAt, ...] = ()
    #: keys of all that the rules saw, proposed or not: what must last is counted in these
    seen: tuple[str, ...] = ()


def proposals(project: Path, week: Week) -> Proposals | None:
    """What is proposed. Raises PolicyError for a broken file."""
    return read(Proposals, project, week, FILE)
