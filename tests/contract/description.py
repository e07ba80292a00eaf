"""OpenRouter's own OpenAPI description: where it is looked for, and what is said where there is none."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import httpx

from tests.contract.npm import HOME, PROJECT

#: Names a file with the description, as JSON; then nothing else is looked at.
VARIABLE = "OPENROUTER_DESCRIPTION"
#: The part of the description that this project uses, beside the project; read where it is.
BESIDE = PROJECT.parent / "shared" / "specs" / "openrouter-cut.json"
#: Where OpenRouter publishes it; once downloaded it is kept until `make clean`.
OFFICIAL = "https://openrouter.ai/openapi.json"
KEPT = HOME / "openrouter.json"
PATIENCE = 20
PRESET_CALL = "/presets/{slug}/chat/completions"


class Absent(Exception):
    """There is no description to hold anything against; the message says where it was looked for."""


def find() -> tuple[str, Any]:
    """Where the description is, and what it says. A file that somebody named must be there and be one."""
    named = os.environ.get(VARIABLE)
    for file in [Path(named)] if named else [BESIDE, KEPT]:
        if named or file.is_file():
            return str(file), with_preset_call(parsed(file.read_bytes()))
    try:
        answer = httpx.get(OFFICIAL, timeout=PATIENCE, follow_redirects=True).raise_for_status()
        data = parsed(answer.content)
    except (httpx.HTTPError, ValueError) as error:
        raise Absent(
            f"no description of OpenRouter's API: {VARIABLE} is not set, {BESIDE} is not there, "
            f"and {OFFICIAL} cannot be had ({error})"
        ) from error
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_bytes(answer.content)
    return OFFICIAL, with_preset_call(data)


def parsed(content: bytes) -> Any:
    """An OpenAPI description; anything else is an error, such as the page of a proxy that wants a password."""
    data = json.loads(content)
    if not (isinstance(data, dict) and "openapi" in data and "paths" in data):
        raise ValueError("it is JSON, and no OpenAPI description")
    return data


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
