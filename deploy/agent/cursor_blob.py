"""What of Cursor's settings is ours: values in, values out, everything else untouched. No I/O here."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

#: A value that was not there before ours.
ABSENT = {"absent": True}
_FIELDS = ("openAIBaseUrl", "useOpenAIKey")

Blob = dict[str, Any]


def is_wanted(data: Any) -> bool:
    """Whether it is what the compiler writes as cursor/settings.json."""
    if not isinstance(data, dict) or not isinstance(data.get("modelConfig"), dict):
        return False
    models, choices = data.get("userAddedModels"), data["modelConfig"].values()
    return (
        isinstance(data.get("openAIBaseUrl"), str)
        and isinstance(data.get("useOpenAIKey"), bool)
        and isinstance(models, list)
        and all(isinstance(model, str) for model in models)
        and all(isinstance(choice, dict) and {"modelName", "maxMode"} <= choice.keys() for choice in choices)
    )


def is_known(data: Any) -> bool:
    """Whether Cursor's row has the form that we can put values into."""
    if not isinstance(data, dict) or not isinstance(section := data.get("aiSettings", {}), dict):
        return False
    models, modes = section.get("userAddedModels", []), section.get("modelConfig", {})
    return isinstance(models, list) and all(isinstance(model, str) for model in models) and isinstance(modes, dict)


def merged(blob: Blob, wanted: Mapping[str, Any], owned: Mapping[str, Any]) -> tuple[Blob, Blob]:
    """The blob with what is wanted, and what is ours in it; `owned` says what was ours until now."""
    clean, _ = without(blob, owned)
    after, mine = copy.deepcopy(clean), Blob(fields={}, models=[], modes={})
    for name in _FIELDS:
        mine["fields"][name] = [after.get(name, ABSENT), wanted[name]]
        after[name] = wanted[name]
    settings = _section(after)
    theirs = settings.setdefault("userAddedModels", [])
    mine["models"] = [model for model in wanted["userAddedModels"] if model not in theirs]
    settings["userAddedModels"] = [*theirs, *mine["models"]]
    modes = settings.setdefault("modelConfig", {})
    for mode, choice in wanted["modelConfig"].items():
        if mode in modes:  # one that this version does not have would be ours alone
            mine["modes"][mode] = [modes[mode], _mode(modes[mode], choice)]
            modes[mode] = mine["modes"][mode][1]
    return after, mine


def without(blob: Blob, owned: Mapping[str, Any]) -> tuple[Blob, Blob]:
    """The blob as it would be without us: what a person changed since stays as the person wants it."""
    after = copy.deepcopy(blob)
    settings = _section(after)
    for name, (before, ours) in owned.get("fields", {}).items():
        _put_back(after, name, before, ours)
    for mode, (before, ours) in owned.get("modes", {}).items():
        _put_back(settings.get("modelConfig", {}), mode, before, ours)
    if models := set(owned.get("models", [])):
        settings["userAddedModels"] = [model for model in settings.get("userAddedModels", []) if model not in models]
    return after, {}


def _put_back(place: Blob, name: str, before: Any, ours: Any) -> None:
    if place.get(name, ABSENT) != ours:
        return
    if before == ABSENT:
        del place[name]
    else:
        place[name] = before


def _mode(there: Any, choice: Mapping[str, Any]) -> Blob:
    """Unknown keys of a mode stay."""
    kept = there if isinstance(there, dict) else {}
    model = {"modelId": choice["modelName"], "parameters": []}
    return {**kept, "modelName": choice["modelName"], "maxMode": choice["maxMode"], "selectedModels": [model]}


def _section(blob: Blob) -> Blob:
    section: Blob = blob.setdefault("aiSettings", {})
    return section
