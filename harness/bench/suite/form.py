"""What a suite's files look like: `suite.yaml`, and files of cases. Prose and code in them are data, never run."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from compiler.policy.types import Flag, LanguageVersion, Name, Policy, Positive, Share, Text
from harness.bench.case import Kind
from harness.bench.contexts import Maker

Words = Annotated[str, Field(min_length=1, max_length=400_000)]
ToolName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Seed = Annotated[int, Field(ge=0, le=2**31, strict=True)]


class SuiteForm(Policy):
    """The top of a suite, in `suite.yaml`."""

    version: LanguageVersion
    """Version of the form."""
    suite: Name
    """Its name."""
    release: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]{0,31}$")]
    """Its version, such as 2026.1. Raise it with any change of a case."""
    about: Text | None = None
    """What it is for. Changes no hash."""


class ToolForm(Policy):
    """A tool that a case may offer."""

    description: Words
    parameters: dict[str, Any] | None = None
    """JSON Schema, draft 7."""


class ContextForm(Policy):
    """A long context made by a seed."""

    make: Maker
    tokens: Annotated[Positive, Field(le=400_000)]
    """About so many."""
    seed: Seed
    fact: Words
    """What the question needs. {time} in a log and {date} in a ledger are filled in."""
    at: Share
    """Behind which share of the context the fact stands."""


class ImageForm(Policy):
    """A picture of a document, drawn from its words."""

    title: Text
    lines: tuple[Text, ...] = ()
    rows: tuple[tuple[Text, ...], ...] = ()
    """A table; the first row is its head."""
    bars: dict[str, Positive] | None = None
    """A bar chart: label and value."""
    foot: tuple[Text, ...] = ()


class CallForm(Policy):
    """A tool call that the assistant made, in the messages."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    tool: ToolName
    arguments: dict[str, Any] = Field(default_factory=dict)


class MessageForm(Policy):
    """One message."""

    role: Literal["system", "user", "assistant", "tool"]
    text: Words | None = None
    context: ContextForm | None = None
    """Stands before the text."""
    images: tuple[ImageForm, ...] = ()
    calls: tuple[CallForm, ...] = ()
    """Of an assistant."""
    answers: str | None = None
    """The id of the call whose result a tool message is."""


class FileForm(Policy):
    """The file that an edit is about. It is shown in front of the question."""

    path: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}$")]
    text: Words


class ExpectedCallForm(Policy):
    """A call that must come."""

    tool: ToolName
    arguments: dict[str, tuple[Any, ...]] = Field(default_factory=dict)
    """For each parameter the accepted values. What is not named here must not be there."""
    off_schema: dict[str, tuple[Any, ...]] = Field(default_factory=dict)
    """More accepted values, which the tool's own schema forbids: right at the task, and still a protocol error."""
    optional: tuple[str, ...] = ()
    """Parameters that may be left out."""
    free: tuple[str, ...] = ()
    """Parameters whose value is the model's own choice."""
    loose: tuple[str, ...] = ()
    """Parameters whose text is compared without regard to case, spaces and punctuation."""


class ExpectForm(Policy):
    """What a right answer is: exactly one of these, but `lacks` goes with `contains`."""

    calls: tuple[ExpectedCallForm, ...] | None = None
    """These calls and no others, in any order."""
    no_call: Flag | None = None
    """Any text, as long as no tool is called."""
    any_call: Flag | None = None
    """Any call of any tool."""
    contains: tuple[Words, ...] | None = None
    """All of these, in any case."""
    lacks: tuple[Words, ...] = ()
    """None of these, in any case."""
    matches: Annotated[str, Field(min_length=1, max_length=20_000)] | None = None
    """A regular expression that is found somewhere."""
    fits: dict[str, Any] | None = None
    """JSON that fits this JSON Schema (draft 7)."""
    patch: Words | None = None
    """A unified diff of `file`; other diffs are right if they give the same file."""
    also: tuple[Words, ...] = ()
    """Diffs that give other files that are right, too."""


class CaseForm(Policy):
    """One prompt and what a right answer to it is."""

    id: Name
    kind: Kind
    title: Text | None = None
    """For people. Changes no hash."""
    system: Words | None = None
    """The system message."""
    file: FileForm | None = None
    context: ContextForm | None = None
    images: tuple[ImageForm, ...] = ()
    ask: Words | None = None
    """The user's message, behind file, context and images. `messages` instead where there are several."""
    messages: tuple[MessageForm, ...] = ()
    tools: tuple[ToolName, ...] = ()
    """Which of the file's tools, or of its own, are offered."""
    own_tools: dict[str, ToolForm] = Field(default_factory=dict)
    max_tokens: Annotated[Positive, Field(le=32_768)]
    structured: Flag = False
    """Ask for the form of `fits` with response_format."""
    expect: ExpectForm


class CasesForm(Policy):
    """A file of cases of one scenario."""

    version: LanguageVersion
    scenario: Name
    """As in policies/scenarios."""
    system: Words | None = None
    """The system message of every case that has none of its own."""
    tools: dict[str, ToolForm] = Field(default_factory=dict)
    cases: tuple[CaseForm, ...]
