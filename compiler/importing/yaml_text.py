"""Small pieces of YAML text: scalars quoted where they must be, comments that stay comments."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Mapping
from decimal import Decimal

from compiler.formats import one_line
from compiler.yaml_text import scalar as plain_value

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*|[0-9]{4}-W[0-9]{2}")
#: Words that YAML 1.1 parsers take for something else than text.
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off"})
_WIDTH = 118


def scalar(value: object) -> str:
    """A value as YAML, in flow style where it holds others."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return format(value, "f" if isinstance(value, Decimal) else "d")
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(str(key))}: {scalar(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(scalar, value)) + "]"
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS and plain_value(text) == text:
        return text
    return json.dumps(text, ensure_ascii=False)


def comment(text: str, indent: str = "") -> list[str]:
    """Comment lines. The text may come from anywhere: it stays in the comment, and credentials are masked."""
    lines = textwrap.wrap(one_line(text), _WIDTH - len(indent), subsequent_indent="  ") or [""]
    return [f"{indent}# {line}".rstrip() for line in lines]


def behind(text: str) -> str:
    """A comment behind a value; nothing for an empty one."""
    return f" # {one_line(text)}" if text else ""


def file_text(lines: Iterable[str]) -> str:
    """Lines as a file."""
    return "\n".join(lines) + "\n"
