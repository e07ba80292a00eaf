"""Where a key stands in a file that is imported: JSON, JSON5 and YAML alike, without their parsers' marks.

The names of a key are looked for one behind the other. What a formatted file calls by the same name on the way there
can draw the place up; it is a help for the eye, and nothing rests on it.
"""

from __future__ import annotations

import re

from compiler.diagnostics import Place

_STEP = re.compile(r"[^.\[\]]+")


def place_of(text: str, file: str, key: str) -> Place:
    """The place of the last name of `key` (a.b[0].c, model_list[name].x) that can be found; else the file's start."""
    at, width = 0, 0
    for step in _STEP.findall(key.partition(" (")[0].replace('"', "")):
        if step.isdecimal():
            continue
        found = re.compile(rf"(?<![\w.-]){re.escape(step)}(?![\w.-])").search(text, at + width)
        if found is None:
            break
        at, width = found.start(), found.end() - found.start()
    if not width:
        return Place(file)
    line = text.count("\n", 0, at) + 1
    return Place(file, line, at - text.rfind("\n", 0, at), width)
