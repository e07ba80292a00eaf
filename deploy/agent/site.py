"""The Mac as the agent finds it: whose it is, where things lie, and as whom they are written."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.account.refusal import Refusal

#: Below the home of the account that the agent runs as.
STATE = "Library/Application Support/weathervane"


@dataclass(frozen=True, slots=True)
class Person:
    """Whose files a root agent writes: with that account's rights, so that no link of theirs leads root astray."""

    user: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Site:
    """`person` is set on an always-on Mac, where the agent is root; a laptop's agent is its owner."""

    home: Path
    prefix: Path
    state: Path
    launch: Path
    applications: Path
    domains: tuple[str, ...]
    person: Person | None = None


def site_of(user: str | None, prefix: Path) -> Site:
    """Raises Refusal where account and options do not fit."""
    own = Path.home()
    uid = os.geteuid()
    if user is None:
        if uid == 0:
            raise Refusal("VD402", "root", "a laptop's files are its owner's", "run it as the owner, or with --user")
        domains = f"gui/{uid}", f"user/{uid}"
        return Site(own, prefix, own / STATE, own / "Library/LaunchAgents", Path("/Applications"), domains)
    if uid != 0:
        raise Refusal("VD402", "--user", "only root may act for another account", "leave --user out")
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise Refusal(
            "VD402", "--user", f"there is no account {user!r:.60}", "name the account of fleet.yaml"
        ) from None
    if entry.pw_uid == 0:
        raise Refusal("VD402", "--user", "jobs and their files are never root's", "name the account of fleet.yaml")
    person = Person(user, entry.pw_uid, entry.pw_gid)
    launch, applications = Path("/Library/LaunchDaemons"), Path("/Applications")
    return Site(Path(entry.pw_dir), prefix, own / STATE, launch, applications, ("system",), person)


@contextmanager
def acting_for(person: Person | None) -> Iterator[None]:
    """Use the rights of the account whose files are touched; the kernel then holds the line, not our care."""
    if person is None:
        yield
        return
    gid = os.getegid()
    os.initgroups(person.user, person.gid)
    os.setegid(person.gid)
    os.seteuid(person.uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(gid)
        os.initgroups(pwd.getpwuid(0).pw_name, gid)  # setgroups takes 16 on a Mac, where root has more


def command_as(person: Person | None, home: Path) -> dict[str, Any]:
    """Arguments of subprocess for a program that must not run as root."""
    environment = {**os.environ, "HOME": str(home)}
    if person is None:
        return {"env": environment}
    return {"env": environment, "user": person.uid, "group": person.gid, "extra_groups": []}
