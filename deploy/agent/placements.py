"""Which file of a release goes where on this Mac. The places are the agent's knowledge: a bundle only names files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.agent.guards import FOLDER, POLICY
from deploy.agent.place import Place
from deploy.agent.settings import Settings
from deploy.agent.site import Site
from deploy.release.archive import Release

#: of a target that this agent does not know, a release may hold files: they are left in it
KINDS = frozenset({"openclaw", "guard", "cursor", "launchd", "rollout"})
#: instructions of an agent, in the workspace that openclaw.json names for it
_INSTRUCTIONS = re.compile(r"workspace-[a-z0-9_-]+/AGENTS\.md")
#: The guard in OpenClaw's gateway: its program and its policy.
_GUARD = re.compile(r"guard/([a-z][a-z0-9.-]*\.(?:js|json))")
OWNER_ONLY, READABLE, EXECUTABLE = 0o600, 0o644, 0o755


@dataclass(frozen=True, slots=True)
class Placement:
    """A file that a release wants at a place."""

    place: Place
    content: bytes
    mode: int
    blend: str = "whole"


def placements(release: Release, site: Site, settings: Settings) -> tuple[Placement, ...]:
    """Every file of the release that has a place."""
    found = (
        *_openclaw(release, site),
        *_guard(release, site),
        *_cursor(release, site),
        *_ignore(release, site, settings),
        *_launchd(release, site),
    )
    return tuple(sorted(found, key=lambda placement: str(placement.place)))


def _openclaw(release: Release, site: Site) -> Iterator[Placement]:
    files = release.of("openclaw")
    for name, blend in (("openclaw.json", "openclaw"), ("policy.jsonc", "whole")):
        if name in files:
            yield Placement(Place(site.home, f".openclaw/{name}", site.person), files[name], OWNER_ONLY, blend)
    for path, content in files.items():
        if _INSTRUCTIONS.fullmatch(path):
            yield Placement(Place(site.home, f".openclaw/{path}", site.person), content, READABLE, "instructions")


def _guard(release: Release, site: Site) -> Iterator[Placement]:
    """OpenClaw loads no plugin that others could write. Both guards read in `machine` what to call this Mac."""
    files = release.of("guard")
    for path, content in files.items():
        if found := _GUARD.fullmatch(path):
            yield Placement(Place(site.home, f"{FOLDER}/{found[1]}", site.person), content, OWNER_ONLY)
    if files or f"cursor/{POLICY}" in release.of("cursor"):
        name = f"{release.manifest.machine}\n".encode()
        yield Placement(Place(site.home, f"{FOLDER}/machine", site.person), name, OWNER_ONLY)


def _cursor(release: Release, site: Site) -> Iterator[Placement]:
    files = release.of("cursor")
    for name, blend in (("hooks.json", "hooks"), ("permissions.json", "whole")):
        if f"cursor/{name}" in files:
            place = Place(site.home, f".cursor/{name}", site.person)
            yield Placement(place, files[f"cursor/{name}"], READABLE, blend)
    # below the prefix, which is root's where the agent is root
    for path, mode in ((f"cursor/{POLICY}", READABLE), ("cursor/vane-cursor-guard", EXECUTABLE)):
        if path in files:
            yield Placement(Place(site.prefix, path), files[path], mode)


def _ignore(release: Release, site: Site, settings: Settings) -> Iterator[Placement]:
    if (content := release.of("cursor").get("cursor/cursorignore")) is None:
        return
    for checkout in settings.checkouts:
        if checkout.is_dir():  # a checkout that is gone is no fault of the release
            yield Placement(Place(checkout, ".cursorignore", site.person), content, READABLE, "ignore")


def _launchd(release: Release, site: Site) -> Iterator[Placement]:
    anchor = site.launch.parent if site.person else site.home
    below = site.launch.relative_to(anchor)
    for path, content in release.of("launchd").items():
        yield Placement(Place(anchor, f"{below}/{Path(path).name}"), content, READABLE)
