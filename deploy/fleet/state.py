"""What the team's Macs reported: a row each, and how far each ring is."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from deploy.fleet.members import Members
from deploy.release.manifest import Origin
from deploy.release.reported import QUIET, WELL, Reported, parse_report

#: A laptop sleeps for a holiday's few days; after more, somebody should ask.
MOST_AGE = datetime.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Row:
    """A Mac. Without a report, `words` says why."""

    machine: str
    ring: str
    report: Reported | None
    words: str
    age: datetime.timedelta | None

    @property
    def needs_somebody(self) -> bool:
        """Whether it cannot be left to itself."""
        if self.report is None or self.age is None:
            return True
        return self.report.sync not in QUIET or self.report.health not in WELL or self.age > MOST_AGE


@dataclass(frozen=True, slots=True)
class RingState:
    """How many of a ring's Macs have the newest release, and are well."""

    name: str
    done: int
    of: int


@dataclass(frozen=True, slots=True)
class FleetState:
    """All rows, ring by ring. `newest` is the furthest release of which any report speaks."""

    newest: Origin | None
    rows: tuple[Row, ...]
    rings: tuple[RingState, ...]
    #: reports of Macs that no policy names
    strangers: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Whether nobody has to do anything."""
        return not any(row.needs_somebody for row in self.rows)


def fleet_state(members: Members, reports: Mapping[str, bytes], now: datetime.datetime) -> FleetState:
    """Reports, parsed and put in order."""
    of_rings = {
        name: tuple(_row(machine, name, reports.get(machine), now) for machine in machines)
        for name, machines in members.by_ring().items()
    }
    rows = tuple(row for ring in of_rings.values() for row in ring)
    newest = max(_origins(rows), default=None)
    rings = tuple(RingState(name, sum(_has(row, newest) for row in ring), len(ring)) for name, ring in of_rings.items())
    return FleetState(newest, rows, rings, tuple(sorted(reports.keys() - set(members.machines))))


def _row(machine: str, ring: str, content: bytes | None, now: datetime.datetime) -> Row:
    if content is None:
        return Row(machine, ring, None, "no report", None)
    try:
        report = parse_report(content, machine)
    except ValueError as error:
        return Row(machine, ring, None, f"not a report: {error}", None)
    return Row(machine, ring, report, "", now - report.at)


def _origins(rows: tuple[Row, ...]) -> Iterator[Origin]:
    for row in rows:
        if row.report:
            yield from (origin for origin in (row.report.release, row.report.offer) if origin)


def _has(row: Row, newest: Origin | None) -> bool:
    return row.report is not None and newest is not None and row.report.release == newest and row.report.is_well
