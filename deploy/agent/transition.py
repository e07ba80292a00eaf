"""From one release to another: journal, apply, health, confirm; or back. state.json always says where it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace

from deploy.account.refusal import Refusal
from deploy.agent.health import wait_until_well
from deploy.agent.mac import NOTHING, Done, Mac, bring
from deploy.agent.order import furthest
from deploy.agent.state import Journal, State, write_state
from deploy.agent.store import Store
from deploy.release.archive import Release

#: A release in whose applying the Mac goes down twice is not tried a third time.
MOST_ATTEMPTS = 2
#: A failure that need not be the release's fault (a full disk) is tried that often, pass by pass.
MOST_TRIES = 3


@dataclass(frozen=True, slots=True)
class Result:
    """Where it ended: confirmed, or back on what was before with the reason why."""

    state: State
    done: Done
    refusal: Refusal | None = None


class Transition:
    """Changes of one Mac's release."""

    def __init__(self, mac: Mac, store: Store) -> None:
        self._mac, self._store = mac, store

    def start(self, state: State, digest: str) -> Result:
        """From here on a kill or a power cut is carried on by the next pass. Raises Refusal, OSError."""
        journal = Journal(state.current, digest, "applying", attempts=1)
        self._mac.log(f"from {_short(journal.source)} to {_short(digest)}")
        return self._go(state, journal)

    def carry_on(self, state: State, journal: Journal) -> Result:
        """After an interruption: forward, unless it happened too often. Raises Refusal, OSError."""
        again = replace(journal, attempts=journal.attempts + 1)
        self._mac.log(f"interrupted while {journal.phase} {_short(journal.target)}; attempt {again.attempts}")
        if again.phase == "applying" and again.attempts > MOST_ATTEMPTS:
            again = replace(again, phase="restoring", code="VD307", reason=f"interrupted {journal.attempts} times")
        return self._go(state, again)

    def _go(self, state: State, journal: Journal) -> Result:
        state = self._write(replace(state, journal=journal))
        if journal.phase == "restoring":
            return self._restore(state, journal)
        try:
            release = self._store.load(journal.target)
            done = bring(self._mac, release)
            wait_until_well(self._mac, release, done)
        except (Refusal, OSError) as error:
            refusal = as_refusal(error)
            self._mac.log.refusal(refusal)
            reason = f"{refusal.place}: {refusal.message}"
            return self._go(state, replace(journal, phase="restoring", code=refusal.code, reason=reason))
        return Result(self._confirmed(state, release), done)

    def _confirmed(self, state: State, release: Release) -> State:
        """One rename makes it the Mac's release and ends the journal."""
        is_step_back = release.digest in state.history
        before = (held for held in state.history if held != release.digest and held not in state.given_up)
        history = (release.digest, *before)[: max(self._mac.settings.keep, 2)]
        state = replace(state, history=history, journal=None)
        highest = furthest(state.highest, release.manifest)
        if not is_step_back and (highest != state.highest or release.manifest.rolls_back):
            # what failed before is behind this Mac now, and its place in history keeps it there
            state = replace(state, highest=highest, furthest=release.digest, given_up={}, tries={})
        confirmed = self._write(state)
        self._mac.log(f"confirmed {_short(release.digest)}")
        return confirmed

    def _restore(self, state: State, journal: Journal) -> Result:
        """Back to what was before. It is not held to its health: there is nothing further back to go to."""
        try:
            before = self._store.load(journal.source) if journal.source else None
        except Refusal as lost:  # the Mac stays as it is until the next pass fetches that again, or a newer one
            journal = replace(journal, reason=f"{journal.reason}; and {lost.place}: {lost.message}")
            return self._given_up(state, journal, NOTHING)
        return self._given_up(state, journal, bring(self._mac, before, is_undoing=True))

    def _given_up(self, state: State, journal: Journal, done: Done) -> Result:
        tries = state.tries.get(journal.target, 0) + 1
        given_up = {held: why for held, why in state.given_up.items() if held != journal.source}
        if journal.code == "VD307" or tries >= MOST_TRIES:
            given_up[journal.target] = journal.reason
        counts = {**state.tries, journal.target: tries}
        restored = self._write(replace(state, given_up=given_up, tries=counts, journal=None))
        self._mac.log(f"restored {_short(journal.source)}: {journal.reason}")
        fix = "see the agent's log; publish a newer release, or `vane-agent resume` to try this one again"
        return Result(restored, done, Refusal(journal.code, journal.target[:12], journal.reason, fix))

    def _write(self, state: State) -> State:
        write_state(self._mac.site.state, state)
        return state


def as_refusal(error: Refusal | OSError) -> Refusal:
    """What the operating system refuses is told like all the rest."""
    if isinstance(error, Refusal):
        return error
    where = str(error.filename or "disk")
    return Refusal("VD309", where, str(error.strerror or error), "mend it; the next pass tries again")


def _short(digest: str | None) -> str:
    return digest[:12] if digest else "nothing"
