"""Prism between a client and our fake of OpenRouter: it holds every call and every answer against the description."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.npm import HOME, installed

PROJECT = Path(__file__).parents[2]
PRISM = "5.16.0"
#: The part of the description that this project uses, beside the project; read where it is.
BESIDE = PROJECT.parent / "shared" / "specs" / "openrouter-cut.json"
OFFICIAL = "https://raw.githubusercontent.com/OpenRouterTeam/typescript-sdk/main/.speakeasy/in.openapi.yaml"
#: Reading the whole description takes Prism a minute on a small machine.
START_PATIENCE = 300
STOP_PATIENCE = 30
PRESET_CALL = "/presets/{slug}/chat/completions"


def description(folder: Path) -> Path:
    """OpenRouter's OpenAPI description as a file; the test is skipped where there is none."""
    if BESIDE.is_file():
        file = folder / "openrouter.json"
        file.write_text(json.dumps(with_preset_call(json.loads(BESIDE.read_text("utf-8")))), "utf-8")
        return file
    file = HOME / "openrouter.yaml"
    if not file.is_file():
        try:
            answer = httpx.get(OFFICIAL, timeout=60, follow_redirects=True).raise_for_status()
        except httpx.HTTPError as error:
            pytest.skip(f"not run: OpenRouter's description is neither in {BESIDE} nor at {OFFICIAL} ({error})")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(answer.content)
    return file


def with_preset_call(data: Any) -> Any:
    """The cut description lacks the call that sets a preset; the bodies that it takes and gives are there by name.

    The official one says of it: a ChatRequest in, `data` with a preset and its version out, the usual errors.
    """
    if PRESET_CALL not in data["paths"]:
        read = data["paths"]["/presets/{slug}"]["get"]
        body = {"application/json": {"schema": {"$ref": "#/components/schemas/ChatRequest"}}}
        data["paths"][PRESET_CALL] = {
            "post": {
                "operationId": "createPresetsChatCompletions",
                "parameters": read["parameters"],
                "requestBody": {"required": True, "content": body},
                "responses": read["responses"],
            }
        }
    return data


@contextmanager
def prism(specification: Path, upstream: str, port: int, log: Path) -> Iterator[str]:
    """`prism proxy --errors`, ready: it answers what breaks the contract with an error. Ended by its own process id."""
    node = shutil.which("node")
    assert node, "node is needed to run Prism"
    program = installed("prism", "@stoplight/prism-cli", PRISM) / "dist" / "index.js"
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
