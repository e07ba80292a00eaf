"""`vane fleet push`: a bundle to each Mac over SSH, and its agent run on it; ring by ring, to the first bad one."""

from __future__ import annotations

import argparse
import json
import plistlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from deploy.account.refusal import Refusal, one_line
from deploy.agent.labels import AGENT
from deploy.fleet.members import read_members
from deploy.release.archive import bundle_name, parse_pointer, pointer_name
from deploy.release.secret import masked

_DESTINATION = re.compile(
    r"(?P<machine>[^=@:]+)=(?:(?P<user>[\w.-]+)@)?(?P<host>[\w.-]+|\[[0-9a-fA-F:]+\])(?::(?P<port>\d{1,5}))?"
)
_NOT_FOUND = (126, 127)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a Mac is reached. What is not said is as ~/.ssh/config has it."""

    machine: str
    host: str
    user: str | None
    port: int | None


def push(asked: argparse.Namespace, say: Callable[[str], None]) -> int:
    """0: every Mac that was named has its bundle's release; 1: one has not. Raises Refusal."""
    destinations = {each.machine: each for each in map(_destination, asked.destinations)}
    if find_spec("pyinfra") is None:
        raise Refusal("VD501", "pyinfra", "it is not installed", "pip install 'weathervane[push]'")
    rings = read_members(asked.project).by_ring()
    known = {machine for machines in rings.values() for machine in machines}
    for machine in destinations.keys() - known:
        raise Refusal("VD502", machine, "fleet.yaml names no such Mac", "see `vane fleet status`, or fleet.yaml")
    jobs = {machine: _job(each, asked.project, asked.bundles) for machine, each in destinations.items()}
    for name, machines in rings.items():
        here = [jobs.pop(machine) for machine in machines if machine in jobs]
        outcomes = _asked(here) if here else {}
        for machine, outcome in outcomes.items():
            for line in _lines(machine, name, outcome):
                say(one_line(masked(line)))
        if any(outcome.get("code") != 0 for outcome in outcomes.values()):
            say(f"stopped at ring {name}; not touched: {', '.join(sorted(jobs)) or 'nobody else'}")
            return 1
    return 0


def _destination(text: str) -> Destination:
    found = _DESTINATION.fullmatch(text)
    if found is None:
        raise Refusal("VD502", text, "it is no destination", "write MACHINE=[USER@]HOST[:PORT]")
    host, port = found["host"].strip("[]"), found["port"]
    return Destination(found["machine"], host, found["user"], int(port) if port else None)


def _job(to: Destination, project: Path, bundles: Path) -> Mapping[str, Any]:
    """What over_ssh does for a Mac."""
    pointer = bundles / pointer_name(to.machine)
    try:
        name = bundle_name(parse_pointer(pointer.read_bytes()))
        files = [pointer, bundles / name, bundles / f"{name}.sig"]
        for file in files:
            file.stat()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        where = error.filename if isinstance(error, OSError) else pointer
        raise Refusal("VD502", str(where), str(why), "`vane bundle --out DIR`, and name it as --bundles") from error
    return {
        "machine": to.machine, "host": to.host, "user": to.user, "port": to.port,
        "files": [str(file) for file in files], "agent": _agent(project, to.machine),
    }  # fmt: skip


def _agent(project: Path, machine: str) -> Sequence[str]:
    """How launchd starts the agent there; as root, where the Mac's agent is."""
    file = project / "generated/machines" / machine / f"launchd/{AGENT}.plist"
    try:
        job = plistlib.loads(file.read_bytes())
        command = [str(word) for word in job["ProgramArguments"]]
        own = command[command.index(AGENT) + 1 :]
    except (OSError, ValueError, KeyError, TypeError, ExpatError, plistlib.InvalidFileException) as error:
        raise Refusal("VD101", str(file), f"it does not start the agent: {error}", "run `vane compile`") from error
    return ["sudo", "-n", *own] if job.get("UserName") == "root" else own


def _asked(jobs: Sequence[Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    command = [sys.executable, "-m", "deploy.fleet.over_ssh"]
    done = subprocess.run(command, input=json.dumps(jobs), capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise Refusal("VD501", "pyinfra", last[0], "pip install --upgrade 'weathervane[push]'")
    found: Mapping[str, Mapping[str, Any]] = json.loads(done.stdout)
    return found


def _lines(machine: str, ring: str, outcome: Mapping[str, Any]) -> Iterator[str]:
    code = outcome.get("code")
    yield f"{machine}  {ring}  {'done' if code == 0 else 'not done'}"
    yield from (f"  {line}" for line in outcome.get("said", ()))
    if code is None:
        yield f"  VD503 {outcome['problem']}"
        yield "  fix: see that `ssh` reaches it, with its host key in known_hosts: a stranger's is not taken"
    elif code in _NOT_FOUND:
        yield "  VD504 vane-agent cannot be run there, or finds no Python"
        yield "  fix: set the Mac up as docs/set-up-a-mac.md shows"
