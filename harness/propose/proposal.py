"""What a rule says: a proposal with its evidence, or why it proposes nothing. Frozen data, read by whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.propose.edit import Edit

Kind = Literal["downgrade", "restore", "gray-share"]
#: high: counted money or tokens decide; medium: a plan's shares stand in for a count that nobody has.
Confidence = Literal["high", "medium"]


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


@dataclass(frozen=True, slots=True)
class NotProposed:
    """What a rule looked at and left alone, and why."""

    rule: str
    about: str
    why: str


Verdict = Proposal | NotProposed
