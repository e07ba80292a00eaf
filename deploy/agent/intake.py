"""A release from the remote to releases/: verified before anything in it is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deploy.account.refusal import Refusal
from deploy.agent.order import refuse_unless_next
from deploy.agent.remotes import Remote
from deploy.agent.settings import Settings, refuse_unless_private
from deploy.agent.state import State
from deploy.agent.store import Store
from deploy.release.archive import (
    MOST_BUNDLE_BYTES,
    POINTER_BYTES,
    Release,
    bundle_name,
    digest_of,
    parse_pointer,
    pointer_name,
    unpack,
)
from deploy.release.signature import MOST_SIGNATURE_BYTES, verify

_AGAIN = "nothing was changed; publish it again"


@dataclass(frozen=True, slots=True)
class Intake:
    """What the remote offers: nothing new, a release to take, or a reason why it is not taken."""

    digest: str | None = None
    release: Release | None = None
    refusal: Refusal | None = None


def take_in(remote: Remote, settings: Settings, state: State, store: Store) -> Intake:
    """Ask, verify, stage. Never raises Refusal: a pass goes on without news."""
    digest = None
    try:
        digest = _named(remote, settings.machine)
        if digest in state.given_up or (digest == state.current and store.staged(digest)):
            return Intake(digest)
        release = _taken(remote, digest, settings, state, store)
        return Intake(digest, release)
    except Refusal as refusal:
        return Intake(digest, refusal=refusal)


def _named(remote: Remote, machine: str) -> str:
    name = pointer_name(machine)
    try:
        return parse_pointer(remote.file(name, POINTER_BYTES))
    except ValueError as error:
        raise Refusal("VD202", name, str(error), _AGAIN) from error


def _taken(remote: Remote, digest: str, settings: Settings, state: State, store: Store) -> Release:
    name = bundle_name(digest)
    bundle, signature = store.staged(digest) or (
        remote.file(name, MOST_BUNDLE_BYTES),
        remote.file(f"{name}.sig", MOST_SIGNATURE_BYTES),
    )
    if digest_of(bundle) != digest:
        raise Refusal("VD202", name, "its bytes do not have the hash that names it", _AGAIN)
    release = verified(bundle, signature, settings.allowed_signers)
    if release.manifest.machine != settings.machine:
        raise Refusal("VD204", name, f"it is for {release.manifest.machine}, and this is {settings.machine}", _AGAIN)
    if digest != state.furthest:
        refuse_unless_next(release.manifest, state.highest)
    store.stage(bundle, signature)
    return release


def verified(bundle: bytes, signature: bytes, allowed: Path) -> Release:
    """The release in a bundle that somebody whom this Mac trusts has signed. Raises Refusal."""
    refuse_unless_private(allowed)
    verify(bundle, signature, allowed)
    try:
        return unpack(bundle)
    except ValueError as error:
        raise Refusal("VD202", "bundle", str(error), _AGAIN) from error
