"""Which models the account lets scenarios reach, read from the desired state alone.

A preset is what a Cursor scenario asks for, so its models and `provider` object are that scenario's reach. A guardrail
is the last gate behind all Macs: what it admits is the reach of its key, with the zero retention that it enforces.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from compiler.targets import Reach

PRESETS = "openrouter/presets.json"
GUARDRAILS = "openrouter/guardrails.json"
#: Authors whose zero retention has a switch of its own; everybody else's is enforce_zdr_other.
_SWITCHES = {"anthropic": "anthropic", "openai": "openai", "google": "google", "x-ai": "xai"}


def read(files: Mapping[str, bytes]) -> Iterator[Reach]:
    """One reach for each model of each preset and guardrail; one without models may reach any."""
    if PRESETS in files:
        yield from _presets(files)
    if GUARDRAILS in files:
        yield from _guardrails(files)


def _guardrails(files: Mapping[str, bytes]) -> Iterator[Reach]:
    for number, guardrail in enumerate(json.loads(files[GUARDRAILS])["guardrails"]):
        key = str(guardrail.get("assigned_key", "*")).removeprefix("vane-")
        path = f"{GUARDRAILS} guardrails[{number}].allowed_models"
        for model in guardrail.get("allowed_models") or ["*"]:
            switch = f"enforce_zdr_{_SWITCHES.get(str(model).partition('/')[0], 'other')}"
            zdr = {"zdr": guardrail.get(switch) is True}
            yield Reach(f"key:{key}", str(model), f'{path}["{model}"]', zdr)


def _presets(files: Mapping[str, bytes]) -> Iterator[Reach]:
    for number, preset in enumerate(json.loads(files[PRESETS])["presets"]):
        provider = preset.get("provider") or {}
        path = f"{PRESETS} presets[{number}]"
        models = [*preset.get("models", ()), *([preset["model"]] if "model" in preset else [])]
        for index, model in enumerate(models or ["*"]):
            yield Reach(preset["scenario"], str(model), f"{path}.models[{index}]", provider)
