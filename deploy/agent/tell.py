"""The report, brought to where the team reads it. A place that does not answer never fails a pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from deploy.account.refusal import Refusal
from deploy.agent.mac import Mac
from deploy.release.archive import Release
from deploy.release.reports import reports_at
from deploy.release.rings import KIND, rings_of
from deploy.release.whole import write_lasting

TOLD = "told.json"
#: A report that says nothing new goes out each hour, where passes are five minutes apart.
EVERY_PASSES = 12
_ALWAYS_NEW = ("passes", "at", "soaked")


def tell(mac: Mac, release: Release | None, content: bytes) -> None:
    """Publish the report, unless it says only what was told. Raises OSError."""
    if mac.settings.reports is None:
        return
    report = json.loads(content)
    told = mac.site.state / TOLD
    if _essence(report) == _told(told) and not _is_due(report, release, mac.settings.machine):
        return
    try:
        reports_at(mac.settings.reports).publish(mac.settings.machine, content)
    except Refusal as refusal:
        mac.log.refusal(refusal)
        told.unlink(missing_ok=True)  # what could not be told is new the next time
        return
    write_lasting(told, content)


def _is_due(report: dict[str, Any], release: Release | None, machine: str) -> bool:
    """Others wait for the count of a Mac in a ring before them; for nobody else's."""
    try:
        rings = rings_of(release.of(KIND) if release else {})
    except ValueError:
        return True
    own = next((ring.healthy_reports for ring in rings.rings if machine in ring.machines), 0)
    return bool(report["passes"] % EVERY_PASSES == 0 or 0 < report["soaked"] <= own)


def _told(file: Path) -> dict[str, Any] | None:
    try:
        return _essence(json.loads(file.read_bytes()))
    except (OSError, ValueError, AttributeError, RecursionError):
        return None


def _essence(report: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in report.items() if key not in _ALWAYS_NEW}
