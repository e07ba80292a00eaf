"""What a right answer is. One of these to a case; `grade` holds an answer against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class ExpectedCall:
    """A tool call: for each parameter the accepted values."""

    tool: str
    #: parameter → accepted values; a parameter that is not named here must be absent
    arguments: Mapping[str, tuple[Any, ...]]
    #: parameters that may be left out
    optional: frozenset[str] = frozenset()
    #: parameters whose value is the model's own choice, such as a commit message; they must be there unless optional
    free: frozenset[str] = frozenset()
    #: parameters whose text is compared without regard to case, spaces and punctuation; others are compared exactly
    loose: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Calls:
    """These calls and no others, in any order. None at all: no tool is needed."""

    calls: tuple[ExpectedCall, ...]
    #: accept any call of a tool instead (BFCL's relevance)
    any_call: bool = False


@dataclass(frozen=True, slots=True)
class Contains:
    """The text holds all of these, and none of those, whatever their case."""

    all_of: tuple[str, ...]
    none_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matches:
    """The text matches a regular expression somewhere (Python's `re`, multiline)."""

    pattern: str


@dataclass(frozen=True, slots=True)
class FitsSchema:
    """The text is JSON (a code fence around it is taken off) that fits a JSON Schema."""

    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PatchGives:
    """The text holds a unified diff that applies cleanly to `before` and gives exactly `after`, or one of `also`."""

    path: str
    before: str
    after: str
    also: tuple[str, ...] = ()


Expectation: TypeAlias = Calls | Contains | Matches | FitsSchema | PatchGives
