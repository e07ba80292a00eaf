"""What a rule would propose now, before other rules and other weeks have been heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from harness.propose.edit import Edit
from harness.propose.proposal import NotProposed, Proposal
from harness.propose.week_evidence import WeekEvidence


@dataclass(frozen=True, slots=True)
class Signal:
    """A proposal, and what tells it from others."""

    #: what it is about, the same in every week: `gone acme/model`
    key: str
    proposal: Proposal
    #: models that it speaks of
    models: tuple[str, ...] = ()
    #: in how many weeks in a row it must be seen, this one among them
    wait: int = 1

    @property
    def is_ticket(self) -> bool:
        """Whether it asks somebody to decide, and changes nothing by itself."""
        return not self.proposal.edits

    @property
    def routes(self) -> tuple[str, ...]:
        """What its edits change."""
        return tuple(dict.fromkeys(route for edit in self.proposal.edits if (route := route_of(edit))))


Rule: TypeAlias = Callable[[WeekEvidence], Iterator[Signal | NotProposed]]


def route_of(edit: Edit) -> str | None:
    """The track or scenario whose route an edit changes; None for what is no route: tests, what is watched."""
    folder, _, file = edit.file.rpartition("/")
    if folder == "scenarios":
        return file.removesuffix(".yaml")
    return str(edit.path[0]) if edit.file == "tracks.yaml" else None
