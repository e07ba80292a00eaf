"""A week's proposals as files of its folder: proposals.json, and pull-request.md where there is something to read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from compiler.targets import Target
from compiler.whole_file import write_whole
from harness.market import archive
from harness.market.pictures import DARK_PNG, PNG
from harness.propose.decide import Decided
from harness.propose.pull_request import FILE as TEXT
from harness.propose.pull_request import Facts, pull_request
from harness.propose.store import FILE, proposals_json
from harness.report.checklist import checklist
from harness.report.evidence import Missing, gather


def write(project: Path, decided: Decided, targets: Sequence[Target], web: str | None = None) -> None:
    """Both files. The checklist is judged on the project as it is now. Raises PolicyError."""
    folder = archive.folder(project, decided.week)
    write_whole(folder / FILE, proposals_json(decided))
    if decided.is_silent:
        (folder / TEXT).unlink(missing_ok=True)
        return
    seen = gather(project, decided.week, targets)
    citations = () if isinstance(seen.moved, Missing) else seen.moved.citations
    pictures = tuple(name for name in (PNG, DARK_PNG) if name in seen.files)
    guards = None if isinstance(seen.decisions, Missing) else seen.decisions
    text = pull_request(decided, Facts(checklist(seen.facts), citations, pictures, web, guards))
    write_whole(folder / TEXT, text.encode())
