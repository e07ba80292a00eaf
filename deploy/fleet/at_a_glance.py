"""What `vane` alone says of the Macs: how many, and what they reported where a folder of this machine has it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

from deploy.account.refusal import Refusal
from deploy.agent.settings import FILE, read_settings
from deploy.fleet.members import Members, read_members
from deploy.fleet.state import fleet_state
from deploy.release.reports import FolderReports

#: Subject, how it stands, and the command that would change that.
Row = tuple[str, str, str]


def glance(project: Path) -> Iterator[Row]:
    """Where reports go is said in agent.json, which only a Mac of the fleet has. No network is asked."""
    try:
        members = read_members(project)
    except Refusal:
        return  # nothing is compiled: the compiler has said so
    there = f"{len(members.machines)} in rings {', '.join(members.by_ring())}"
    try:
        folder = _folder()
        if folder is None:
            yield "Macs", f"{there}; their reports: vane fleet status --folder DIR, or --git ADDRESS", ""
        else:
            yield from _reported(members, there, folder)
    except Refusal as refusal:
        yield "Macs", f"{there}; {refusal.place}: {refusal.message}", "vane doctor"


def _folder() -> Path | None:
    """The folder of reports; None where this is no Mac of the fleet, or they go elsewhere."""
    file = Path.home() / FILE
    reports = read_settings(file).reports if file.exists() else None
    return Path(reports["folder"]) if reports and "folder" in reports else None


def _reported(members: Members, there: str, folder: Path) -> Iterator[Row]:
    state = fleet_state(members, FolderReports(folder).read(), datetime.datetime.now(datetime.UTC))
    waiting = sum(row.needs_somebody for row in state.rows)
    said = f"{waiting} of {there} {'needs' if waiting == 1 else 'need'} somebody" if waiting else f"{there}, all well"
    yield "Macs", said, f"vane fleet status --folder {folder}" if waiting else ""
