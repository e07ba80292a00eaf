"""`mlx_lm.server` for the length of a run: started, awaited, and ended by its own process id.

Its /health says ok while the model is still loading, and goes on listening, with 503, where the model cannot be loaded:
a server is there when it has generated a token, and not before.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from compiler.diagnostics import Finding, Place, PolicyError
from compiler.formats import one_line
from compiler.plan import MLX_PREFIX
from harness.bench.mlx_weights import are_missing
from harness.bench.run_codes import NO_MLX_SERVER, NO_WEIGHTS

#: Large weights take minutes to read from a cold disk.
START_SECONDS = 600.0
_STOP_SECONDS = 20.0
_OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
_LOG_LINES, _TAIL_BYTES = 5, 64 * 1024
_ONE_TOKEN = {"prompt": ".", "max_tokens": 1}


def repository(model: str) -> str:
    """What mlx_lm calls a model of the plan."""
    return model.removeprefix(MLX_PREFIX)


@contextmanager
def mlx_server(
    model: str, log: Path, patience: float = START_SECONDS, environment: Mapping[str, str] = os.environ
) -> Iterator[str]:
    """A server of `model` (a repository in the cache, or a folder) on a free loopback port; gives its base URL."""
    port = _free_port()
    command = [sys.executable, "-m", "mlx_lm", "server", "--model", model, "--host", "127.0.0.1", "--port", str(port)]
    offline = {**environment, **_OFFLINE}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT,
            env=offline, start_new_session=True,  # Ctrl-C is for the run, which ends the server
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}/v1"
    try:
        if why := await_token(process, url, patience):
            is_bare = are_missing([sys.executable], model, offline)
            cause = [no_weights(model, f"hf download {model}")] if is_bare else []
            raise PolicyError([failed(why, log, model), *cause])
        yield url
    finally:
        end(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_token(process: subprocess.Popen[bytes], url: str, patience: float) -> str | None:
    """Wait until the server has generated a token; why it has not, if it cannot."""
    deadline = time.monotonic() + patience
    with httpx.Client(trust_env=False) as client:
        while (left := deadline - time.monotonic()) > 0:
            if process.poll() is not None:
                return f"it ended with exit code {process.returncode}"
            try:
                answer = client.post(f"{url}/completions", json=_ONE_TOKEN, timeout=left)
            except httpx.HTTPError:
                time.sleep(0.1)  # not yet, or it ended in the middle
            else:
                return None if answer.is_success else f"it answers {answer.status_code}: {answer.text[:200]}"
    return f"it does not answer after {patience:.0f} s"


def failed(why: str, log: Path, model: str) -> Finding:
    """A server that did not come up, with the last that it said."""
    said = " | ".join(one_line(line.strip()) for line in _tail(log).splitlines()[-_LOG_LINES:] if line.strip())
    return NO_MLX_SERVER.at(Place(str(log)), f"mlx_lm.server with {model}: {why}: {said or 'it said nothing'}")


def _tail(log: Path) -> str:
    """The end of a log: launchd's grows for weeks."""
    if not log.is_file():
        return ""
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        return stream.read().decode("utf-8", "replace")


def no_weights(model: str, command: str) -> Finding:
    """Weights that are not there, and the command that gets them."""
    place = Place("policies/fleet.yaml")
    return NO_WEIGHTS.at(place, f"{model} is not in the model cache of this machine", f"get it with: {command}")


def end(process: subprocess.Popen[bytes], seconds: float = _STOP_SECONDS) -> None:
    """Ask the server to end; after so long, make it."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
