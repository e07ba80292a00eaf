"""Why an artifact holds a value: change one input of the plan, render again, and look whether the value moved.

Nothing is told from names: a value that moves with no input is the target's own, whatever it looks like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from compiler.compile import Bundle, Compiled
from compiler.keypath import MISSING, Steps, document, parted, resolve, shown, value_at
from compiler.machine_probes import account_inputs, machine_inputs, model_inputs
from compiler.plan import AccountPlan, Step
from compiler.policy import Policies
from compiler.probes import AnyPlan, Group, Input, presence_inputs, route_inputs
from compiler.targets import Artifact, Target


@dataclass(frozen=True, slots=True)
class Way:
    """A scenario that reaches a model by the asked value."""

    scenario: str
    model: str


@dataclass(frozen=True, slots=True)
class Decisions:
    """The decisions that gave a value, and those without which nothing would stand in its place."""

    value: tuple[Step, ...]
    presence: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be said about one value of one artifact."""

    #: machine folders below generated/ that hold the file, all alike
    folders: tuple[str, ...]
    machines: tuple[str, ...]
    situation: str
    artifact: Artifact
    target: str
    steps: Steps
    value: Any
    decisions: Decisions
    ways: tuple[Way, ...]

    @property
    def is_target_own(self) -> bool:
        """Whether no policy asks for the value."""
        return not self.decisions.value

    @property
    def said(self) -> tuple[object, ...]:
        """What makes two answers the same, whichever file they are about."""
        return (self.artifact.path, self.steps, shown(self.value), self.decisions, self.ways)


def answer(bundle: Bundle, target: Target, artifact: Artifact, path: str, policies: Policies) -> Answer:
    """Why the artifact holds what it holds at a path. NoSuchKeyError where it holds nothing there."""
    whole = document(artifact.path, artifact.content)
    steps = resolve(whole, path)
    files = {each.path: each.content for each in bundle.artifacts}
    ways = {
        Way(reach.scenario, reach.model): None
        for reach in target.read(files)
        if _leads_to(reach.path, artifact.path, files, whole) == steps
    }
    return Answer(
        folders=tuple(bundle.folders),
        machines=bundle.machines,
        situation=bundle.situation,
        artifact=artifact,
        target=target.name,
        steps=steps,
        value=value_at(whole, steps),
        decisions=decisions(bundle, target, artifact.path, steps, policies),
        ways=tuple(ways),
    )


def _leads_to(way: str, path: str, files: Iterable[str], whole: Any) -> Steps | None:
    """The steps into the file at `path` that a way means; None where it means another file, or what is not there."""
    file, inside = parted(way, files)
    try:
        return resolve(whole, inside) if file == path else None
    except LookupError:
        return None


#: What becomes of a value when inputs change.
Fate = Literal["same", "changed", "gone"]


def decisions(bundle: Bundle, target: Target, path: str, steps: Steps, policies: Policies) -> Decisions:
    """The decisions with which the value moves, in the order of models, preferences, keys, facts and the Mac."""
    fate = _observer(bundle, target, path, steps)
    found: dict[Fate, dict[Step, None]] = {"changed": {}, "gone": {}, "same": {}}
    for group in _groups(bundle, policies):
        for each, became in _deciding(group, fate):
            found["changed" if each.is_wish else became].update(dict.fromkeys(each.reasons))
    if not found["changed"]:
        for each in presence_inputs(bundle.plan, policies):
            found[fate((each,))].update(dict.fromkeys(each.reasons))
    presence = (step for step in found["gone"] if step not in found["changed"])
    return Decisions(tuple(found["changed"]), tuple(presence))


def _observer(bundle: Bundle, target: Target, path: str, steps: Steps) -> Callable[[Sequence[Input]], Fate]:
    """What tells a value's fate under changed inputs."""

    def rendered(plan: AnyPlan) -> Any:
        emitted = target.emit_account(plan) if isinstance(plan, AccountPlan) else target.emit(plan)
        content = next((each.content for each in emitted if each.path == path), None)
        # that a Mac has the file at all is no decision about one value of it
        return before if content is None else value_at(document(path, content), steps)

    def fate(inputs: Sequence[Input]) -> Fate:
        plan: AnyPlan = bundle.plan
        for each in inputs:
            plan = each.change(plan)
        try:
            now = rendered(plan)
        except (ValueError, LookupError, StopIteration):
            return "same"  # the change makes no sense to the target, so it says nothing
        return "gone" if now is MISSING else "changed" if now != before else "same"

    before: Any = MISSING
    before = rendered(bundle.plan)
    return fate


def _groups(bundle: Bundle, policies: Policies) -> Iterator[Group]:
    plan = bundle.plan
    yield from route_inputs(plan, policies)
    if isinstance(plan, AccountPlan):
        yield from account_inputs(plan, policies)
    else:
        yield from model_inputs(plan, policies)
        yield from machine_inputs(plan, bundle.machines[0], policies)


def _deciding(group: Group, fate: Callable[[Sequence[Input]], Fate]) -> Sequence[tuple[Input, Fate]]:
    """The inputs that alone move the value; where several hold it together, those of which one alone would hold it."""
    together = fate(group)
    if together == "same":
        return []
    alone = [(each, became) for each in group if (became := fate((each,))) != "same"]
    if alone:
        return alone
    enough = [each for each in group if fate([other for other in group if other is not each]) == "same"]
    return [(each, together) for each in enough or group]


def answers(compiled: Compiled, targets: Sequence[Target], file: str, path: str, machine: str | None) -> list[Answer]:
    """One answer for each distinct plan that has the file and the path. NoSuchKeyError where all lack the path."""
    found: list[Answer] = []
    refused: LookupError | None = None
    for bundle, target, artifact in holders(compiled, targets, file, machine):
        try:
            found.append(answer(bundle, target, artifact, path, compiled.policies))
        except LookupError as error:
            refused = refused or error
    if refused and not found:
        raise refused
    return found


def holders(
    compiled: Compiled, targets: Sequence[Target], file: str, machine: str | None
) -> Iterator[tuple[Bundle, Target, Artifact]]:
    """Every artifact that `file` may mean: a whole path inside generated/, else one of the standing plans."""
    wanted = file.removeprefix("./").removeprefix("generated/")
    for bundle in compiled.bundles:
        if machine is not None and machine not in bundle.machines:
            continue
        for target in targets:
            for artifact in bundle.by_target[target.name]:
                whole = any(f"{folder}{artifact.path}" == wanted for folder in bundle.folders)
                bare = not bundle.folder and f"/{artifact.path}".endswith(f"/{wanted}")
                if whole or bare:
                    yield bundle, target, artifact
