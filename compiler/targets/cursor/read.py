"""Artifacts to reachable models: what Cursor would do with the files as they are, whoever wrote them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from compiler.strict_json import strict_json
from compiler.targets import Reach
from compiler.targets.cursor.program import body

SETTINGS = "cursor/settings.json"
HOOKS = "cursor/hooks.json"
GUARD = "cursor/vane-cursor-guard"
RULES = "cursor/guard.json"
PRESET = "@preset/"
OPENROUTER = "openrouter.ai"
#: Where the guard must stand in the way, and fail closed, for its labels to mean anything.
GATES = ("beforeSubmitPrompt", "beforeReadFile", "beforeTabFileRead")


def read(files: Mapping[str, bytes]) -> Iterator[Reach]:
    """Every model that a scenario, or data under a label, can reach through Cursor."""
    settings = strict_json(files[SETTINGS].decode("utf-8")) if SETTINGS in files else {}
    if settings:
        yield from _through_settings(settings)
    if RULES in files:
        data = strict_json(files[RULES].decode("utf-8"))
        yield from _through_guard(settings, data)
        yield from _around_guard(files, data)
    elif settings:
        yield Reach("label:*", "*", RULES, {})


def _through_settings(settings: Mapping[str, Any]) -> Iterator[Reach]:
    entries = settings.get("aliases", [])
    for index, entry in enumerate(entries):
        yield from _behind(settings, index, entry["scenario"], f"{SETTINGS} aliases[{index}]")
    # any person can pick any name in any mode, so a name that is no alias is within reach of every scenario
    scenarios = tuple(dict.fromkeys(entry["scenario"] for entry in entries)) or ("cursor",)
    for path, name in _names(settings):
        if not _positions(settings, name):
            model = name if isinstance(name, str) and name else "*"
            for scenario in scenarios:
                yield Reach(scenario, _addressed(settings, model), f"{SETTINGS} {path}", {})


def _names(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every model name that Cursor would send, and where it stands."""
    for mode, chosen in settings.get("modelConfig", {}).items():
        yield f"modelConfig.{mode}", chosen.get("modelName")
    for index, name in enumerate(settings.get("userAddedModels", [])):
        yield f"userAddedModels[{index}]", name


def _positions(settings: Mapping[str, Any], name: Any) -> list[int]:
    """Which aliases a name on the wire means: one, unless the file is wrong."""
    entries = settings.get("aliases", [])
    return [at for at, entry in enumerate(entries) if name == PRESET + str(entry["alias"])]


def _behind(settings: Mapping[str, Any], index: int, scenario: str, path: str) -> Iterator[Reach]:
    entry = settings["aliases"][index]
    provider = entry.get("provider", {})
    for position, model in enumerate(entry.get("models", [])):
        yield Reach(scenario, _addressed(settings, str(model)), f"{path}.models[{position}]", provider)
    if not entry.get("models"):
        yield Reach(scenario, _addressed(settings, "*"), f"{path}.models", provider)


def _addressed(settings: Mapping[str, Any], model: str) -> str:
    """`model` as OpenRouter serves it; with the address in front where the request goes to somebody else."""
    base = settings.get("openAIBaseUrl")
    if settings.get("useOpenAIKey") is True and isinstance(base, str) and _is_openrouter(base):
        return model
    return f"{base}!{model}"


def _is_openrouter(base: str) -> bool:
    try:
        url = urlsplit(base)
        return (url.scheme, url.hostname, url.port or 443) == ("https", OPENROUTER, 443)
    except ValueError:
        return False


def _through_guard(settings: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[Reach]:
    """What the guard lets through on a label, for the label itself and for the scenario behind the alias."""
    for label, cleared in data["cursor"]["cleared"].items():
        for position, alias in enumerate(cleared):
            path = f"{RULES} cursor.cleared.{label}[{position}]"
            indexes = _positions(settings, PRESET + str(alias))
            for index in indexes:
                yield from _behind(settings, index, settings["aliases"][index]["scenario"], path)
                yield from _behind(settings, index, f"label:{label}", path)
            if not indexes:
                yield Reach(f"label:{label}", str(alias), path, {})


def _around_guard(files: Mapping[str, bytes], data: Mapping[str, Any]) -> Iterator[Reach]:
    """Where the guard is not asked, is ignored when it fails, or is not ours, data reaches whatever somebody picks."""
    if files.get(GUARD, b"").partition(b"\n")[2] != body().encode():
        yield from (Reach(f"label:{label}", "*", GUARD, {}) for label in data["labels"])
    hooks = strict_json(files[HOOKS].decode("utf-8")).get("hooks", {}) if HOOKS in files else {}
    for event in GATES:
        if any(_stands(entry) for entry in hooks.get(event, [])):
            continue
        for label in data["labels"]:
            yield Reach(f"label:{label}", "*", f"{HOOKS} hooks.{event}", {})


def _stands(entry: Mapping[str, Any]) -> bool:
    command = str(entry.get("command", ""))
    is_guard = command.startswith("/") and command.endswith("/" + GUARD) and not set(command) & set(" ;|&<>$`\"'")
    return is_guard and entry.get("failClosed") is True
