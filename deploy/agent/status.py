"""status.json: what this Mac has, whether that is what it should have, and, apart from that, whether it is well."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deploy.account.refusal import Refusal, one_line
from deploy.agent.health import Part, overall
from deploy.agent.state import State
from deploy.release.archive import Release
from deploy.release.manifest import Origin
from deploy.release.reported import FORMAT, QUIET, Sync, is_settled
from deploy.release.secret import masked
from deploy.release.whole import write_lasting

FILE = "status.json"


@dataclass(frozen=True, slots=True)
class Report:
    """The end of a pass."""

    machine: str
    sync: Sync
    state: State
    release: Release | None
    #: what the remote offers, where it said so, and its place in history, where it is here
    offered: str | None = None
    offer: Origin | None = None
    #: passes in a row that ended well on this release, this one included
    soaked: int = 0
    refusal: Refusal | None = None
    #: what was not as the release says, before this pass mended it
    drift: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    health: Mapping[str, Part] = field(default_factory=dict)

    @property
    def is_quiet(self) -> bool:
        return self.sync in QUIET


def report_data(report: Report) -> dict[str, Any]:
    """`passes` orders the reports of a Mac; `at` is for people, since a clock may jump."""
    refusal, origin = report.refusal, report.release.manifest.origin if report.release else None
    return {
        "format": FORMAT,
        "machine": report.machine,
        "passes": report.state.passes,
        "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "release": {"digest": report.state.current, **asdict(origin)} if origin else None,
        "offered": report.offered,
        "offer": asdict(report.offer) if report.offer else None,
        "soaked": report.soaked,
        "sync": {
            "state": report.sync,
            "code": refusal.code if refusal else None,
            "reason": masked(one_line(f"{refusal.place}: {refusal.message}")) if refusal else None,
            "fix": refusal.fix if refusal else None,
            "drift": report.drift,
            "left": report.left,
            "pending": report.pending,
        },
        "health": {
            "state": overall(report.health),
            "parts": {name: _part(part) for name, part in report.health.items()},
        },
    }


def _part(part: Part) -> dict[str, str]:
    said = {"state": part.verdict, "words": masked(part.words)}
    return {**said, "code": part.code, "fix": part.fix} if part.code else said


def soaked(before: Mapping[str, Any] | None, report: Report) -> int:
    """Good passes in a row on one release, counted on from the report before: the Mac's own count, and no clock's."""
    if not is_settled(report.sync, overall(report.health)):
        return 0
    release = (before or {}).get("release")
    is_same = isinstance(release, dict) and release.get("digest") == report.state.current
    return 1 + (_count((before or {}).get("soaked")) if is_same else 0)


def _count(value: Any) -> int:
    return value if type(value) is int and value > 0 else 0


def write_report(folder: Path, report: Report) -> bytes:
    """Whole or not at all, for whoever collects it."""
    content = (json.dumps(report_data(report), indent=1, ensure_ascii=False) + "\n").encode()
    write_lasting(folder / FILE, content, 0o644)
    return content


def read_report(folder: Path) -> dict[str, Any] | None:
    """The last pass's report; None before the first."""
    try:
        return dict(json.loads((folder / FILE).read_bytes()))
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def report_text(data: Mapping[str, Any]) -> str:
    """For a person at a terminal."""
    release, sync, health = data["release"], data["sync"], data["health"]
    has = (
        f"release {release['number']} ({release['digest'][:12]}, commit {release['commit'][:12]})"
        if release
        else "none"
    )
    lines = [f"{data['machine']}: {has}", f"as of   {data['at']}, pass {data['passes']}", f"sync    {sync['state']}"]
    if sync["reason"]:
        lines += [f"  {sync['code']} {sync['reason']}", f"  fix: {sync['fix']}"]
    for name, title in (("drift", "was changed"), ("left", "left alone, somebody changed it"), ("pending", "waits")):
        lines += [f"  {title}: {item}" for item in sync[name]]
    lines.append(f"health  {health['state']}")
    for name, part in health["parts"].items():
        code = f"{part['code']} " if part.get("code") else ""
        lines.append(f"  {name}: {part['state']}, {code}{part['words']}")
        lines += [f"    fix: {part['fix']}"] if code else []
    return "".join(f"{one_line(line)}\n" for line in lines)
