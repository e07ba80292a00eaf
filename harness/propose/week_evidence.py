"""What the rules decide on: the week's folder, the weeks before it, and the policies. Frozen: rules are pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from compiler.compile import check
from compiler.diagnostics import PolicyError
from compiler.load import load
from compiler.policy import FILES, Policies, parse
from compiler.policy.acceptance import Acceptance
from harness.market import archive
from harness.market.catalogue import Catalogue
from harness.market.moved import Moved, moved
from harness.market.prices_of_week import catalogue
from harness.market.spend.engine import ledger_file, opened
from harness.propose.evidence import Evidence, gather
from harness.propose.history import History, history
from harness.propose.proposal import Statement
from harness.report.stored.decisions import Decisions, decisions
from harness.report.stored.harness import HarnessRun, harness_run
from harness.weeks import Week

LOCK = "policies/models.lock.json"
NO_LOG = (
    "a guard's log, since none was imported: what was stopped or sent elsewhere, and tool-call errors of production, "
    "are not known"
)
#: Files of a week's folder.
RANKINGS, MARKET, PRICES, HARNESS = "rankings.json", "market.md", "prices.json", "harness.json"


@dataclass(frozen=True, slots=True)
class WeekEvidence:
    """A week as the rules see it. None: there is no such evidence, and nothing may be concluded from that."""

    week: Week
    policies: Policies
    moved: Moved | None
    catalogue: Catalogue | None
    #: the newest older week's that has one: the lock may be as new as this week
    catalogue_before: Catalogue | None
    run: HarnessRun | None
    #: the dollar track's money and the gray share on the Monday after; None without a ledger
    ledger: Evidence | None
    history: History
    #: what the guards' logs come to; None where none was imported
    decisions: Decisions | None = None

    def says(self, text: str, name: str) -> Statement:
        """A statement that a file of the week's folder holds."""
        return Statement(text, archive.place(self.week, name).file)

    @property
    def missing(self) -> tuple[str, ...]:
        """What nobody looked at, and what is therefore not known."""
        return tuple(self._missing())

    def _missing(self) -> Iterator[str]:
        if self.moved is None:
            yield "rankings of this week, or of one before it: what moved is not known"
        elif not self.moved.moves.now.is_complete:
            yield f"{7 - len(self.moved.moves.now.days)} days of the week's rankings: its changes are not like for like"
        if self.policies.market is None:
            yield "market.yaml: from what change on a move counts is not said"
        if self.catalogue is None:
            yield "prices.json: whether prices moved, and whether a model is gone, is not known"
        if self.run is None:
            yield "a harness run: latency and success of our own work are not known"
        else:
            yield from _not_measured(self.run, self.policies.acceptance)
        if self.ledger is None:
            yield "the ledger: what the week cost, and where the caps stand, is not known"
        if self.decisions is None:
            yield NO_LOG


def _not_measured(run: HarnessRun, acceptance: Acceptance | None) -> Iterator[str]:
    answered = {part.leg for part in run.legs if part.answered and not part.trial}
    for leg in dict.fromkeys(each.leg for each in acceptance.legs) if acceptance else ():
        if leg not in answered:
            yield f"an answer of the harness's leg {leg}: whether its models got better or worse is not known"
    if run.comparison is None:
        yield "a harness run to compare this week's with: whether a route got better or worse is not known"
    for each in run.untried:
        yield f"{each.variable} for the trial of {each.trial}: whether {each.model} got better or worse is not known"


def gather_week(project: Path, week: Week, ledger: Evidence | None) -> WeekEvidence:
    """Read it. Raises PolicyError where the policies cannot be read, or a file of a week cannot be believed.

    Policies that no longer compile are read all the same: a model that is gone is what the rules mend.
    """
    policies, findings = parse(load(project / "policies", FILES))
    if policies is None:
        raise PolicyError(findings)
    return WeekEvidence(
        week=week,
        policies=policies,
        moved=_moved(project, week),
        catalogue=catalogue(project, week),
        catalogue_before=_catalogue_before(project, week),
        run=harness_run(project, week),
        ledger=ledger,
        history=history(project, week),
        decisions=decisions(project, week),
    )


def _catalogue_before(project: Path, week: Week) -> Catalogue | None:
    older = (catalogue(project, each) for each in reversed(archive.weeks(project)) if each < week)
    return next((found for found in older if found), None)


def compiles(project: Path) -> bool:
    """Whether its policies hold: only then can they say whose a call was."""
    try:
        check(load(project / "policies", FILES))
    except PolicyError:
        return False
    return True


def ledger_of(project: Path, week: Week, where: str | None) -> Evidence | None:
    """As it stood on the Monday after the week, whenever it is asked. One that was named has to be there."""
    if not compiles(project) or (where is None and not ledger_file(None, project).is_file()):
        return None
    with opened(where, project) as engine:
        return gather(engine, project, week.after().monday)


def _moved(project: Path, week: Week) -> Moved | None:
    before = archive.before(project, week)
    if before is None or week not in archive.weeks(project):
        return None
    return moved(project, week, before)
