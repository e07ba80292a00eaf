"""When this Mac takes a release: after the rings before its own, by what their Macs report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deploy.account.refusal import Refusal
from deploy.agent.settings import Settings
from deploy.release.archive import Release
from deploy.release.manifest import Origin
from deploy.release.reported import Reported, parse_report
from deploy.release.reports import reports_at
from deploy.release.rings import KIND, PATH, Ring, Rings, rings_of


def refuse_unless_turn(release: Release, settings: Settings) -> None:
    """A signed way back is for all rings at once: every Mac that it names has had that release. Raises Refusal."""
    if release.manifest.rolls_back is not None:
        return
    before = _rings(release).before(settings.machine)
    if not before:
        return
    if settings.reports is None:
        fix = "name the team's place in `reports` of agent.json, as docs/set-up-a-mac.md shows"
        raise _waits(release, f"ring {before[-1].name} goes first, and agent.json names no `reports`", fix)
    reports = _read(settings.reports, before)
    for ring in before:
        if why := _why_not_done(ring, reports, release.manifest.origin):
            raise _waits(release, f"ring {ring.name}: {why}", "nothing to do here: `vane fleet status` at a desk")


def _rings(release: Release) -> Rings:
    try:
        return rings_of(release.of(KIND))
    except ValueError as error:
        raise Refusal("VD202", PATH, str(error), "nothing was changed; publish it again") from error


def _waits(release: Release, why: str, fix: str) -> Refusal:
    return Refusal("VD207", f"release {release.manifest.origin.number}", why, fix)


def _read(place: Mapping[str, str], rings: tuple[Ring, ...]) -> Mapping[str, Reported]:
    names = [machine for ring in rings for machine in ring.machines]
    return dict(_parsed(reports_at(place).read(names)))


def _parsed(reports: Mapping[str, bytes]) -> Iterator[tuple[str, Reported]]:
    for machine, content in reports.items():
        try:
            yield machine, parse_report(content, machine)
        except ValueError:  # of a stranger, or half of one: as if there were none
            continue


def _why_not_done(ring: Ring, reports: Mapping[str, Reported], release: Origin) -> str | None:
    seen = [report for machine in ring.machines if (report := reports.get(machine))]
    if stopped := [report for report in seen if report.stops(release)]:
        first = stopped[0]
        return f"stopped, {first.machine} is {first.sync}, health {first.health}"
    done = [each for each in seen if each.release == release and each.is_well and each.soaked >= ring.healthy_reports]
    if len(done) < ring.enough:
        return f"{len(done)} of {ring.enough} Macs reported it well {ring.healthy_reports} times in a row"
    return None
