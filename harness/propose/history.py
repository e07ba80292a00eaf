"""What the weeks before said: the only memory that the rules have, and it is the committed files themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.report.stored.proposals import Proposals, proposals
from harness.weeks import Week

#: How many weeks are remembered: about two months.
DEPTH = 8


@dataclass(frozen=True, slots=True)
class History:
    """proposals.json of the weeks before `week`. A week without the file is a week in which nobody looked."""

    week: Week
    past: Mapping[Week, Proposals] = field(default_factory=dict)

    def weeks_seen(self, key: str) -> int:
        """For how many weeks in a row, up to last week, a rule has seen this."""
        count = 0
        while (found := self.past.get(self.week.before(count + 1))) and key in found.seen:
            count += 1
        return count

    def times_proposed(self, key: str) -> int:
        """In how many of the weeks that are remembered this was proposed."""
        return sum(any(each.key == key for each in found.proposals) for found in self.past.values())

    def proposed_in(self, key: str) -> Week | None:
        """The newest week in which this was proposed."""
        found = (week for week, of in self.past.items() if any(each.key == key for each in of.proposals))
        return max(found, default=None)

    def proposed_on(self, route: str, weeks: int) -> tuple[Week, str] | None:
        """The newest edit of a route that was proposed in the last so many weeks, and its key."""
        for back in range(1, weeks + 1):
            week = self.week.before(back)
            for each in self.past[week].proposals if week in self.past else ():
                if route in each.routes:
                    return week, each.key
        return None


def history(project: Path, week: Week) -> History:
    """Read it. Raises PolicyError for a broken file: guessing the past would let a route flap."""
    weeks = (week.before(back) for back in range(1, DEPTH + 1))
    return History(week, {each: found for each in weeks if (found := proposals(project, each))})
