"""All that a week's page is made of, read once: the week's folder, the archive around it, and the policies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias, TypeVar

from compiler import VERSION
from compiler.compile import Compiled, compile_policies
from compiler.diagnostics import PolicyError
from compiler.targets import Target
from compiler.write import compare
from harness.market import archive
from harness.market.catalogue import prices
from harness.market.charts.window import Window, window
from harness.market.findings import NO_SUCH_WEEK
from harness.market.moved import Moved, moved
from harness.market.prices_of_week import catalogue
from harness.report.checklist import Facts, Leg
from harness.report.stored.decisions import Decisions, decisions
from harness.report.stored.harness import HarnessRun, harness_run
from harness.report.stored.proposals import Proposals, proposals
from harness.report.stored.spend import Spend, spend
from harness.weeks import Week

#: How far the price history goes back.
PRICE_WEEKS = 12
Content = TypeVar("Content")
#: Prices by model and name ("prompt", "completion"), in USD per token.
Prices: TypeAlias = Mapping[str, Mapping[str, Decimal]]


@dataclass(frozen=True, slots=True)
class Missing:
    """No evidence, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A week. What is missing says so in its own place."""

    week: Week
    rankings: Window | Missing
    moved: Moved | Missing
    #: by week, the models in use; the last of them is this week, if it has prices
    prices: Mapping[Week, Prices]
    harness: HarnessRun | Missing
    spend: Spend | Missing
    decisions: Decisions | Missing
    proposals: Proposals | Missing
    compiled: Compiled | Missing
    is_compiled: bool | None
    files: frozenset[str]

    @property
    def facts(self) -> Facts:
        """What the checklist asks for."""
        compiled = None if isinstance(self.compiled, Missing) else self.compiled
        return Facts(
            week=str(self.week),
            files=self.files,
            policies=compiled.policies if compiled else None,
            plan=compiled.plans[0] if compiled else None,
            is_compiled=self.is_compiled,
            legs=None if isinstance(self.harness, Missing) else legs(self.harness),
        )


def weeks(project: Path) -> tuple[Week, ...]:
    """Every week that has a folder, in order, whatever evidence is in it."""
    return tuple(sorted(_weeks(project)))


def _weeks(project: Path) -> Iterator[Week]:
    for folder in (project / archive.FOLDER).glob("????-W??"):
        try:
            yield Week.parse(folder.name)
        except ValueError:
            continue


def gather(project: Path, week: Week, targets: Sequence[Target]) -> Evidence:
    """Read it. Raises PolicyError where the week has no folder, or where a file in it cannot be believed."""
    folder = archive.folder(project, week)
    if not folder.is_dir():
        said, fix = f"{week} has no evidence at all", f"begin with its rankings: vane market refresh --week {week}"
        raise PolicyError([NO_SUCH_WEEK.at(archive.place(week), said, fix)])
    compiled = _compiled(project, targets)
    return Evidence(
        week=week,
        rankings=_rankings(project, week),
        moved=_moved(project, week),
        prices=dict(_prices(project, week)),
        harness=_or_missing(harness_run(project, week), f"no harness run is evidence for {week}"),
        spend=_or_missing(spend(project, week), f"no spend was kept for {week}"),
        decisions=_or_missing(
            decisions(project, week), f"no guard's log was imported for {week} (vane spend import guard-log)"
        ),
        proposals=_or_missing(proposals(project, week), f"no rules were run on {week}"),
        compiled=compiled,
        is_compiled=_is_compiled(project, compiled),
        files=frozenset(path.name for path in folder.iterdir() if path.is_file()),
    )


def _or_missing(found: Content | None, reason: str) -> Content | Missing:
    return Missing(reason) if found is None else found


def _rankings(project: Path, week: Week) -> Window | Missing:
    archived = frozenset(archive.weeks(project))
    if week not in archived:
        return Missing(f"the rankings of {week} are not archived")
    return window(week, lambda each: archive.read(project, each) if each in archived else None)


def _moved(project: Path, week: Week) -> Moved | Missing:
    if week not in archive.weeks(project):
        return Missing(f"the rankings of {week} are not archived")
    before = archive.before(project, week)
    if before is None:
        return Missing(f"no week before {week} is archived: there is nothing to compare with")
    return moved(project, week, before)


def _prices(project: Path, week: Week) -> Iterator[tuple[Week, Prices]]:
    for back in reversed(range(PRICE_WEEKS)):
        if found := catalogue(project, week.before(back)):
            yield week.before(back), {slug: prices(model.pricing) for slug, model in found.models.items()}


def _compiled(project: Path, targets: Sequence[Target]) -> Compiled | Missing:
    """A page of evidence does not wait for policies that are being mended."""
    try:
        return compile_policies(project / "policies", targets)
    except PolicyError as error:
        return Missing(f"the policies do not compile: {error.findings[0].message}")


def _is_compiled(project: Path, compiled: Compiled | Missing) -> bool | None:
    return None if isinstance(compiled, Missing) else not compare(project / "generated", compiled, VERSION).any


def legs(run: HarnessRun) -> Mapping[str, Leg]:
    """Prompts and answers of each leg, over its scenarios. A trial has the leg's prompts once more."""
    found: dict[str, Leg] = {}
    for part in (part for part in run.legs if not part.trial):
        before = found.get(part.leg, Leg(0, 0))
        found[part.leg] = Leg(before.prompts + part.prompts, before.answered + part.answered)
    return found
