"""What is wrong with an artifact of Cursor, as far as the file itself can tell."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from compiler.cursor_names import alias_problem
from compiler.guard.check import check as guard_problems
from compiler.redact import SECRET
from compiler.strict_json import strict_json

WIRE_PREFIX = "@preset/"
#: The guard must be asked at least for these: without one of them labelled data gets past it.
REQUIRED_EVENTS = ("beforeSubmitPrompt", "beforeReadFile", "beforeTabFileRead")
_COMMAND = re.compile(r"/[A-Za-z0-9._@+/-]+")
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)(?:.*?[^`])?\1(?!`)")


def check(path: str, content: bytes) -> Iterator[str]:
    """One sentence a problem; none for a sound file."""
    if path == "cursor/guard.json":
        yield from (f"{path}: {problem}" for problem in guard_problems(content))
        return
    checker = _CHECKS.get(path)
    if checker is None:
        yield f"{path}: no such file belongs below cursor/"
        return
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        yield f"{path}: not UTF-8 at byte {error.start}"
        return
    if SECRET.search(text):
        yield f"{path}: holds what looks like a secret; keys are named, never written"
    for problem in checker(text):
        yield f"{path}: {problem}"


def _schema_problems(schema: str, value: Any) -> Iterator[str]:
    for error in sorted(_validator(schema).iter_errors(value), key=lambda error: error.json_path):
        yield f"{error.json_path}: {error.message}"


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((Path(__file__).parent / f"{schema}.schema.json").read_bytes()))


def _json_checker(schema: str, more: Callable[[Any], Iterable[str]]) -> Callable[[str], Iterator[str]]:
    """A check of a JSON file: syntax, then schema, then what a schema cannot say."""

    def run(text: str) -> Iterator[str]:
        try:
            value = strict_json(text)
        except ValueError as error:
            yield f"not JSON: {error}"
            return
        problems = list(_schema_problems(schema, value))
        yield from problems or more(value)

    return run


def _settings_problems(settings: dict[str, Any]) -> Iterator[str]:
    added = settings["userAddedModels"]
    seated: dict[str, str] = {}
    known: set[str] = set()
    for entry in settings["aliases"]:
        alias, wire = entry["alias"], WIRE_PREFIX + entry["alias"]
        if problem := alias_problem(alias):
            yield problem
        if alias in known:
            yield f"alias {alias!r} is there twice"
        known.add(alias)
        if wire not in added:
            yield f"alias {alias!r} is not in userAddedModels, so nobody can pick it"
        yield from (f"alias {alias!r}: a preset of OpenRouter cannot hold {m!r}" for m in entry["models"] if _is_mlx(m))
        for mode in entry["modes"]:
            if mode in seated:
                yield f"mode {mode!r} is seated twice: by {seated[mode]!r} and by {alias!r}"
            seated[mode] = alias
    yield from (f"{wire!r} in userAddedModels is no alias" for wire in added if wire[len(WIRE_PREFIX) :] not in known)
    yield from _seating_problems(settings, seated)


def _seating_problems(settings: dict[str, Any], seated: dict[str, str]) -> Iterator[str]:
    for mode, chosen in settings["modelConfig"].items():
        if chosen["modelName"] not in settings["userAddedModels"]:
            yield f"mode {mode!r} uses {chosen['modelName']!r}, which is not in userAddedModels"
        elif mode not in seated:
            yield f"mode {mode!r} has a model, but no alias names the mode"
        elif chosen["modelName"] != WIRE_PREFIX + seated[mode]:
            yield f"mode {mode!r} uses {chosen['modelName']!r}, but alias {seated[mode]!r} names the mode"
    for mode, alias in seated.items():
        if mode not in settings["modelConfig"]:
            yield f"mode {mode!r} of alias {alias!r} has no model"


def _is_mlx(model: str) -> bool:
    return model.startswith("mlx/")


def _hooks_problems(hooks: dict[str, Any]) -> Iterator[str]:
    for event in REQUIRED_EVENTS:
        if event not in hooks["hooks"]:
            yield f"no hook for {event!r}: labelled data gets past the guard there"
    for event, entries in hooks["hooks"].items():
        for entry in entries:
            if not _COMMAND.fullmatch(entry["command"]) or ".." in entry["command"].split("/"):
                yield f"{event!r} must run one absolute executable and nothing else, not {entry['command']!r}"


def _no_more(_: Any) -> Iterable[str]:
    return ()


def _guard_problems(text: str) -> Iterator[str]:
    first = text.partition("\n")[0]
    if not first.startswith("#!") or not _COMMAND.fullmatch(first[2:]):
        yield f"its first line must be #! and one absolute interpreter, not {first!r}"
    if not text.isascii():
        yield "it must be ASCII, so that no editor or terminal shows another program than the one that runs"
    try:
        compile(text, "vane-cursor-guard", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        yield f"not a program: {error}"


def _ignore_problems(text: str) -> Iterator[str]:
    if not text.endswith("\n"):
        yield "the last line has no end"
    for number, line in enumerate(text.split("\n"), start=1):
        if line.startswith("!"):
            yield f"line {number} gives a file back to Cursor: {line!r}"
        elif "\r" in line or "\0" in line:
            yield f"line {number} holds a character that git ignore syntax cannot express"
        elif re.search(r"(?<!\\)\s$", line):
            yield f"line {number} ends in a space, which git ignore syntax drops"


def _card_problems(text: str) -> Iterator[str]:
    bare = _CODE_SPAN.sub("", text)
    if not text.startswith("# "):
        yield "it has no heading"
    if "<" in bare or "](" in bare:
        yield "it holds HTML or a link outside of code"


_CHECKS: dict[str, Callable[[str], Iterator[str]]] = {
    "cursor/settings.json": _json_checker("settings", _settings_problems),
    "cursor/hooks.json": _json_checker("hooks", _hooks_problems),
    "cursor/permissions.json": _json_checker("permissions", _no_more),
    "cursor/vane-cursor-guard": _guard_problems,
    "cursor/cursorignore": _ignore_problems,
    "cursor/card.md": _card_problems,
}
