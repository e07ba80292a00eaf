"""What a release makes a Mac do, and what each of these things needs there. Roles are told from the release's files."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from deploy.agent.blend import GUARD
from deploy.agent.guards import guards, seen
from deploy.agent.jobs import Job, jobs_of
from deploy.agent.labels import AGENT, GATEWAY, MLX
from deploy.agent.openclaw import program
from deploy.agent.site import Site, acting_for
from deploy.agent.weights import weights_of
from deploy.release.archive import Release
from deploy.release.check import Check

#: Label → the role that it stands for.
_ROLES = {GATEWAY: "gateway", MLX: "mlx", "ai.weathervane.harness": "harness"}
_ENVIRONMENT = ".config/weathervane"
_ASSIGNED = re.compile(r"^\s*(?:export\s+)?([A-Z][A-Z0-9_]*)=\S", re.MULTILINE)


def role_checks(release: Release, site: Site) -> Iterator[Check]:
    """Every check that the release's files call for."""
    jobs = jobs_of(release)
    for label in sorted(jobs.keys() - {AGENT}):
        yield from _job(jobs[label], site)
    with acting_for(site.person):
        weights = weights_of(jobs, site)
        secrets = tuple(_secrets(release, GATEWAY in jobs, site))
    if weights:
        yield Check("mlx", "weights", weights.model, "" if weights.is_there else weights.fix)
    if "openclaw.json" in release.of("openclaw"):
        yield _openclaw("gateway" if GATEWAY in jobs else "openclaw", site)
        yield from secrets
    if release.of("cursor"):
        yield from _cursor(site)
    for guard in guards(release, site):
        found = seen(guard)
        yield Check(guard.role, "guard's state", f"{found.code} {found.words}".strip(), found.fix)


def _job(job: Job, site: Site) -> Iterator[Check]:
    """The program that a property list starts, behind the launcher and its label; and a script that it is given."""
    role = _ROLES.get(job.label, job.label)
    command = [str(word) for word in job.data.get("ProgramArguments", [])]
    own = command[command.index(job.label) + 1 :] if job.label in command else command
    for index, word in enumerate(own[:2]):
        if word.startswith("/"):
            is_there = os.access(word, os.R_OK if index else os.X_OK)
            yield Check(role, "program", word, "" if is_there else _install(role, site.prefix))


def _install(role: str, prefix: Path) -> str:
    if role == "gateway":
        return f"install Node 24 as {prefix}/bin/node, then `npm install --prefix {prefix}/openclaw openclaw`"
    package = {"mlx": "mlx-lm", "harness": "'weathervane[harness]'"}.get(role, "what it needs")
    return f"python3 -m venv {prefix}/venv && {prefix}/venv/bin/pip install {package}"


def _openclaw(role: str, site: Site) -> Check:
    found = program(site)
    fix = "" if found else f"npm install --prefix {site.prefix}/openclaw openclaw"
    return Check(role, "OpenClaw", found or "not installed: its configuration goes unchecked, and unused", fix)


def _secrets(release: Release, is_gateway: bool, site: Site) -> Iterator[Check]:
    """Names alone are looked for; no value is read out."""
    role = "gateway" if is_gateway else "openclaw"
    folder = site.home / _ENVIRONMENT
    files = [folder / "env", *([folder / f"env.{GATEWAY}"] if is_gateway else [])]
    assigned = {name for file in files for name in _ASSIGNED.findall(_text(file))}
    for file in files:
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
            yield Check(role, "secrets", f"{file} can be read by others", f"chmod 600 {file}")
    for name in _wanted(release):
        fix = f"add {name}='…' to {files[-1]}, and `chmod 600` it"
        yield Check(role, "secret", name, "" if name in assigned else fix)


def _wanted(release: Release) -> tuple[str, ...]:
    """The variables that the configuration may read."""
    try:
        allowed = json.loads(release.of("openclaw")["openclaw.json"])["secrets"]["providers"]["default"]["allowlist"]
        return tuple(sorted(str(name) for name in allowed))
    except (ValueError, KeyError, TypeError, RecursionError):
        return ()


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return ""


def _cursor(site: Site) -> Iterator[Check]:
    app, guard = site.applications / "Cursor.app", Path(f"{site.prefix}/cursor{GUARD}")
    yield Check("cursor", "Cursor", str(app), "" if app.is_dir() else "install it from https://cursor.com/download")
    is_guarded = os.access(guard, os.X_OK)
    yield Check("cursor", "guard", str(guard), "" if is_guarded else "vane-agent run   (the hooks block without it)")
