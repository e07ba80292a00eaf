"""`vane-agent doctor`: what this Mac lacks for being served, and then for each thing that its release makes it do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from deploy.account.refusal import Refusal
from deploy.agent.labels import AGENT
from deploy.agent.launchctl import Launchctl
from deploy.agent.remotes import remote_of
from deploy.agent.roles import role_checks
from deploy.agent.settings import FILE, Settings, read_settings, refuse_unless_private
from deploy.agent.site import Site, site_of
from deploy.agent.state import read_state
from deploy.agent.store import Store
from deploy.release.archive import POINTER_BYTES, Release, pointer_name
from deploy.release.check import Check
from deploy.release.reports import reports_at

ROLE = "every Mac"
#: As the compiled property list has it, behind the prefix.
_SYSTEM_PATH = "/usr/bin:/bin:/usr/sbin:/sbin"


def examine(user: str | None) -> Iterator[Check]:
    """All checks of the Mac that this runs on. Nothing is changed."""
    yield _python()
    yield from _programs()
    try:
        settings = read_settings(Path.home() / FILE)
        site = site_of(user, settings.prefix)
    except Refusal as refusal:
        yield Check(ROLE, "agent.json", refusal.message, f"{refusal.place}: {refusal.fix}")
        return
    yield Check(ROLE, "agent.json", f"this Mac is {settings.machine}")
    yield from _setup(settings, site)
    release = _release(site)
    if release is None:
        yield Check(ROLE, "release", "no release was confirmed here yet", _command(user))
        return
    yield Check(ROLE, "release", f"release {release.manifest.origin.number} ({release.digest[:12]})")
    yield from role_checks(release, site)


def _command(user: str | None) -> str:
    return f"sudo vane-agent run --user {user}" if user else "vane-agent run"


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    fix = "" if sys.version_info >= (3, 11) else "brew install python@3.13"
    return Check(ROLE, "Python", version, fix)


def _programs() -> Iterator[Check]:
    for name in ("git", "ssh-keygen"):
        found = shutil.which(name)
        yield Check(ROLE, name, found or "not on PATH", "" if found else "xcode-select --install")


def _setup(settings: Settings, site: Site) -> Iterator[Check]:
    signers = settings.allowed_signers
    fix = f"put the line of docs/set-up-a-mac.md into {signers}, and `chmod 644 {signers}`"
    yield _held("allowed signers", str(signers), lambda: refuse_unless_private(signers), fix)
    remote, pointer = settings.remote, pointer_name(settings.machine)
    where = next(iter(remote.values()))
    fix = f"see that {where} can be read from here and holds {pointer}: `vane bundle` writes it"
    yield _held("remote", where, lambda: remote_of(remote, site.state).file(pointer, POINTER_BYTES), fix)
    yield _reports(settings)
    program = site.prefix / "bin/vane-agent"
    is_program = os.access(program, os.X_OK)
    fix = "" if is_program else f"sudo install -m 755 vane-agent.pyz {program}"
    yield Check(ROLE, "program", str(program) if is_program else f"{program} cannot be run", fix)
    yield _job(site)
    yield _python_of_job(site)


def _python_of_job(site: Site) -> Check:
    """launchd's PATH is not a person's: there `env python3` may find one that is too old, or none."""
    found = shutil.which("python3", path=f"{site.prefix}/bin:{_SYSTEM_PATH}")
    test = "import sys; sys.exit(sys.version_info < (3, 11))"
    is_new = bool(found) and subprocess.run([str(found), "-ISc", test], check=False).returncode == 0
    fix = "" if is_new else f"ln -sf PYTHON {site.prefix}/bin/python3   (a Python 3.11 or newer)"
    return Check(ROLE, "Python of the job", found or "none", fix)


def _held(what: str, words: str, ask: Callable[[], object], fix: str) -> Check:
    try:
        ask()
    except Refusal as refusal:
        return Check(ROLE, what, f"{refusal.code} {refusal.message}", fix)
    return Check(ROLE, what, words)


def _reports(settings: Settings) -> Check:
    place = settings.reports
    if place is None:
        fix = 'add `"reports": {"folder": …}` or `{"git": …}` to agent.json, as docs/set-up-a-mac.md shows'
        return Check(ROLE, "reports", "nobody hears of this Mac, and rings before its own are never done for it", fix)
    where = next(iter(place.values()))
    fix = f"see that {where} can be reached and written from here"
    return _held("reports", where, lambda: reports_at(place).read((settings.machine,)), fix)


def _job(site: Site) -> Check:
    domain, file = site.domains[0], site.launch / f"{AGENT}.plist"
    try:
        is_loaded = Launchctl(site.domains).service(AGENT) is not None
    except Refusal as refusal:
        return Check(ROLE, "job", refusal.message, refusal.fix)
    sudo = "sudo " if site.person else ""
    fix = "" if is_loaded else f"{sudo}launchctl bootstrap {domain} '{file}'   (a first run puts the file there)"
    return Check(ROLE, "job", f"{AGENT} {'is' if is_loaded else 'is not'} loaded", fix)


def _release(site: Site) -> Release | None:
    try:
        current = read_state(site.state).current
        return Store(site.state).load(current) if current else None
    except (Refusal, OSError):
        return None
