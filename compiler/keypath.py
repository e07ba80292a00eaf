"""Key paths into artifacts, such as `a.b["c/d"].e[0]`: which value one means, and where the value stands."""

from __future__ import annotations

import difflib
import json
import plistlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.parsers.expat import ExpatError
from xml.sax.saxutils import escape

import simplejson

from compiler.diagnostics import Place

#: A way into a document: keys of mappings, indexes of lists.
Steps = tuple[str | int, ...]

_INDEX = re.compile(r"\[(\d+)\]")
_QUOTED = re.compile(r"""\[("(?:[^"\\]|\\.)*"|'[^']*')\]""")
_WORD = re.compile(r"[^.\[]+")
_SPACE = re.compile(r"\s*")


class NoSuchKeyError(LookupError):
    """A path leads nowhere; `steps` is how far it went, and the message says what is there instead."""

    def __init__(self, document: Any, steps: Steps, rest: str) -> None:
        self.steps = steps
        super().__init__(_nearest(value_at(document, steps), steps, rest))


@dataclass(frozen=True, slots=True)
class Missing:
    """Stands for a value that is not there."""


MISSING = Missing()


def parted(way: str, files: Iterable[str]) -> tuple[str, str]:
    """File and key path of a way as targets write it (`Reach.path`).

    It begins with its file, or lies in the JSON file at the top of the machine's folder; what is handed from agent to
    agent lies where the last part says.
    """
    last = way.rpartition(" > ")[2]
    named = [path for path in files if last == path or last.startswith((f"{path} ", f"{path}#"))]
    if named:
        path = max(named, key=len)
        return path, last[len(path) + 1 :]
    return next((path for path in files if "/" not in path and path.endswith(".json")), ""), last


def document(path: str, content: bytes) -> Any:
    """The data of a JSON file or property list, numbers as Decimal; ValueError where it is neither."""
    try:
        if path.endswith(".json"):
            return simplejson.loads(content.decode("utf-8"), use_decimal=True)
        if path.endswith(".plist"):
            return plistlib.loads(content)
    except (ExpatError, LookupError, TypeError, RecursionError) as error:
        raise ValueError(f"{path}: {error}") from error
    raise ValueError(f"{path} is neither JSON nor a property list")


def shown(value: Any) -> str:
    """A value as JSON on one line, every digit kept."""
    return str(simplejson.dumps(value, use_decimal=True, ensure_ascii=False, default=str))


def written(steps: Steps) -> str:
    """A path as text: keys with dots or brackets in quotes."""
    parts = (f"[{step}]" if isinstance(step, int) else _key(step) for step in steps)
    return "".join(parts).removeprefix(".")


def _key(key: str) -> str:
    return f".{key}" if key and _WORD.fullmatch(key) and "/" not in key else f"[{json.dumps(key, ensure_ascii=False)}]"


def value_at(document: Any, steps: Steps) -> Any:
    """The value, or MISSING."""
    at = document
    for step in steps:
        at = next((below for key, below in _children(at) if key == step and type(key) is type(step)), MISSING)
    return at


def resolve(document: Any, path: str) -> Steps:
    """The steps that a path means in this document. Where keys hold dots, the longest key that leads on wins."""
    farthest: list[tuple[Steps, str]] = [((), path)]
    found = next(_ways(document, (), path, farthest), None)
    if found is None:
        raise NoSuchKeyError(document, *farthest[0])
    return found


def deepest(document: Any, path: str) -> Steps:
    """As many steps of a path as there are in the document."""
    try:
        return resolve(document, path)
    except NoSuchKeyError as error:
        return error.steps


def _ways(at: Any, steps: Steps, rest: str, farthest: list[tuple[Steps, str]]) -> Iterator[Steps]:
    rest = rest.removeprefix(".") if steps else rest
    if not rest:
        yield steps
        return
    if len(steps) > len(farthest[0][0]):
        farthest[0] = (steps, rest)
    for key, below in _children(at):
        for length in _matches(key, rest):
            yield from _ways(below, (*steps, key), rest[length:], farthest)


def _children(at: Any) -> list[tuple[str | int, Any]]:
    if isinstance(at, Mapping):
        longest_first = sorted(at.items(), key=lambda child: -len(str(child[0])))
        return [(str(key), below) for key, below in longest_first]
    return list(enumerate(at)) if isinstance(at, list) else []


def _matches(key: str | int, rest: str) -> Iterator[int]:
    """How many characters of the path a key takes: in brackets, or bare up to a dot, a bracket or the end."""
    if isinstance(key, int):
        index = _INDEX.match(rest)
        if index and index[1] == str(key):
            yield index.end()
    elif (quoted := _QUOTED.match(rest)) and _unquoted(quoted[1]) == key:
        yield quoted.end()
    if key != "" and rest.startswith(str(key)) and rest[len(str(key)) :][:1] in ("", ".", "["):
        yield len(str(key))


def _unquoted(text: str) -> str | None:
    try:
        return text[1:-1] if text.startswith("'") else str(json.loads(text))
    except ValueError:
        return None


def _nearest(at: Any, steps: Steps, rest: str) -> str:
    """What is wrong at the first step that leads nowhere, with the nearest key that is there."""
    where = f"below {written(steps)}" if steps else "at the top"
    keys = [str(key) for key, _ in _children(at)]
    quoted, word = _QUOTED.match(rest), _WORD.match(rest)
    asked = (_unquoted(quoted[1]) if quoted else None) or (word[0] if word else rest)
    if not keys:
        return f"nothing lies {where}: it is {shown(at)[:80]}"
    if isinstance(at, list):
        return f"no {asked!r} {where}: it is a list of {len(keys)}, [0] to [{len(keys) - 1}]"
    # a bare key that holds dots is compared with what is left of the path as a whole, too
    near = difflib.get_close_matches(asked, keys, 1) or difflib.get_close_matches(rest, keys, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(keys)[:12])}"
    return f"no {asked!r} {where}; {hint}"


def place(file: str, path: str, content: bytes, steps: Steps) -> Place:
    """Where the value stands in the file's text; its first line where that cannot be said."""
    try:
        text = content.decode("utf-8")
        start, end = _json_span(text, steps) if path.endswith(".json") else _plist_span(text, steps)
    except (ValueError, IndexError, RecursionError):
        return Place(file)
    line_start = text.rfind("\n", 0, start) + 1
    width = end - start if "\n" not in text[start:end] else 1
    return Place(file, text.count("\n", 0, start) + 1, start - line_start + 1, max(width, 1))


def _json_span(text: str, steps: Steps) -> tuple[int, int]:
    decoder = json.JSONDecoder()
    start = _after_space(text, 0)
    for step in steps:
        start = _member(decoder, text, start, step)
    return start, decoder.raw_decode(text, start)[1]


def _member(decoder: json.JSONDecoder, text: str, start: int, wanted: str | int) -> int:
    """Where a member of the object or list at `start` begins; the last one, if a key is there twice."""
    found, number = start, 0
    at = _after_space(text, start + 1)
    while text[at] not in "]}":
        key: str | int = number
        if text[start] == "{":
            key, at = decoder.raw_decode(text, at)
            at = _after_space(text, _after_space(text, at) + 1)
        if key == wanted:
            found = at
        at = _after_space(text, decoder.raw_decode(text, at)[1])
        at = _after_space(text, at + 1) if text[at] == "," else at
        number += 1
    return found


def _after_space(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _plist_span(text: str, steps: Steps) -> tuple[int, int]:
    """The `<key>` of the last step that is a key."""
    start = end = 0
    for step in steps:
        if isinstance(step, str):
            tag = f"<key>{escape(step)}</key>"
            start = text.index(tag, end)
            end = start + len(tag)
    return start, end
