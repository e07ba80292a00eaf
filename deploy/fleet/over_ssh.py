"""`python -m deploy.fleet.over_ssh`: bundles to Macs by pyinfra, in a process of its own, since it patches the library.

Jobs come as JSON on standard input and outcomes go as JSON to standard output: `deploy/fleet/push.py` speaks with it.
"""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

from gevent import monkey

monkey.patch_all()  # what is imported before it would hold the unpatched library, hence the order

from pyinfra.api import Config, Inventory, State, StringCommand  # noqa: E402
from pyinfra.api.exceptions import ConnectError  # noqa: E402

_ENDED = "vane-push-ended"
_CONNECT_SECONDS = 30


def _all(jobs: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Every job side by side, each by itself: one that cannot be reached does not keep another waiting."""
    hosts = [(job["machine"], _data(job)) for job in jobs]
    state = State(Inventory((hosts, {})), Config(CONNECT_TIMEOUT=_CONNECT_SECONDS))
    running = {job["machine"]: state.pool.spawn(_one, state.inventory.get_host(job["machine"]), job) for job in jobs}
    return {machine: greenlet.get() for machine, greenlet in running.items()}


def _data(job: dict[str, Any]) -> dict[str, Any]:
    user = {"ssh_user": job["user"]} if job["user"] else {}
    port = {"ssh_port": job["port"]} if job["port"] else {}
    # its own default takes whatever key a new host shows
    return {"ssh_hostname": job["host"], "ssh_strict_host_key_checking": "yes", **user, **port}


def _one(host: Any, job: dict[str, Any]) -> dict[str, Any]:
    try:
        host.connect(show_errors=False, raise_exceptions=True)
    except ConnectError as error:
        return {"problem": str(error)}
    try:
        return _brought(host, job)
    except Exception as error:  # paramiko has many, and the connection may go at any moment
        return {"problem": f"{type(error).__name__}: {error}"}
    finally:
        host.disconnect()


def _brought(host: Any, job: dict[str, Any]) -> dict[str, Any]:
    is_made, made = host.run_shell_command(StringCommand("mktemp -d /tmp/vane-push.XXXXXX"))
    folder = made.stdout.strip()
    if not is_made or not folder.startswith("/tmp/vane-push."):
        return {"problem": f"no folder can be made in /tmp: {made.output}"}
    for file in map(Path, job["files"]):
        if not host.put_file(str(file), f"{folder}/{file.name}"):
            return {"problem": f"{file.name} cannot be copied"}
    agent = shlex.join([*job["agent"], "--from", folder])
    script = f"{agent}; code=$?; rm -rf {folder}; echo {_ENDED} $code"
    _, said = host.run_shell_command(StringCommand(script))
    lines = [line for line in said.output_lines if not line.startswith(_ENDED)]
    codes = [line.split()[1] for line in said.output_lines if line.startswith(f"{_ENDED} ")]
    if not codes:
        return {"problem": "the connection ended before the agent did"}
    return {"code": int(codes[-1]), "said": lines}


if __name__ == "__main__":
    answers = sys.stdout
    sys.stdout = sys.stderr  # it prints on its own
    json.dump(_all(json.load(sys.stdin)), answers)
