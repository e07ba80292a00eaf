"""`vane propose`: what the evidence says should change, tried out, and written into the working tree's policies."""

from __future__ import annotations

import argparse
import datetime
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compiler.commands.asking import say
from compiler.commands.findings import show
from compiler.diagnostics import Finding, Place, PolicyError, Severity, errors
from compiler.load import load
from compiler.policy import FILES, Policies, parse
from compiler.targets import installed
from compiler.whole_file import write_whole
from compiler.write import alone
from harness.clock import Clock
from harness.market.spend.engine import opened
from harness.propose.evidence import Evidence, gather, verdicts
from harness.propose.findings import CHANGED_MEANWHILE, LEFT_OUT
from harness.propose.proposal import NotProposed, Proposal
from harness.propose.trial import Trial, try_out


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a run found."""

    evidence: Evidence
    trials: tuple[Trial, ...]
    left_alone: tuple[NotProposed, ...]


def run(asked: argparse.Namespace, clock: Clock | None = None) -> int:
    """0: proposed, or nothing to propose; 1: no ledger, or policies that do not compile. Then nothing is written."""
    folder: Path = asked.project / "policies"
    today = (clock or Clock()).now().astimezone(datetime.UTC).date()
    try:
        report, policies = _report(asked, folder, today)
        if not asked.dry_run:
            _write(folder, report.trials, policies)
    except PolicyError as error:
        show(error.findings, "text", asked.project)
        return 1
    show(tuple(_worth_saying(report.trials)), "text", asked.project)
    if asked.json:
        print(json.dumps(as_json(report, asked.dry_run), indent=1))
    else:
        for line in lines(report, asked.dry_run):
            say(line)
    return 0


def _report(asked: argparse.Namespace, folder: Path, today: datetime.date) -> tuple[Report, Policies]:
    policies, findings = parse(load(folder, FILES))
    if policies is None:
        raise PolicyError(findings)
    with opened(asked.ledger, asked.project) as engine:
        evidence = gather(engine, asked.project, today)
    said = tuple(verdicts(evidence, policies))
    trials = try_out(folder, (each for each in said if isinstance(each, Proposal)), installed())
    return Report(evidence, trials, tuple(each for each in said if isinstance(each, NotProposed))), policies


def _write(folder: Path, trials: Sequence[Trial], policies: Policies) -> None:
    """The last text of each file: a later proposal stands upon an earlier one."""
    texts = {file: text for trial in trials if trial.holds for file, text in trial.files}
    with alone(folder):
        for file in texts:
            name = f"{folder.name}/{file}"
            if (folder / file).read_bytes().decode("utf-8").removeprefix("\ufeff") != policies.documents.texts[name]:
                raise PolicyError([CHANGED_MEANWHILE.at(Place(name), f"{name} changed meanwhile")])
        for file, text in texts.items():
            write_whole(folder / file, text.encode("utf-8"))


def _worth_saying(trials: Sequence[Trial]) -> Iterator[Finding]:
    """What speaks against a proposal that is left out, and what a proposal that is made brings along."""
    for trial in trials:
        if not trial.holds:
            wrong = errors(trial.findings)
            more = f" (and {len(wrong) - 1} more)" if wrong[1:] else ""
            said = f"{trial.proposal.title}: {wrong[0].place} {wrong[0].code} {wrong[0].message}{more}"
            yield LEFT_OUT.at(Place(f"policies/{trial.files[0][0]}"), said)
        else:
            yield from (each for each in trial.findings if each.severity is not Severity.NOTE)


def lines(report: Report, is_dry: bool) -> Iterator[str]:
    """A run in words."""
    for trial in report.trials:
        proposal = trial.proposal
        verb = "left out" if not trial.holds else "would be made" if is_dry else "made"
        yield f"{proposal.title}: {verb}"
        yield from (f"  {statement.text} ({statement.file})" for statement in proposal.evidence)
        yield from (f"  {edit}" for edit in proposal.edits)
        yield f"  {proposal.effect}"
        yield f"  {proposal.reversal}"
    yield from (f"{each.rule}: nothing proposed for the {each.about}: {each.why}" for each in report.left_alone)
    if any(trial.holds for trial in report.trials) and not is_dry:
        yield "policies/ changed: look at `git diff policies`, then run `vane compile`"


def as_json(report: Report, is_dry: bool) -> dict[str, Any]:
    """The same for programs."""
    return {
        "week": str(report.evidence.week),
        "written": not is_dry,
        "proposals": [_proposal_json(trial) for trial in report.trials],
        "not_proposed": [{"rule": n.rule, "about": n.about, "why": n.why} for n in report.left_alone],
    }


def _proposal_json(trial: Trial) -> dict[str, Any]:
    proposal = trial.proposal
    return {
        "rule": proposal.rule,
        "kind": proposal.kind,
        "title": proposal.title,
        "holds": trial.holds,
        "evidence": [{"text": each.text, "file": each.file} for each in proposal.evidence],
        "edits": [
            {"file": e.file, "verb": e.verb, "path": list(e.path), "value": _shown(e.value)} for e in proposal.edits
        ],
        "effect": proposal.effect,
        "confidence": proposal.confidence,
        "reversal": proposal.reversal,
        "findings": [{"code": f.code, "message": f.message, "place": str(f.place)} for f in trial.findings],
    }


def _shown(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | str | list | dict) else str(value)
