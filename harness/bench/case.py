"""A case of the suite: what is sent, and what a right answer is. Frozen data, whatever file it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from harness.bench.expectation import Expectation

Kind = Literal["single", "parallel", "multi_turn", "no_tool", "text"]


@dataclass(frozen=True, slots=True)
class Case:
    """One prompt with its tools and its expected outcome."""

    id: str
    scenario: str
    kind: Kind
    #: chat messages in OpenAI's form; content is a string, or parts (text, image_url with a data: URL)
    messages: tuple[Mapping[str, Any], ...]
    #: tools in OpenAI's form: {"type": "function", "function": {"name", "description", "parameters": JSON Schema}}
    tools: tuple[Mapping[str, Any], ...]
    expectation: Expectation
    max_tokens: int
    #: inputs beyond text that the model must take, such as "image"
    modalities: tuple[str, ...] = ("text",)
    #: {"type": "json_schema", …} where the answer must have that form
    response_format: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Suite:
    """Cases with a version and a hash of all that can change an answer or a grade. Hashes differ: no comparison."""

    name: str
    version: str
    sha256: str
    cases: tuple[Case, ...]
