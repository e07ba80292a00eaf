"""`mlx_lm.server` for the length of a run: started, awaited, and ended by its own process id."""

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

from compiler.diagnostics import Place, PolicyError
from compiler.formats import one_line
from compiler.plan import MLX_PREFIX
from harness.bench.run_codes import NO_MLX_SERVER

#: Large weights take minutes to read from a cold disk.
START_SECONDS = 600.0
_STOP_SECONDS = 20.0
_OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
_LOG_LINES = 5


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
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT,
            env={**environment, **_OFFLINE}, start_new_session=True,  # Ctrl-C is for the run, which ends the server
        )  # fmt: skip
    try:
        _await(process, f"http://127.0.0.1:{port}/health", log, model, patience)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        _end(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(process: subprocess.Popen[bytes], health: str, log: Path, model: str, patience: float) -> None:
    deadline = time.monotonic() + patience
    with httpx.Client(trust_env=False, timeout=5.0) as client:
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise _failed(f"it ended with exit code {process.returncode}", log, model)
            try:
                if client.get(health).is_success:
                    return
            except httpx.HTTPError:
                pass  # not yet
            time.sleep(0.1)
    raise _failed(f"it does not answer after {patience:.0f} s", log, model)


def _failed(why: str, log: Path, model: str) -> PolicyError:
    lines = log.read_text("utf-8", "replace").splitlines()[-_LOG_LINES:]
    said = " | ".join(one_line(line.strip()) for line in lines if line.strip())
    message = f"mlx_lm.server with {model}: {why}: {said or 'it said nothing'}"
    return PolicyError([NO_MLX_SERVER.at(Place(str(log)), message)])


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
