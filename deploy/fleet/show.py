"""The fleet as a table, for a terminal, for Markdown, and as JSON."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping

from deploy.account.refusal import one_line
from deploy.fleet.state import FleetState, RingState, Row
from deploy.release.codes import CODES
from deploy.release.manifest import Origin

_HEAD = ("Mac", "ring", "release", "sync", "health", "age", "drift")
_ESCAPED = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]<>#|~"})


def _text(state: FleetState) -> str:
    rows = [_HEAD, *(_cells(row, state.newest) for row in state.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "".join(f"{one_line(line)}\n" for line in (*lines, "", *_sums(state)))


def _markdown(state: FleetState) -> str:
    rows = [_HEAD, ("---",) * len(_HEAD)]
    rows += [tuple(one_line(cell).translate(_ESCAPED) for cell in _cells(row, state.newest)) for row in state.rows]
    sums = [one_line(line).translate(_ESCAPED) for line in _sums(state)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows) + "\n" + "".join(f"- {line}\n" for line in sums)


def _json(state: FleetState) -> str:
    data = {
        "format": "weathervane-fleet/1",
        "good": state.is_good,
        "newest": _origin(state.newest),
        "rings": [{"ring": ring.name, "done": ring.done, "of": ring.of} for ring in state.rings],
        "machines": [_row(row) for row in state.rows],
        "strangers": state.strangers,
    }
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


FORMATS: Mapping[str, Callable[[FleetState], str]] = {"text": _text, "markdown": _markdown, "json": _json}


def _cells(row: Row, newest: Origin | None) -> tuple[str, ...]:
    report = row.report
    if report is None:
        return (row.machine, row.ring, row.words, "", "", "", "")
    release = f"{report.release.number}" if report.release else "none"
    behind = "" if report.release == newest else " (behind)"
    mark = " !" if row.needs_somebody else ""
    drift = str(report.drift or "")
    return (row.machine, row.ring, release + behind, report.sync + mark, report.health, age(row.age), drift)


def _sums(state: FleetState) -> list[str]:
    """How far the newest release is, and who is there that should not be."""
    what = f"release {state.newest.number}" if state.newest else "a release"
    lines = [f"{ring.name}: {_sum(ring)} {what} and {'is' if ring.done == 1 else 'are'} well" for ring in state.rings]
    for row in state.rows:
        lines += [f"{row.machine}: {code} {CODES[code]}" for code in (row.report.guards if row.report else ())]
    if waiting := sum(row.needs_somebody for row in state.rows):
        lines.append(f"{waiting} {'Mac needs' if waiting == 1 else 'Macs need'} somebody (!, or no report)")
    if state.strangers:
        lines.append(f"reports of Macs that fleet.yaml does not name: {', '.join(state.strangers)}")
    return lines


def _sum(ring: RingState) -> str:
    return f"{ring.done} of {ring.of} {'has' if ring.done == 1 else 'have'}"


def age(since: datetime.timedelta | None) -> str:
    """Roughly: it is one clock's word against another's."""
    if since is None:
        return ""
    seconds = int(since.total_seconds())
    if seconds < -60:
        return "in the future"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return "now"


def _row(row: Row) -> dict[str, object]:
    report = row.report
    about = {"machine": row.machine, "ring": row.ring, "needs_somebody": row.needs_somebody}
    if report is None:
        return {**about, "problem": one_line(row.words)}
    return {
        **about,
        "release": _origin(report.release),
        "offer": _origin(report.offer),
        "sync": report.sync,
        "health": report.health,
        "soaked": report.soaked,
        "drift": report.drift,
        "guards": list(report.guards),
        "at": report.at.isoformat(),
    }


def _origin(origin: Origin | None) -> dict[str, object] | None:
    return {"number": origin.number, "commit": origin.commit} if origin else None
