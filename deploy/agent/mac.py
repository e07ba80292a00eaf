"""Bring the Mac to a release: files, then jobs, then Cursor's settings. Done again, it does nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deploy.account.refusal import Refusal
from deploy.agent import cursor_settings
from deploy.agent.blend import GUARD
from deploy.agent.files import (
    Change,
    FilePlan,
    is_program_of_guard,
    labels_of,
    leftovers,
    place_files,
    plan_files,
)
from deploy.agent.jobs import Job, jobs_of, needs_reload, refuse_jobs, reload_jobs, to_reload
from deploy.agent.labels import AGENT, GATEWAY
from deploy.agent.launchctl import Launchctl
from deploy.agent.ledger import Ledger, digest, keep_copy, prune_copies, read_ledger, write_ledger
from deploy.agent.log import Log
from deploy.agent.openclaw import gateway_port, refuse_unless_valid, refuse_without_token
from deploy.agent.placements import KINDS, Placement, placements
from deploy.agent.settings import Settings
from deploy.agent.site import Site
from deploy.release.archive import Release


@dataclass(frozen=True, slots=True)
class Mac:
    """One Mac, and how its owner wants it."""

    site: Site
    settings: Settings
    launchctl: Launchctl
    log: Log


@dataclass(frozen=True, slots=True)
class MacPlan:
    """How the Mac differs from a release."""

    files: FilePlan
    #: labels that launchd has not, or not as their file says
    reloads: tuple[str, ...]
    jobs: Mapping[str, Job]


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, what was left alone, and what waits for a better moment."""

    changed: tuple[str, ...]
    left: tuple[str, ...]
    pending: tuple[str, ...]


NOTHING = Done((), (), ())


def plan(mac: Mac, release: Release | None) -> MacPlan:
    """Look, and change nothing. Raises Refusal."""
    return _plan(mac, release, read_ledger(mac.site.state), None)


def _plan(mac: Mac, release: Release | None, ledger: Ledger, originals: Path | None) -> MacPlan:
    jobs = jobs_of(release)
    files = plan_files(_placements(mac, release), ledger, mac.site, originals)
    changing = set(_to_reload(files.changes, jobs, mac.site))
    reloads = {label for label, job in jobs.items() if label in changing or needs_reload(job, ledger, mac.launchctl)}
    stale = {label for label in ledger.loaded.keys() - jobs.keys() if mac.launchctl.service(label)}
    return MacPlan(files, (*sorted(stale - {AGENT}), *sorted(reloads - {AGENT})), jobs)


def _placements(mac: Mac, release: Release | None) -> tuple[Placement, ...]:
    return placements(release, mac.site, mac.settings) if release else ()


def refuse_unless_possible(mac: Mac, release: Release) -> None:
    """Everything that can be known before anything is changed. Raises Refusal."""
    wanted = plan(mac, release)
    for kind in sorted({entry.kind for entry in release.manifest.entries} - KINDS):
        mac.log(f"nothing here takes the release's {kind} files")
    refuse_jobs(wanted.jobs.values(), wanted.files.changes, mac.site, mac.launchctl)
    _refuse_foreign_guard(mac, release)
    if mac.settings.cursor_settings:
        cursor_settings.wanted_settings(release)
    if mac.settings.probe and gateway_port(release.of("openclaw").get("openclaw.json", b"")) is not None:
        refuse_without_token()
    for change in wanted.files.changes:
        if change.new is not None:
            change.place.refuse_unless_writable()
    config = next((change.new for change in wanted.files.changes if change.blend == "openclaw"), None)
    if config is not None and not refuse_unless_valid(config.content, mac.site):
        mac.log("openclaw.json was not checked by OpenClaw: it is not installed")


def _refuse_foreign_guard(mac: Mac, release: Release) -> None:
    """Hooks that call a guard which lies elsewhere would block every prompt on this Mac."""
    hooks, guard = release.of("cursor").get("cursor/hooks.json"), f"{mac.site.prefix}/cursor{GUARD}"
    if hooks is not None and guard.encode() not in hooks:
        fix = f"make `prefix` of agent.json and of fleet.yaml the same; this Mac has {mac.site.prefix}"
        raise Refusal("VD301", "cursor/hooks.json", f"it does not call {guard}", fix)


def bring(mac: Mac, release: Release | None, *, is_undoing: bool = False) -> Done:
    """Bring the Mac there. Killed at any point and called again, it goes on. With `is_undoing`, what the release before
    this call had replaced of a person's comes back. Raises Refusal, OSError.
    """
    state, ledger = mac.site.state, read_ledger(mac.site.state)
    for place in (*leftovers(ledger.files, mac.site), *(wanted.place for wanted in _placements(mac, release))):
        place.discard()
    wanted = _plan(mac, release, ledger, state if is_undoing else None)
    _tell(mac, wanted.files.changes)
    if labels := _to_reload(wanted.files.changes, wanted.jobs, mac.site):
        ledger = to_reload(ledger, labels)
        write_ledger(state, ledger)
    ledger = place_files(wanted.files, ledger, state)
    placed, ledger = ledger, reload_jobs(wanted.jobs, wanted.reloads, ledger, mac.site, mac.launchctl)
    if is_undoing:  # noted after it, so that whoever is killed here does it again
        _load_originals(mac, sorted(placed.loaded.keys() - wanted.jobs.keys() - {AGENT}))
    if ledger != placed:
        write_ledger(state, ledger)
    pending = (*_settings_of_cursor(mac, release, ledger), *_own_list(labels), *_own_openclaw(wanted, labels))
    prune_copies(state, ledger)
    changed = (*(str(change.place) for change in wanted.files.changes), *wanted.reloads)
    return Done(changed, wanted.files.left, pending)


def _tell(mac: Mac, changes: Iterable[Change]) -> None:
    for change in changes:
        edited = (
            f"; a person had changed it: kept/{digest(change.old.content)}" if change.old and change.is_edited else ""
        )
        mac.log(f"{change.verb} {change.place}{edited}")


def _load_originals(mac: Mac, labels: Iterable[str]) -> None:
    """Jobs that were there before us run again."""
    for label in labels:
        file = mac.site.launch / f"{label}.plist"
        if file.exists() and mac.launchctl.service(label) is None:
            mac.launchctl.load(label, file)


def _settings_of_cursor(mac: Mac, release: Release | None, ledger: Ledger) -> tuple[str, ...]:
    """They never fail a release: what cannot be written now waits."""
    wanted = cursor_settings.wanted_settings(release) if mac.settings.cursor_settings else None

    def note(mine: Mapping[str, Any], before: str) -> None:
        keep_copy(mac.site.state, before.encode())
        write_ledger(mac.site.state, replace(ledger, cursor=mine))

    try:
        cursor_settings.converge(wanted, ledger.cursor, mac.site, note)
    except cursor_settings.Waiting as waiting:
        if not waiting.is_written:
            write_ledger(mac.site.state, ledger)
        return (str(waiting),)
    return ()


def _to_reload(changes: Iterable[Change], jobs: Mapping[str, Job], site: Site) -> tuple[str, ...]:
    """Labels whose property list changes; and the gateway's, where the guard in it does."""
    has_new_guard = GATEWAY in jobs and any(map(is_program_of_guard, changes))
    return tuple(dict.fromkeys((*labels_of(changes, site), *((GATEWAY,) if has_new_guard else ()))))


def _own_openclaw(wanted: MacPlan, labels: Iterable[str]) -> tuple[str, ...]:
    """A gateway that a person starts is a person's to start again; a plugin that is new to it, it takes by itself."""
    newer = (change for change in wanted.files.changes if change.verb == "change" and is_program_of_guard(change))
    if GATEWAY in labels or not any(newer):
        return ()
    return ("OpenClaw: the guard's new program holds from its next start",)


def _own_list(labels: Iterable[str]) -> tuple[str, ...]:
    return (f"{AGENT}: its new property list holds from the next login or start",) if AGENT in labels else ()
