"""tests.yaml: assertions about the compiled result."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from compiler.policy.types import Flag, ModelSlug, Name, Policy, PolicyFile, Text, Usd

#: Kinds of models, as blocks know them.
ModelClass = Literal["cloud", "free", "gray"]


class MaxPricePerMillion(Policy):
    """Worst case over all models of the route, in USD per million tokens."""

    prompt: Usd | None = None
    """For prompts."""
    completion: Usd | None = None
    """For answers."""


class Assertion(Policy):
    """One assertion: about a scenario, or about everything that carries a label."""

    name: Text
    """What must stay true, in words."""
    scenario: Name | None = None
    """What it is about; this or `label`."""
    label: Name | None = None
    """What it is about: everything that may touch this data."""
    primary: ModelSlug | None = None
    """The route's first model is this one."""
    never: tuple[ModelClass | ModelSlug, ...] = ()
    """None of these is reachable by any path: slugs, or cloud (not on a Mac of ours), free, gray."""
    zdr: Flag | None = None
    """Every call asks for zero data retention."""
    max_price: MaxPricePerMillion | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if (self.scenario is None) == (self.label is None):
            raise PydanticCustomError("assertion_subject", "name either a scenario or a label")
        if self.primary is None and not self.never and self.zdr is None and self.max_price is None:
            raise PydanticCustomError("assertion_empty", "an assertion needs primary, never, zdr or max_price")
        return self


class Tests(PolicyFile):
    """All assertions."""

    tests: tuple[Assertion, ...]
