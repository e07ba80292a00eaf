"""The proof of an import: compile its policies in memory, read the result back, compare what every agent reaches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from compiler.compile import check, emit
from compiler.diagnostics import Finding, Place, PolicyError
from compiler.importing.findings import REACH_DIFFERS
from compiler.importing.found import Found
from compiler.importing.policies import Written
from compiler.load import Documents
from compiler.plan import Guard, Plan
from compiler.policy import LOCK_FILE
from compiler.targets.openclaw import TARGET
from compiler.yaml_text import Document, parse


def compiled_reach(texts: Mapping[str, str], lock: str) -> dict[str, frozenset[str]]:
    """Scenario → every model that its agent reaches in the compiled openclaw.json. Raises PolicyError."""
    files: dict[str, Document] = {}
    findings: list[Finding] = []
    whole = {f"policies/{path}": text for path, text in {**texts, LOCK_FILE: lock}.items()}
    for name, text in whole.items():
        document, problems = parse(text, name)
        files[name.removeprefix("policies/")] = document
        findings += problems
    if findings:
        raise PolicyError(findings)
    _, plans, _ = check(Documents("policies", files, (), whole))
    reach: dict[str, set[str]] = {}
    for bundle in emit([_unguarded(plans[0])], [TARGET]):
        for way in TARGET.read({artifact.path: artifact.content for artifact in bundle.artifacts}):
            reach.setdefault(way.scenario, set()).add(way.model)
    return {scenario: frozenset(models) for scenario, models in reach.items()}


def _unguarded(plan: Plan) -> Plan:
    """The plan without what guards do at request time: a file from elsewhere knows nothing like it."""
    return replace(plan, machines={name: replace(machine, guard=Guard()) for name, machine in plan.machines.items()})


def differences(found: Found, written: Written, reach: Mapping[str, frozenset[str]], file: str) -> Iterator[Finding]:
    """One finding for each agent that would reach more or less than before."""
    for old, scenario in written.scenarios.items():
        before, after = found.before.get(old, frozenset()), reach.get(scenario, frozenset())
        parts = [f"no longer {', '.join(sorted(before - after))}"] if before - after else []
        parts += [f"also {', '.join(sorted(after - before))}"] if after - before else []
        if parts:
            yield REACH_DIFFERS.at(Place(file), f"{old!r} would reach {' and '.join(parts)}")
