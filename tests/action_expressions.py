"""GitHub's expressions, as much of them as weekly.yml uses: what it does not know is an error, never an empty word.

After docs.github.com/en/actions/reference/workflows-and-actions/expressions: `&&` and `||` give one of their operands,
an output or a variable that nobody set is an empty text, and a condition that asks for no status has `success() &&`
before it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|&&|\|\||[!=]=|[!().]|[A-Za-z_][\w-]*)")
_WHOLE = re.compile(r"\$\{\{(.*?)\}\}")
_STATUS = re.compile(r"\b(?:success|failure|cancelled|always)\(\)")
#: Contexts in which a name that nobody set is empty; in all others it is a mistake.
_OPEN = ("vars", "outputs")


class UnknownError(Exception):
    """An expression that this does not understand."""


@dataclass(frozen=True)
class Expressions:
    """Contexts by name, and whether all went well so far."""

    contexts: Mapping[str, Any]
    is_well: bool = True

    def text(self, words: Any) -> str:
        """A value of the workflow with each `${{ }}` filled in."""
        return _WHOLE.sub(lambda found: _shown(self._value(found.group(1))), _shown(words))

    def holds(self, condition: str | None) -> bool:
        """Whether a job or step runs."""
        found = _WHOLE.fullmatch(condition or "")
        inner = found.group(1) if found else condition or "success()"
        wanted = bool(self._value(inner))
        return wanted if _STATUS.search(inner) else self.is_well and wanted

    def _value(self, expression: str) -> Any:
        tokens, at = [], 0
        expression = expression.strip()
        while at < len(expression):
            found = _TOKEN.match(expression, at)
            if found is None:
                raise UnknownError(expression)
            tokens.append(found.group(1))
            at = found.end()
        value, rest = self._either(tokens)
        if rest:
            raise UnknownError(f"{expression}: {rest}")
        return value

    def _either(self, tokens: Sequence[str]) -> tuple[Any, Sequence[str]]:
        value, tokens = self._both(tokens)
        while tokens[:1] == ["||"]:
            other, tokens = self._both(tokens[1:])
            value = value or other
        return value, tokens

    def _both(self, tokens: Sequence[str]) -> tuple[Any, Sequence[str]]:
        value, tokens = self._equal(tokens)
        while tokens[:1] == ["&&"]:
            other, tokens = self._equal(tokens[1:])
            value = value and other
        return value, tokens

    def _equal(self, tokens: Sequence[str]) -> tuple[Any, Sequence[str]]:
        value, tokens = self._one(tokens)
        while tokens and tokens[0] in ("==", "!="):
            other, rest = self._one(tokens[1:])
            value, tokens = (value == other) == (tokens[0] == "=="), rest
        return value, tokens

    def _one(self, tokens: Sequence[str]) -> tuple[Any, Sequence[str]]:
        first, rest = tokens[0], tokens[1:]
        if first == "!":
            value, rest = self._one(rest)
            return not value, rest
        if first == "(":
            value, rest = self._either(rest)
            if rest[:1] != [")"]:
                raise UnknownError("no closing bracket")
            return value, rest[1:]
        if first.startswith("'"):
            return first[1:-1].replace("''", "'"), rest
        if rest[:2] == ["(", ")"]:
            return {"success": self.is_well, "failure": not self.is_well, "cancelled": False, "always": True}[first], (
                rest[2:]
            )
        return self._path(first, rest)

    def _path(self, first: str, rest: Sequence[str]) -> tuple[Any, Sequence[str]]:
        try:
            value, last = self.contexts[first], first
            while rest[:1] == ["."]:
                name, rest = rest[1], rest[2:]
                value = value.get(name, "") if last in _OPEN else value[name]
                last = name
        except KeyError as error:
            raise UnknownError(f"{first}: nothing is known of {error}") from None
        return value, rest


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
