"""What `vane` alone says of weeks and money: from the files of the newest weeks, so that it takes no time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from compiler.diagnostics import PolicyError
from harness.clock import Clock
from harness.market import archive
from harness.market.spend.money import shown_usd
from harness.market.spend.standing import Standing
from harness.report.stored.proposals import Proposals, proposals
from harness.report.stored.spend import spend
from harness.report.words import several
from harness.weekly.git import PREFIX, ask
from harness.weeks import Week

_ORIGIN = "origin/"
#: Subject, how it stands, and the command that would change that.
Row = tuple[str, str, str]


def glance(project: Path, clock: Clock | None = None) -> Iterator[Row]:
    """A broken file is the report's to explain; here it is named."""
    last = Week.last_complete((clock or Clock()).now())
    parts = {"week": _week(project, last), "review": _waiting(project), "spend": _money(project, last)}
    for subject, rows in parts.items():
        try:
            yield from rows
        except PolicyError as error:
            first = error.findings[0]
            yield subject, f"{first.place}: {first.message}", "vane report"


def _week(project: Path, last: Week) -> Iterator[Row]:
    newest = archive.newest(project)
    if newest is None:
        yield "week", "no week of the market is archived", "vane market refresh"
        return
    found = proposals(project, newest)
    said = f"{newest}{_decided(found) if found else ''}, in {archive.folder(Path(), newest)}"
    is_old = newest < last
    yield "week", said + (f"; {last} is over too" if is_old else ""), "vane week" if is_old else ""


def _decided(found: Proposals) -> str:
    """What changes a line of policy, and what only asks for a decision."""
    changes = sum(bool(each.edits) for each in found.proposals)
    return f", {several(changes, 'proposal')}, {several(len(found.proposals) - changes, 'ticket')}"


def _waiting(project: Path) -> Iterator[Row]:
    """Branches of weekly pull requests that are not merged. Where there is no git, there are none."""
    refs = (f"refs/heads/{PREFIX}", f"refs/remotes/{_ORIGIN}{PREFIX}")
    found = ask(project, "for-each-ref", "--no-merged=HEAD", "--format=%(refname:short)", *refs)
    names = found.stdout.decode("utf-8", "replace").split() if found.returncode == 0 else []
    waiting = {week: name for name in sorted(names) if (week := _week_of(name))}
    if waiting:
        newest = waiting[max(waiting)]
        listed = ", ".join(f"{PREFIX}{week}" for week in sorted(waiting))
        yield "review", f"not merged: {listed}", f"git log --patch ..{newest}"


def _week_of(branch: str) -> Week | None:
    try:
        return Week.parse(branch.removeprefix(_ORIGIN).removeprefix(PREFIX))
    except ValueError:
        return None  # somebody's own


def _money(project: Path, last: Week) -> Iterator[Row]:
    weeks = [week for week in archive.weeks(project) if week <= last]
    found = next((known for week in reversed(weeks) if (known := spend(project, week))), None)
    if found is None:
        yield "spend", "not known: no week has a spend.json", "vane week"
        return
    for standing in found.standings:
        if standing.limit_usd is not None:
            is_passed = standing.spent_usd >= standing.limit_usd
            yield "spend", f"{_against(standing)} on {found.as_of}", "vane propose --dry-run" if is_passed else ""


def _against(standing: Standing) -> str:
    assert standing.limit_usd is not None  # the caller has looked
    percent = 100 * standing.spent_usd / standing.limit_usd if standing.limit_usd else 0
    spent, limit = shown_usd(standing.spent_usd), shown_usd(standing.limit_usd)
    return f"{standing.track} track: {spent} of {limit} in {standing.period.name} ({percent:.0f} %)"
