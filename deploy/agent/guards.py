"""The guards on this Mac: whether each of them has started, works, and goes by the policy of the release.

A guard says so itself, in a file beside its log. It is looked at when a pass is reported and never while a release is
held to its health: a guard may only run with the next prompt, and a release is not undone for that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deploy.account.refusal import Refusal, one_line
from deploy.agent.labels import GATEWAY
from deploy.agent.place import Place
from deploy.agent.site import Site
from deploy.release.archive import Release

#: Below a person's home.
FOLDER, CURSOR_FOLDER = ".openclaw/guard", ".cursor/vane-guard"
POLICY = "guard.json"
NEVER_STARTED = "VD310"
_MOST_WORDS, _SHOWN = 300, 12


@dataclass(frozen=True, slots=True)
class Guard:
    """One that the release brings: `role` is whose Mac it is, `starts` whether something of ours starts it."""

    name: str
    role: str
    policy: bytes
    placed: Place
    status: Place
    starts: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What it is like. Without a `code` nothing has to be done."""

    words: str
    code: str = ""
    fix: str = ""


def guards(release: Release | None, site: Site) -> Iterator[Guard]:
    """Those of a release."""
    if release is None:
        return
    if (policy := release.of("guard").get(f"guard/{POLICY}")) is not None:
        starts = f"launchd/{GATEWAY}.plist" in release.of("launchd")
        placed, status = (Place(site.home, f"{FOLDER}/{name}", site.person) for name in (POLICY, "state/status.json"))
        yield Guard("guard", "gateway" if starts else "openclaw", policy, placed, status, starts)
    if (policy := release.of("cursor").get(f"cursor/{POLICY}")) is not None:
        placed, status = (
            Place(site.prefix, f"cursor/{POLICY}"),
            Place(site.home, f"{CURSOR_FOLDER}/status.json", site.person),
        )
        yield Guard("cursor-guard", "cursor", policy, placed, status, starts=False)


def seen(guard: Guard) -> Seen:
    """What a guard said last, held against the release."""
    try:
        found, placed = guard.status.read(), guard.placed.read()
        said = None if found is None else _said(found.content)
    except (Refusal, OSError, ValueError) as error:
        why = error.message if isinstance(error, Refusal) else f"{error}"
        fix = f"take {guard.status} away; the guard writes it anew"
        return Seen(f"its state cannot be read: {one_line(why)[:_MOST_WORDS]}", "VD313", fix)
    if said is None or found is None:
        return _never_started(guard)
    if said["ok"] is not True:
        fix = "until then it keeps the cloud's models from everybody: mend that, then `vane-agent run`"
        return Seen(f"it cannot work: {one_line(str(said['problem']))[:_MOST_WORDS]}", "VD311", fix)
    wanted = hashlib.sha256(guard.policy).hexdigest()
    if said["policy_sha256"] != wanted:
        if placed is not None and found.at < placed.at:
            return Seen(f"it takes policy {wanted[:_SHOWN]} with the next prompt")
        fix = "see that nothing else writes its guard.json; then start OpenClaw, or Cursor, again"
        return Seen(f"it goes by another policy than the release's {wanted[:_SHOWN]}", "VD312", fix)
    return Seen(f"it works, by policy {wanted[:_SHOWN]}")


def _said(content: bytes) -> dict[str, Any]:
    """Raises ValueError."""
    if not content:
        raise ValueError("it is empty: is the disk full, or the folder closed to the guard?")
    try:
        said = json.loads(content)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(said, dict) or not {"ok", "problem", "policy_sha256"} <= said.keys():
        raise ValueError("it is not what a guard writes")
    return said


def _never_started(guard: Guard) -> Seen:
    """A fault where OpenClaw is ours to start; a person's own programs may not have been used yet."""
    if not guard.starts:
        return Seen("it has not been needed yet")
    fix = "see that openclaw.json names it, and the gateway's log; `openclaw plugins inspect vane-guard`"
    return Seen("it has never started: the gateway runs without it", NEVER_STARTED, fix)
