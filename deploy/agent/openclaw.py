"""OpenClaw on this Mac: its own check of a configuration, and whether its gateway is well."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.account.refusal import Refusal
from deploy.agent.site import Site, acting_for, command_as

TOKEN = "OPENCLAW_GATEWAY_TOKEN"
_MOST_PORT = 65535
#: A cold start of its command line took 23 s on a busy machine; a first turn of an agent 69 s.
_CHECK_SECONDS, _ASK_SECONDS, _PROBE_SECONDS = 180, 5, 120


def gateway_port(config: bytes) -> int | None:
    """Where the gateway of a configuration listens; None where this Mac only uses another's."""
    try:
        gateway = json.loads(config)["gateway"]
        port = gateway["port"] if gateway["mode"] == "local" else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return port if type(port) is int and 0 < port <= _MOST_PORT else None


def refuse_unless_valid(config: bytes, site: Site) -> bool:
    """Ask the installed OpenClaw, in a folder of its own. False where none is installed. Raises Refusal."""
    command = program(site)
    if command is None:
        return False
    with acting_for(site.person):
        # root's own temporary folder on a Mac is closed to all others
        folder = Path(tempfile.mkdtemp(prefix="vane-", dir="/tmp" if site.person else None))
        file = folder / "openclaw.json"
        file.write_bytes(config)
        file.chmod(0o600)
    try:
        done = _check(command, file, site)
    finally:
        with acting_for(site.person):
            shutil.rmtree(folder, ignore_errors=True)
    if done.returncode:
        raise Refusal("VD303", "openclaw.json", _why(done.stdout), "nothing was changed; mend the policy, or OpenClaw")
    return True


def program(site: Site) -> str | None:
    """How to start OpenClaw: ours below the prefix, else whichever is on PATH."""
    ours = site.prefix / "openclaw/node_modules/.bin/openclaw"
    return str(ours) if ours.exists() else shutil.which("openclaw")


def _check(program: str, file: Path, site: Site) -> subprocess.CompletedProcess[bytes]:
    account = command_as(site.person, site.home)
    account["env"] |= {"OPENCLAW_CONFIG_PATH": str(file), "OPENCLAW_STATE_DIR": str(file.parent)}
    command = [program, "config", "validate", "--json"]
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=_CHECK_SECONDS, **account)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refusal("VD303", program, f"its check cannot be run: {error}", "mend the installation") from error


def _why(answer: bytes) -> str:
    try:
        issue = json.loads(answer)["issues"][0]
        return f"{issue['path']}: {issue['message']}"
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return "it says no more than that it is invalid"


def is_healthy(port: int) -> bool:
    """One question; an answer that does not come in time is none."""
    return _status("GET", port, "/healthz", None, {}, _ASK_SECONDS) == 200


def refuse_without_token() -> None:
    """A probe that cannot be sent must not undo a release. Raises Refusal."""
    if not os.environ.get(TOKEN):
        fix = f"put {TOKEN} into the env file of ai.weathervane.deploy, or take `probe` out of agent.json"
        raise Refusal("VD401", "probe", f"{TOKEN} is not in the agent's environment", fix)


def refuse_unless_answering(port: int, scenario: str) -> None:
    """Have a scenario's model say one token, the way a client would. Raises Refusal."""
    body = {
        "model": f"openclaw/{scenario}",
        "max_tokens": 1,
        "messages": [{"role": "user", "content": "Say hello."}],
    }
    headers = {"Authorization": f"Bearer {os.environ.get(TOKEN, '')}", "Content-Type": "application/json"}
    status = _status("POST", port, "/v1/chat/completions", json.dumps(body).encode(), headers, _PROBE_SECONDS)
    if status != 200:
        said = "nothing" if status is None else f"HTTP {status}"
        raise Refusal("VD307", f"openclaw/{scenario}", f"asked for one token, it answered {said}", "see its log")


def _status(
    method: str, port: int, path: str, body: bytes | None, headers: Mapping[str, Any], seconds: float
) -> int | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        answer.read(1 << 16)
        return answer.status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
