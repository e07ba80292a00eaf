"""What the agent does when it is started: a pass, a plan, or a step back. One at a time on a Mac.

A pass goes on with what was cut off. Else it takes what the remote offers: a new release goes through a Transition, and
without one, drift is mended. However that ended, health is looked at and the report is written.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from deploy.account.refusal import Refusal
from deploy.agent.health import Part, look, look_at_guards
from deploy.agent.intake import Intake, take_in
from deploy.agent.lock import alone
from deploy.agent.mac import NOTHING, Done, Mac, MacPlan, bring, plan, refuse_unless_possible
from deploy.agent.remotes import remote_of
from deploy.agent.rollout import refuse_unless_turn
from deploy.agent.state import Journal, State, read_state, write_state
from deploy.agent.status import Report, read_report, soaked, write_report
from deploy.agent.store import Store
from deploy.agent.tell import tell
from deploy.agent.transition import Result, Transition, as_refusal
from deploy.release.archive import Release
from deploy.release.manifest import Origin
from deploy.release.reported import Sync

#: Why a release is not taken although nothing is wrong with it.
_NO_FAULT: Mapping[str, Sync] = {"VD201": "unreachable", "VD207": "waiting", "VD208": "unreachable"}


class Busy(Exception):
    """Another agent is at work on this Mac."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a pass ended, before health is looked at."""

    sync: Sync
    state: State
    done: Done = NOTHING
    refusal: Refusal | None = None
    drift: tuple[str, ...] = ()
    offered: str | None = None


class Agent:
    """The agent of one Mac. What somebody `brought` there by hand does not wait for the rings before."""

    def __init__(self, mac: Mac, *, brought: bool = False) -> None:
        self._mac, self._folder, self._brought = mac, mac.site.state, brought
        self._store = Store(self._folder)

    def run(self, *, is_scheduled: bool = False) -> Report:
        """One pass; one that launchd began sleeps first. Raises Busy, Refusal, OSError."""
        if is_scheduled:
            time.sleep(random.uniform(0, self._mac.settings.jitter_seconds))
        with self._alone(wait=False):
            state = self._counted(read_state(self._folder))
            try:
                ended = self._interrupted(state, state.journal) if state.journal else self._pass(state)
            except (Refusal, OSError) as error:
                ended = self._cut_off(as_refusal(error))
            return self._reported(ended)

    def _cut_off(self, refusal: Refusal) -> _Ended:
        """Neither forward nor back: state.json says where it stands, and the next pass goes on from there."""
        self._mac.log.refusal(refusal)
        state = read_state(self._folder)
        return _Ended("interrupted" if state.journal else "drifted", state, refusal=refusal)

    def plan(self) -> tuple[Release | None, MacPlan, Refusal | None]:
        """What a pass would do; nothing but releases/ is written. Raises Busy, Refusal, OSError."""
        with self._alone(wait=False):
            state = read_state(self._folder)
            offered = self._take_in(state)
            release = offered.release or self._load(state)
            return release, plan(self._mac, release), offered.refusal

    def roll_back(self) -> Report:
        """To the confirmed release before this one, which is then not taken again. Raises Refusal, OSError."""
        with self._alone(wait=True):
            state = self._counted(read_state(self._folder))
            if state.journal or len(state.history) < 2:
                fix = "run `vane-agent run` first" if state.journal else "`vane bundle --rolls-back` at a desk"
                raise Refusal("VD404", "rollback", "no earlier release is kept on this Mac", fix)
            withdrawn, before = state.history[:2]
            refuse_unless_possible(self._mac, self._store.load(before))
            state = replace(state, given_up={**state.given_up, withdrawn: "rolled back on this Mac"})
            return self._reported(_of(Transition(self._mac, self._store).start(state, before)))

    def suspend(self, reason: str) -> None:
        """Until `resume`, passes look and change nothing. Raises OSError."""
        with self._alone(wait=True):
            self._written(replace(read_state(self._folder), suspended=reason))
            self._mac.log(f"suspended: {reason}")

    def resume(self) -> None:
        """Also takes up again what was given up. Raises OSError."""
        with self._alone(wait=True):
            self._written(replace(read_state(self._folder), suspended=None, given_up={}, tries={}))
            self._mac.log("resumed")

    def _interrupted(self, state: State, journal: Journal) -> _Ended:
        """A change that was cut off comes first, also where the agent is suspended: no Mac stays half-way."""
        return _of(Transition(self._mac, self._store).carry_on(state, journal))

    def _pass(self, state: State) -> _Ended:
        if state.suspended is not None:
            drift = self._drift(self._load(state))
            return _Ended("suspended", state, drift=drift)
        offered = self._take_in(state)
        if offered.release is not None:
            return replace(self._deployed(state, offered.release), offered=offered.digest)
        mended = self._mended(state)
        if mended.refusal is None and (why := self._why_behind(state, offered)):
            mended = replace(mended, sync=why[0], refusal=why[1])
        return replace(mended, offered=offered.digest)

    def _take_in(self, state: State) -> Intake:
        settings, digest = self._mac.settings, None
        try:
            offered = take_in(remote_of(settings.remote, self._folder), settings, state, self._store)
            digest = offered.digest
            if offered.release and not self._brought:
                refuse_unless_turn(offered.release, settings)
            return offered
        except Refusal as refusal:
            return Intake(digest, refusal=refusal)

    def _deployed(self, state: State, release: Release) -> _Ended:
        try:
            refuse_unless_possible(self._mac, release)
        except (Refusal, OSError) as error:
            refusal = as_refusal(error)
            self._mac.log.refusal(refusal)
            mended = self._mended(state)
            return mended if mended.refusal else replace(mended, sync="refused", refusal=refusal)
        return _of(Transition(self._mac, self._store).start(state, release.digest))

    def _mended(self, state: State) -> _Ended:
        """What drifted since the last pass is put right."""
        release = self._load(state)
        if release is None:
            return _Ended("no-release", state)
        drift: tuple[str, ...] = ()
        try:
            drift = self._drift(release)
            done = bring(self._mac, release)
        except (Refusal, OSError) as error:
            return _Ended("drifted", state, refusal=as_refusal(error), drift=drift)
        return _Ended("mended" if drift else "in-sync", state, done, drift=drift)

    def _drift(self, release: Release | None) -> tuple[str, ...]:
        if release is None:
            return ()
        found = plan(self._mac, release)
        return (*(str(change.place) for change in found.files.changes), *found.reloads)

    def _why_behind(self, state: State, offered: Intake) -> tuple[Sync, Refusal] | None:
        if (refusal := offered.refusal) is not None:
            self._mac.log.refusal(refusal)
            return _NO_FAULT.get(refusal.code, "refused"), refusal
        if offered.digest in state.given_up:
            fix = "publish a newer release, or `vane-agent resume` to try it again"
            return "rolled-back", Refusal("VD307", str(offered.digest)[:12], state.given_up[str(offered.digest)], fix)
        return None

    def _load(self, state: State) -> Release | None:
        return self._store.load(state.current) if state.current else None

    def _reported(self, ended: _Ended) -> Report:
        try:
            release = self._load(ended.state)
        except Refusal:  # told already, as the reason why the pass ended
            release = None
        done, state = ended.done, ended.state
        report = Report(
            self._mac.settings.machine, ended.sync, state, release, ended.offered, self._origin(ended.offered), 0,
            ended.refusal, ended.drift, done.left, done.pending, self._health(release),
        )  # fmt: skip
        report = replace(report, soaked=soaked(read_report(self._folder), report))
        tell(self._mac, release, write_report(self._folder, report))
        self._store.prune(_needed(ended))
        return report

    def _origin(self, digest: str | None) -> Origin | None:
        """The place in history of what is offered, where it came as far as this Mac."""
        try:
            return self._store.load(digest).manifest.origin if digest else None
        except Refusal:
            return None

    def _health(self, release: Release | None) -> Mapping[str, Part]:
        try:
            return {**look(self._mac, release), **look_at_guards(self._mac, release)}
        except Refusal as refusal:
            return {refusal.place: Part("bad", refusal.message)}

    def _counted(self, state: State) -> State:
        return self._written(replace(state, passes=state.passes + 1))

    def _written(self, state: State) -> State:
        write_state(self._folder, state)
        return state

    @contextmanager
    def _alone(self, *, wait: bool) -> Iterator[None]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with alone(self._folder, wait=wait) as is_alone:
            if not is_alone:
                raise Busy
            yield


def _of(result: Result) -> _Ended:
    return _Ended("rolled-back" if result.refusal else "in-sync", result.state, result.done, result.refusal)


def _needed(ended: _Ended) -> set[str | None]:
    """Releases to keep: those to go back to or given up, the one that waits, both ends of a change that was cut off."""
    journal = ended.state.journal
    ends = (journal.source, journal.target) if journal else ()
    return {*ended.state.history, *ended.state.given_up, ended.offered, *ends}
