"""decisions.json of a week: what the guards' logs come to, so that neither a page nor the rules need a ledger."""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Literal

from harness.market.numbers import share
from harness.report.stored.file import Kept, StoredFile, read
from harness.weeks import Week

FILE = "decisions.json"


class Log(Kept):
    """One guard's decisions."""

    machine: str
    surface: str
    decisions: int
    first: datetime.datetime
    last: datetime.datetime
    #: decided without a policy that could be read
    unreadable: int


class Part(Kept):
    """A scenario's tokens."""

    scenario: str
    tokens: int
    gray_tokens: int


class Act(Kept):
    """Turns that a guard stopped, sent elsewhere or warned of. One with several labels counts for each."""

    action: str
    reason: str
    label: str | None
    scenario: str
    count: int


class ToolErrors(Kept):
    """Tool calls of a scenario on a model, and those that were the model's fault; the interval of their share."""

    scenario: str
    model: str
    sessions: int
    calls: int
    errors: int
    low: float | None
    high: float | None


class Compared(Kept):
    """How that share differs: from the week before (`week`), or from the route's first model in this week (`model`)."""

    against: Literal["week", "model"]
    scenario: str
    base: str
    candidate: str
    base_rate: float
    rate: float
    #: of the candidate
    sessions: int
    calls: int
    change: float
    low: float
    high: float
    #: corrected for the number of such questions
    p: float
    verdict: Literal["worse", "better", "within", "unclear"]


class Decisions(StoredFile):
    """All of a week."""

    decisions: int
    logs: tuple[Log, ...]
    #: Macs of the fleet of which no line came
    silent: tuple[str, ...]
    tokens: int
    gray_tokens: int
    max_share: Decimal | None
    parts: tuple[Part, ...]
    acts: tuple[Act, ...]
    tool_errors: tuple[ToolErrors, ...]
    compared: tuple[Compared, ...]

    @property
    def share(self) -> Fraction | None:
        """The gray models' part of the tokens that the guards counted."""
        return share(self.gray_tokens, self.tokens)

    @property
    def is_over(self) -> bool:
        """Whether it is above the ceiling."""
        return self.share is not None and self.max_share is not None and self.share > Fraction(self.max_share)


def decisions(project: Path, week: Week) -> Decisions | None:
    """What was decided. Raises PolicyError for a broken file."""
    return read(Decisions, project, week, FILE)


def decisions_json(found: Decisions) -> bytes:
    """The file. Same logs, same bytes."""
    return f"{found.model_dump_json(indent=1)}\n".encode()
