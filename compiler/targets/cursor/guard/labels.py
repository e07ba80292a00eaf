"""Which labels an event's data carries: by repository, by path, and by what its text looks like."""

from __future__ import annotations

import fnmatch
import functools
import os
import re
import unicodedata
from typing import Any

from .events import Unclear, files, folders, texts
from .places import checkouts, remotes, spellings
from .rules import rules

WILDCARDS = {"": "", "**/": "(?:.*/)?", "/**/": "/(?:.*/)?", "/**": "/.+", "?": "[^/]"}


def fold(text: str) -> str:
    """Text as a Mac compares file names: neither case nor the way in which accents are written matters."""
    return unicodedata.normalize("NFC", text).lower()


@functools.cache
def glob(pattern: str) -> re.Pattern[str]:
    """A glob as a regular expression: * and ? stay in a folder, ** crosses folders, a folder covers what is in it."""
    pattern = fold(pattern).strip("/")
    if "/" not in pattern:
        pattern = "**/" + pattern
    pattern = re.sub(r"(^|/)(?:\*\*/)+(?=\*\*(?:/|$))", r"\1", pattern)
    if pattern == "**":
        return re.compile(".*", re.DOTALL)
    tokens = re.split(r"(^\*\*/|/\*\*/|/\*\*$|\*+|\?|\[[!^]?\]?[^\]/]*\])", pattern)
    pairs = zip(tokens[::2], [*tokens[1::2], ""], strict=True)
    expression = "".join(re.escape(literal) + wildcard(token) for literal, token in pairs)
    return re.compile("(?:" + expression + ")(?:/.*)?", re.DOTALL)


def wildcard(token: str) -> str:
    """The regular expression of one part of a glob that is not literal."""
    if token in WILDCARDS:
        return WILDCARDS[token]
    return "[^/]*" if token.startswith("*") else any_of(token)


def any_of(token: str) -> str:
    """One character of a [set]; of a set that is written wrong, any character, so that it hides more and not less."""
    negated = token[1:2] in ("!", "^")
    inner = re.sub(r"([\\\[\]&~|^])", r"\\\1", token[1 + negated : -1])
    expression = "(?!/)[" + ("^" if negated else "") + inner + "]"
    try:
        re.compile(expression)
    except re.error:
        return "[^/]"
    return expression


def positions(path: str, tops: list[str]) -> list[str]:
    """A path as globs may mean it: from the top of the disk, and from each workspace root or checkout around it."""
    found: dict[str, None] = {}
    for spelling in spellings(path):
        found[spelling.strip("/")] = None
        for top in tops:
            for start in spellings(top):
                if spelling.startswith(start.rstrip("/") + "/"):
                    found[spelling[len(start.rstrip("/")) + 1 :]] = None
    inside = "/." if os.path.isdir(path) else ""  # a folder stands for what lies in it
    return [fold(position + inside) for position in found if position]


def labels(event: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """The labels of the data that the event would show to a model, by name."""
    roots = folders(event)
    named = files(event, kind, roots)
    around = {path: checkouts(path) for path in dict.fromkeys([*roots, *named])}
    origins = {name for tops in around.values() for top in tops for name in remotes(top)}
    places = {place for path, tops in around.items() for place in positions(path, [*roots, *tops])}
    shown = texts(event, kind)
    return {
        name: label
        for name, label in rules()["labels"].items()
        if of_repository(label, origins) or of_path(label, places) or of_text(label, shown)
    }


def of_repository(label: dict[str, Any], origins: set[str]) -> bool:
    """Whether one of these repositories (host/org/repo, in lower case) is a label's."""
    return any(fnmatch.fnmatchcase(name, pattern.lower()) for name in origins for pattern in label["repos"])


def of_path(label: dict[str, Any], places: set[str]) -> bool:
    """Whether one of these folded paths is a label's."""
    return any(glob(pattern).fullmatch(place) for place in places for pattern in label["paths"])


def of_text(label: dict[str, Any], shown: list[str]) -> bool:
    """Whether a text holds what a label looks like."""
    own = [{"pattern": pattern, "check": None} for pattern in label["patterns"]]
    built_in = [each for each in rules()["detectors"] if each["name"] in label["detectors"]]
    return any(holds(detector, text) for detector in (*built_in, *own) for text in shown)


def holds(detector: dict[str, Any], text: str) -> bool:
    """Whether a text holds what a detector looks for."""
    expression = re.compile(detector["pattern"], re.ASCII)
    match = expression.search(text)
    while match:
        if passes(detector["check"], match.group()):
            return True
        match = expression.search(text, match.start() + 1)
    return False


def passes(check: str | None, found: str) -> bool:
    """Whether what a pattern found passes the detector's own check."""
    if check is None:
        return True
    if check != "luhn":
        raise Unclear("guard.json names a check that this guard does not know")
    digits = [int(each) for each in reversed(found) if each in "0123456789"]
    return sum(digit if at % 2 == 0 else digit * 2 - 9 * (digit > 4) for at, digit in enumerate(digits)) % 10 == 0
