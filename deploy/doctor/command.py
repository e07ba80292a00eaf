"""`vane doctor`, this room's part: a Mac is looked at as its agent does it, a desk for what `vane bundle` needs."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from pathlib import Path

from deploy.account.refusal import Refusal
from deploy.agent.doctor import examine
from deploy.agent.settings import FILE
from deploy.bundle.lineage import lineage, refuse_unless_committed
from deploy.fleet.members import read_members
from deploy.release.check import Check, checks_text

ROLE = "desk"


def run(asked: argparse.Namespace) -> int:
    """0: nothing is missing; 1: something is."""
    checks = tuple(_checks(asked.project, asked.user))
    print(checks_text(checks), end="")
    return 0 if all(check.is_there for check in checks) else 1


def _checks(project: Path, user: str | None) -> Iterator[Check]:
    is_mac, is_desk = (Path.home() / FILE).exists(), (project / "policies").is_dir()
    if is_mac:
        yield from examine(user)
    if is_desk:
        yield from _desk(project)
    if not is_mac:
        yield Check(ROLE, "Mac", f"none of the fleet: there is no ~/{FILE}")
    if not is_mac and not is_desk:
        yield Check(ROLE, "project", "there is no policies/ here", "run it in a clone of the project, or on a Mac")


def _desk(project: Path) -> Iterator[Check]:
    for name in ("git", "ssh-keygen"):
        found = shutil.which(name)
        fix = "" if found else "install git and OpenSSH 8.2 or newer"
        yield Check(ROLE, name, found or "not on PATH", fix)
    try:
        members = read_members(project)
        yield Check(ROLE, "compiled", f"{len(members.machines)} Macs in rings {', '.join(members.by_ring())}")
        refuse_unless_committed(project)
        yield Check(ROLE, "release", f"the next bundle is release {lineage(project).origin.number}")
    except Refusal as refusal:
        yield Check(ROLE, "release", f"{refusal.place}: {refusal.message}", refusal.fix)
