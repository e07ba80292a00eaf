"""Which models the account lets scenarios reach, read from the desired state alone.

A preset is what a Cursor scenario asks for, so its models and `provider` object are that scenario's reach. Guardrails
only take away; one that is missing or admits everything opens nothing that presets and Macs do not ask for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from compiler.targets import Reach

PRESETS = "openrouter/presets.json"


def read(files: Mapping[str, bytes]) -> Iterator[Reach]:
    """One reach for each model of each preset; a preset without models may reach any."""
    if PRESETS not in files:
        return
    for number, preset in enumerate(json.loads(files[PRESETS])["presets"]):
        provider = preset.get("provider") or {}
        path = f"{PRESETS} presets[{number}]"
        models = [*preset.get("models", ()), *([preset["model"]] if "model" in preset else [])]
        for index, model in enumerate(models or ["*"]):
            yield Reach(preset["scenario"], str(model), f"{path}.models[{index}]", provider)
