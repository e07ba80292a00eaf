"""The real OpenClaw gateway on the loopback, with the compiled configuration and a throw-away home."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

import httpx

from tests.fakes.upstream import Upstream

#: On a small, busy machine the gateway needs up to two minutes, and an agent's first turn up to one.
START_PATIENCE = 300
TURN_PATIENCE = 420
COMMAND_PATIENCE = 240
STOP_PATIENCE = 60
#: A turn that failed because OpenClaw 2026.9.6 lost the lock on its own state. Seen once, on a busy disk, with no other
#: process there: from then on it failed whatever it was asked, so nothing can be learned from such a gateway.
LOST = re.compile(r"failed(?: before reply)?: (?:SqliteWorkerError: )?another OpenClaw process owns state-lifecycle")
#: Made for each run: long and random enough for OpenClaw's own audit.
TOKEN_VARIABLE = "OPENCLAW_GATEWAY_TOKEN"


def overlay(content: bytes, mlx_port: int, twins: Mapping[str, str]) -> bytes:
    """The compiled file with the MLX server's stub in place, and agents again under other names, all at the same time.

    `twins` maps a new name to the agent that it copies. All else, OpenRouter's address too, stays as compiled.
    """
    data = json.loads(content)
    data["models"]["providers"]["mlx"]["baseUrl"] = f"http://127.0.0.1:{mlx_port}/v1"
    agents = data["agents"]
    agents["defaults"]["maxConcurrent"] += len(twins)
    for twin, agent in twins.items():
        agents["entries"][twin] = {**agents["entries"][agent], "workspace": f"~/.openclaw/workspace-{twin}"}
    return json.dumps(data, ensure_ascii=False, indent=2).encode()


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway, and how to speak with it."""

    command: Sequence[str]
    environment: Mapping[str, str]
    #: the way out for commands that run beside the gateway
    side_proxy: str
    folder: Path
    port: int
    #: none for commands alone
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """The end of what the gateway said so far."""
        return (self.folder / "gateway.log").read_text("utf-8", "replace")[-6000:]

    @property
    def is_lost(self) -> bool:
        """Whether a turn failed because the gateway lost hold of its own state."""
        return LOST.search((self.folder / "gateway.log").read_text("utf-8", "replace")) is not None

    def ask(
        self,
        scenario: str,
        text: str | list[dict[str, Any]],
        *,
        stream: bool = False,
        model: str | None = None,
        session: str | None = None,
    ) -> httpx.Response:
        """One turn of a scenario's agent over `/v1/chat/completions`; unless one is named, in a session of its own.

        `text` may be OpenAI's parts of a message, too: text and pictures.
        """
        wanted = {"x-openclaw-model": model, "x-openclaw-session-key": session}
        body = {
            "model": f"openclaw/{scenario}",
            "stream": stream,
            "messages": [{"role": "user", "content": text}],
        }
        return httpx.post(
            f"http://127.0.0.1:{self.port}/v1/chat/completions",
            json=body,
            headers={
                "Authorization": f"Bearer {self.environment[TOKEN_VARIABLE]}",
                **{name: value for name, value in wanted.items() if value},
            },
            timeout=TURN_PATIENCE,
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of OpenClaw on the same configuration and state."""
        return subprocess.run(
            [*self.command, *arguments],
            env={**self.environment, "OPENCLAW_PROXY_URL": self.side_proxy},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=COMMAND_PATIENCE,
            check=False,
        )

    def call(self, method: str, parameters: Mapping[str, Any]) -> subprocess.CompletedProcess[str]:
        """A request to the running gateway, as its own clients send them."""
        address = ["--url", f"ws://127.0.0.1:{self.port}", "--token", self.environment[TOKEN_VARIABLE]]
        return self.run("gateway", "call", method, *address, "--json", "--params", json.dumps(parameters))

    def chat(self, session: str, message: str) -> str:
        """A message as a person's own client sends it, where `/model` is a command; and what it was answered."""
        before = len(self._replies(session))
        sent = self.call("chat.send", {"sessionKey": session, "message": message, "idempotencyKey": token_hex(8)})
        assert sent.returncode == 0, sent.stdout + sent.stderr
        deadline = time.monotonic() + COMMAND_PATIENCE
        while time.monotonic() < deadline:
            if len(replies := self._replies(session)) > before:
                return replies[-1]
        raise AssertionError(f"no answer to {message!r} in {COMMAND_PATIENCE} s")

    def _replies(self, session: str) -> list[str]:
        done = self.call("chat.history", {"sessionKey": session})
        assert done.returncode == 0, done.stdout + done.stderr
        messages = json.loads(done.stdout)["messages"]
        return [json.dumps(message["content"]) for message in messages if message["role"] == "assistant"]


def home(folder: Path, files: Mapping[str, bytes]) -> dict[str, str]:
    """A home with these files where a Mac has them, and the environment that points OpenClaw there."""
    state = folder / ".openclaw"
    state.mkdir(mode=0o700, exist_ok=True)
    for name, content in files.items():
        (state / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        (state / name).write_bytes(content)
        (state / name).chmod(0o600)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "OPENCLAW_CONFIG_PATH": str(state / "openclaw.json"),
        "OPENCLAW_STATE_DIR": str(state),
        "OPENCLAW_CONFIG_READONLY": "1",
    }


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, upstream: Upstream, certificate: Path
) -> Iterator[Gateway]:
    """The gateway, ready; it is ended by its own process id, and nobody it might have left behind is looked for."""
    port = free_port()
    network = {
        "OPENCLAW_PROXY_URL": f"http://127.0.0.1:{upstream.proxy.port}",
        "NODE_EXTRA_CA_CERTS": str(certificate),
    }
    side_proxy = f"http://127.0.0.1:{upstream.side_proxy.port}"
    environment = {**environment, **network}
    with (folder / "gateway.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "gateway", "--port", str(port)],
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        gateway = Gateway(command, environment, side_proxy, folder, port, process)
        try:
            _await_ready(process, gateway)
            yield gateway
        finally:
            process.terminate()
            try:
                process.wait(STOP_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(STOP_PATIENCE)


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_ready(process: subprocess.Popen[bytes], gateway: Gateway) -> None:
    deadline = time.monotonic() + START_PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the gateway ended by itself:\n{gateway.log}"
        try:
            if httpx.get(f"http://127.0.0.1:{gateway.port}/readyz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.25)
    raise AssertionError(f"the gateway was not ready after {START_PATIENCE} s:\n{gateway.log}")
