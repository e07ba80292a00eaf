"""What a rule says: a proposal with its evidence, or why it proposes nothing. Frozen data, read by whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.propose.edit import Edit

#: A ticket has no edit: somebody is asked to decide.
Kind = Literal[
    "gone", "rollback", "downgrade", "restore", "gray-share", "demote", "promote", "price", "dropout",
    "gray-candidate", "ticket",
]  # fmt: skip
#: high: counted money or tokens decide; medium: a plan's shares stand in for a count that nobody has; low: it may well
#: be nothing.
Confidence = Literal["high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class Statement:
    """A piece of evidence: a sentence with its numbers, and the file of the project that holds them."""

    text: str
    file: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change of policies and why: people read this before they merge."""

    rule: str
    kind: Kind
    title: str
    evidence: tuple[Statement, ...]
    edits: tuple[Edit, ...]
    #: what becomes of the work, in a sentence
    effect: str
    confidence: Confidence
    #: when it should be taken back
    reversal: str
    #: what the confidence rests on, or why it is no more
    because: str = ""


@dataclass(frozen=True, slots=True)
class NotProposed:
    """What a rule looked at and left alone, and why."""

    rule: str
    about: str
    why: str
    #: the same in every week, where something was seen: weeks in a row are counted by it
    key: str = ""


def confidence(proposal: Proposal) -> str:
    """How sure, and why."""
    return f"{proposal.confidence}: {proposal.because}" if proposal.because else proposal.confidence


Verdict = Proposal | NotProposed
