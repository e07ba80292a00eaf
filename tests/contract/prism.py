"""Prism between a client and our fake of OpenRouter: it holds every call and every answer against the description."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.contract.npm import installed, installed_node

PRISM = "5.16.0"
#: Reading the whole description takes Prism a minute on a small machine.
START_PATIENCE = 300
STOP_PATIENCE = 30


@contextmanager
def prism(specification: Path, upstream: str, port: int, log: Path) -> Iterator[str]:
    """`prism proxy --errors`, ready: it answers what breaks the contract with an error. Ended by its own process id."""
    node = installed_node()
    program = installed("prism", {"@stoplight/prism-cli": PRISM}) / "@stoplight" / "prism-cli" / "dist" / "index.js"
    arguments = ["proxy", str(specification), upstream, "--errors", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as stream:
        process = subprocess.Popen([node, str(program), *arguments], stdout=stream, stderr=subprocess.STDOUT)
        try:
            address = f"http://127.0.0.1:{port}"
            _await_ready(process, address, log)
            yield address
        finally:
            process.terminate()
            try:
                process.wait(STOP_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(STOP_PATIENCE)


def _await_ready(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + START_PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, f"Prism ended by itself:\n{log.read_text('utf-8', 'replace')[-4000:]}"
        try:
            httpx.get(f"{address}/no/such/path", timeout=5)
            return
        except httpx.TransportError:
            time.sleep(0.25)
    raise AssertionError(f"Prism was not ready after {START_PATIENCE} s:\n{log.read_text('utf-8', 'replace')[-4000:]}")
