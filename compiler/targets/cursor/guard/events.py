"""What Cursor says: the event, the files and the texts that it names, the models that shall see them."""

from __future__ import annotations

import os
import re
from typing import Any

PROMPT = "beforeSubmitPrompt"
TAB = "beforeTabFileRead"
READS = (TAB, "beforeReadFile")
COMMANDS = ("beforeShellExecution", "beforeMCPExecution")
SUBAGENT = "subagentStart"
EVENTS = (PROMPT, *READS, *COMMANDS, SUBAGENT)
WIRE = "@preset/"
BETWEEN_WORDS = re.compile(r"[\s\"'`;|&<>(){}\[\],=]+")


class Unclear(Exception):
    """The event, or what it points at, cannot be judged."""


class NoRules(Unclear):
    """The guard's own data cannot be read."""


def strings(value: Any) -> list[str]:
    """Every text inside a JSON value."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in inner for text in strings(item)]


def folders(event: dict[str, Any]) -> list[str]:
    """The workspace roots; without them nothing can be said about the data."""
    roots = event.get("workspace_roots")
    if not isinstance(roots, list) or not all(isinstance(root, str) and os.path.isabs(root) for root in roots):
        raise Unclear("workspace_roots is not a list of absolute paths")
    return roots


def attachments(event: dict[str, Any]) -> list[str]:
    """Paths of the files that go along with a request."""
    entries = event.get("attachments") or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Unclear("attachments is not a list of objects")
    paths = [entry.get("filePath", entry.get("file_path")) for entry in entries]
    return [path for path in paths if isinstance(path, str) and path]


def words(event: dict[str, Any]) -> list[str]:
    """Words of a command or of a tool's input: some of them are paths."""
    texts = strings([event.get("command"), event.get("tool_input")])
    return list(dict.fromkeys(word for text in texts for word in BETWEEN_WORDS.split(text) if word))


def texts(event: dict[str, Any], kind: str) -> list[str]:
    """What the event would show to a model, as far as Cursor says it."""
    if kind == PROMPT:
        prompt = event.get("prompt")
        if not isinstance(prompt, str):
            raise Unclear("prompt is missing")
        return [prompt]
    return strings([event.get(key) for key in ("content", "command", "tool_input", "task")])


def files(event: dict[str, Any], kind: str, roots: list[str]) -> list[str]:
    """Absolute paths of every file that the event names."""
    named = attachments(event)
    bases = roots
    if kind in READS:
        if not isinstance(event.get("file_path"), str) or not event["file_path"]:
            raise Unclear("file_path is missing")
        named.append(event["file_path"])
    if kind in COMMANDS:
        cwd = event.get("cwd")
        bases = [*roots, cwd] if isinstance(cwd, str) and os.path.isabs(cwd) else roots
        named += words(event)
    full = [os.path.join(base, os.path.expanduser(name)) for name in named for base in bases or ["/"]]
    return [*full, *(base for base in bases if base not in roots)]


def models(event: dict[str, Any], kind: str) -> list[str]:
    """The models that shall see the data, as aliases; empty text stands for a model that Cursor does not name."""
    names = [event.get("model")]
    if kind == SUBAGENT and event.get("subagent_model") is not None:
        # a subagent that inherits runs on the model that was judged when the prompt was sent
        inherits = event["subagent_model"] == "inherit"
        names = [name for name in names if name is not None] if inherits else [event["subagent_model"]]
    return [name[len(WIRE) :] if name.startswith(WIRE) else name for name in map(text_or_nothing, names)]


def text_or_nothing(value: Any) -> str:
    """`value` where it is text."""
    return value if isinstance(value, str) else ""
