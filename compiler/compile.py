"""The pipeline: load → check → resolve → emit → verify. It reads policies and writes nothing; that is `write`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compiler import rules
from compiler.diagnostics import Code, Finding, Place, PolicyError, errors, ordered
from compiler.load import Documents, load
from compiler.plan import AccountPlan, MachinePlan, Plan
from compiler.policy import FILES, Policies, parse
from compiler.resolve import resolve
from compiler.rollout import rollout
from compiler.rules.privacy import literal_secret, secret_problems
from compiler.targets import Artifact, Target, installed
from compiler.verify import verify

REFUSED_ARTIFACT = Code(
    "VN601", "refused-artifact", "An artifact does not pass its target's own check",
    "this is a fault of the target's template: please report it with the message",
    "Each target checks what it rendered before anything is written: schemas, and what their programs do not check.",
)  # fmt: skip
STRANGE_ARTIFACT = Code(
    "VN602", "strange-artifact", "A target yields what cannot be written",
    "mend or uninstall the target: artifacts have a relative path of plain names, bytes, and a path of their own",
    "Other people's targets run inside a compile. None may write outside a Mac's folder, or over another's file.",
)  # fmt: skip
CODES = (REFUSED_ARTIFACT, STRANGE_ARTIFACT)


@dataclass(frozen=True, slots=True)
class Bundle:
    """The artifacts of all machines that share a plan, rendered once; or those of the account, with no machine."""

    folder: str
    situation: str
    plan: MachinePlan | AccountPlan
    machines: tuple[str, ...]
    by_target: Mapping[str, tuple[Artifact, ...]]

    @property
    def folders(self) -> Iterable[str]:
        """Where the artifacts lie below generated/: one folder a machine."""
        if isinstance(self.plan, AccountPlan):
            return (self.folder,)
        return (f"{self.folder}machines/{machine}/" for machine in self.machines)

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """All of them, by target."""
        return tuple(artifact for artifacts in self.by_target.values() for artifact in artifacts)


@dataclass(frozen=True, slots=True)
class Compiled:
    """Everything that goes into generated/, and what is worth saying about it."""

    policies: Policies
    plans: tuple[Plan, ...]
    bundles: tuple[Bundle, ...]
    machine_places: Mapping[str, Place]
    #: policy file → SHA-256, as read
    inputs: Mapping[str, str]
    findings: tuple[Finding, ...]
    texts: Mapping[str, str]
    #: what is about all Macs together; its path is below generated/
    rollout: tuple[Artifact, ...] = ()

    def files(self) -> Iterator[tuple[str, Artifact]]:
        """(path inside generated/, artifact), machine by machine."""
        for bundle in self.bundles:
            artifacts = bundle.artifacts
            for folder in bundle.folders:
                for artifact in artifacts:
                    yield folder + artifact.path, artifact
        for artifact in self.rollout:
            yield artifact.path, artifact


def compile_policies(folder: Path, targets: Sequence[Target] | None = None) -> Compiled:
    """Policies in, artifacts out. Raises PolicyError with all findings where there is nothing good to write."""
    documents = load(folder, FILES)
    policies, plans, findings = check(documents)
    targets = installed() if targets is None else targets
    bundles = tuple(emit(plans, targets))
    if strange := tuple(strange_artifacts(bundles)):
        raise PolicyError(strange)
    refused = tuple(check_artifacts(bundles, targets)) or tuple(verify(bundles, policies, targets))
    if refused:
        raise PolicyError(refused)
    inputs = {file: hashlib.sha256(text.encode()).hexdigest() for file, text in sorted(documents.texts.items())}
    places, texts = plans[0].places, documents.texts
    return Compiled(policies, plans, bundles, places, inputs, findings, texts, tuple(rollout(policies)))


def check(documents: Documents) -> tuple[Policies, tuple[Plan, ...], tuple[Finding, ...]]:
    """Typed policies and their plans, with warnings and notes. Raises PolicyError if a rule finds an error."""
    policies, findings = parse(documents)
    if policies is None:
        leaked = (literal_secret.code.at(*problem) for problem in secret_problems(documents.texts.items()))
        raise PolicyError((*findings, *leaked))
    dangling = rules.check_references(policies)
    plans = () if dangling else resolve(policies)
    found = ordered((*dangling, *rules.check_policies(policies), *rules.check_plans(plans, policies)))
    if errors(found):
        raise PolicyError(found)
    return policies, plans, found


def emit(plans: Sequence[Plan], targets: Sequence[Target]) -> Iterator[Bundle]:
    """Render each distinct plan once, and keep what comes out equal once.

    A contingency holds only the machines on which it changes something.
    """
    standing = plans[0]
    kept: dict[Artifact, Artifact] = {}

    def only(artifacts: Iterable[Artifact]) -> tuple[Artifact, ...]:
        return tuple(kept.setdefault(a, a) if isinstance(a, Artifact) else a for a in artifacts)

    for plan in plans:
        for machine_plan, machines in _alike(plan, standing):
            rendered = {target.name: only(_rendered(target, target.emit, machine_plan)) for target in targets}
            yield Bundle(plan.folder, plan.situation, machine_plan, tuple(machines), rendered)
        if plan.is_standing or plan.account != standing.account:
            rendered = {target.name: only(_rendered(target, target.emit_account, plan.account)) for target in targets}
            yield Bundle(plan.folder, plan.situation, plan.account, (), rendered)


def _alike(plan: Plan, standing: Plan) -> Iterable[tuple[MachinePlan, list[str]]]:
    """Each distinct plan, and the machines that have it; in a contingency only where it is another than usual.

    Machines of one profile share one object: it is hashed and compared once, not 10,000 times.
    """
    objects: dict[tuple[int, int], tuple[MachinePlan, MachinePlan, list[str]]] = {}
    for machine, machine_plan in plan.machines.items():
        usual = standing.machines[machine]
        key = id(machine_plan), id(usual)
        objects.setdefault(key, (machine_plan, usual, []))[2].append(machine)
    alike: dict[MachinePlan, list[str]] = {}
    for machine_plan, usual, machines in objects.values():
        if plan.is_standing or machine_plan != usual:
            alike.setdefault(machine_plan, []).extend(machines)
    return alike.items()


def _rendered(target: Target, emit: Callable[[Any], Iterable[Artifact]], plan: object) -> tuple[Artifact, ...]:
    """What a target makes of a plan; an error in it says whose it is."""
    try:
        return tuple(emit(plan))
    except Exception as error:
        error.add_note(f"in target {target.name!r}: if it is not one of Weathervane's own, report it to its authors")
        raise


def strange_artifacts(bundles: Iterable[Bundle]) -> Iterator[Finding]:
    """Artifacts that would land outside their folder or on one another, or that are none. Nothing else sees them."""
    for bundle in bundles:
        owners: dict[str, str] = {}
        for target, artifacts in bundle.by_target.items():
            for artifact in artifacts:
                if why := _strangeness(artifact, owners):
                    yield STRANGE_ARTIFACT.at(Place("policies"), f"target {target!r}: {why}")
                else:
                    owners[artifact.path.lower()] = target


def _strangeness(artifact: object, owners: Mapping[str, str]) -> str | None:
    if not isinstance(artifact, Artifact):
        return f"it yields a {type(artifact).__name__}, no Artifact"
    path, content = artifact.path, artifact.content
    if not isinstance(path, str) or not isinstance(content, bytes):
        return "an artifact's path must be text and its content bytes"
    if any(part in ("", ".", "..") or not part.isprintable() or part.startswith(".vane-") for part in path.split("/")):
        return f"{path!r} is no path below a Mac's folder"
    if path.lower() in owners:  # the disks of Macs do not tell case apart
        return f"{path!r} is also yielded by target {owners[path.lower()]!r}"
    return None


def check_artifacts(bundles: Iterable[Bundle], targets: Sequence[Target]) -> Iterator[Finding]:
    """What targets say against what they rendered themselves; what many Macs have in common is checked once."""
    checked: set[int] = set()
    for bundle in bundles:
        for target in targets:
            for artifact in bundle.by_target[target.name]:
                if id(artifact) in checked:
                    continue
                checked.add(id(artifact))
                for problem in target.check(artifact.path, artifact.content):
                    owner = bundle.machines[0] if bundle.machines else "the account"
                    said = f"{target.name}: {artifact.path} of {owner}: {problem}"
                    place = artifact.sources[0] if artifact.sources else Place("policies")
                    yield REFUSED_ARTIFACT.at(place, said)
