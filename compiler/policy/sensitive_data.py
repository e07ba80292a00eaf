"""sensitive-data.yaml: labels for data by where it lies, and blocks that say what it may never reach."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from compiler.policy.types import Name, Policy, PolicyFile, Text, TextPattern, seen

RepoGlob = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9*?][A-Za-z0-9._*?-]*(/[A-Za-z0-9._*?-]+)+$")]
PathGlob = Annotated[
    str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f\\~/][^\x00-\x1f\x7f\\]*$", max_length=300), AfterValidator(seen)
]
Denied = Annotated[str, StringConstraints(pattern=r"^(free|gray|cloud|[a-z0-9~][\w.-]*/[a-z0-9*][\w.:*-]*)$")]


class Label(Policy):
    """Data of one kind: where it lies, or what it looks like."""

    title: Text
    repos: tuple[RepoGlob, ...] = ()
    """Repositories as host/owner/name; * and ? match within."""
    paths: tuple[PathGlob, ...] = ()
    """Paths inside any repository, as in .gitignore; ** matches folders."""
    detectors: tuple[Literal["private-keys", "api-keys", "card-numbers"], ...] = ()
    """Built-in patterns: a prompt or a file that holds one carries the label, wherever it lies."""
    patterns: Annotated[tuple[TextPattern, ...], Field(max_length=50)] = ()
    """The team's own regular expressions, looked for in prompts and files."""
    when_denied: Literal["reroute", "block"] = "reroute"
    """What a gateway does with a turn whose model may not see it: ask an admissible model, or refuse."""


class Requirement(Policy):
    """What every call with this data must ask of OpenRouter."""

    zdr: Literal[True] | None = None
    """Zero data retention."""
    data_collection: Literal["deny"] | None = None


class Block(Policy):
    """What a label may never reach."""

    label: Name
    deny: tuple[Denied, ...] = ()
    """Classes (free, gray, cloud) or slugs, with * at the end for all of an author: x-ai/*"""
    require: Requirement = Requirement()
    reason: Text
    """Told to people who are stopped by it."""


class SensitiveData(PolicyFile):
    """Labels and blocks."""

    labels: dict[Name, Label] = Field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
