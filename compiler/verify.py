"""The proof on the artifacts: read them back, list what each scenario can reach, hold it against the blocks.

This module knows nothing of how artifacts are rendered. It takes the bytes that are about to be written, has each
target read them, and asks the policies whether each way from a scenario to a model may exist. What it cannot judge (a
foreign address, a pattern, a scenario nobody described) counts as a violation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from compiler.diagnostics import Code, Finding
from compiler.guard.proof import unguarded
from compiler.plan import MLX_PREFIX, AccountPlan, MachinePlan
from compiler.policy import Policies
from compiler.policy.blocks import blocks_on, denial
from compiler.targets import Artifact, Reach, Target

BLOCKED_REACH = Code(
    "VN901", "blocked-reach", "An artifact lets a blocked label reach a denied model",
    "this is a fault of the compiler, or somebody edited the artifact: report it with the message",
    "Nothing is written unless every model that an artifact can reach has been held against the blocks.",
)  # fmt: skip
MISSING_REQUIREMENT = Code(
    "VN902", "missing-requirement", "A call with a label does not ask for what its block requires",
    "this is a fault of the compiler, or somebody edited the artifact: report it with the message",
    "Zero retention and no data collection are asked for call by call; what counts is what the artifact will send.",
)  # fmt: skip
UNPLANNED_REACH = Code(
    "VN903", "unplanned-reach", "An artifact reaches a model that no route of the scenario holds",
    "this is a fault of the compiler, or somebody edited the artifact: report it with the message",
    "Every way in which text can reach a model is pinned; a way that no policy line asked for is a hole.",
)  # fmt: skip
UNGUARDED = Code(
    "VN906", "unguarded", "A guard's data is missing, or looser than the policies",
    "this is a fault of the compiler, or somebody edited the artifact: report it with the message",
    "Labels, tickets, caps and the gray share hold for each request only where the guard knows them.",
)  # fmt: skip
CODES = (BLOCKED_REACH, MISSING_REQUIREMENT, UNPLANNED_REACH, UNGUARDED)

#: How `read` names what is no scenario: all that a label lets through (`label:*`: every label), a job of a Mac, and all
#: that a key of the account may be used for.
LABEL_PREFIX = "label:"
MACHINE_PREFIX = "machine:"
KEY_PREFIX = "key:"


class Bundle(Protocol):
    """The artifacts of machines with one plan."""

    @property
    def plan(self) -> MachinePlan | AccountPlan: ...
    @property
    def machines(self) -> tuple[str, ...]: ...
    @property
    def situation(self) -> str: ...
    @property
    def artifacts(self) -> tuple[Artifact, ...]: ...


def verify(bundles: Iterable[Bundle], policies: Policies, targets: Sequence[Target]) -> Iterator[Finding]:
    """Every violation in any artifact of any machine in any situation."""
    for bundle in bundles:
        where = f"{bundle.machines[0] if bundle.machines else 'the account'}" + (
            f", when {bundle.situation}" if bundle.situation != "standing" else ""
        )
        for reach in reaches(bundle.artifacts, targets):
            for code, problem in violations(reach, bundle.plan, policies):
                scenario = reach.scenario.removeprefix(LABEL_PREFIX)
                place = policies.place("sensitive-data.yaml")
                if scenario in policies.scenarios:
                    place = policies.scenario_place(scenario, "scenario")
                yield code.at(place, f"{reach.scenario} on {where}: {reach.path} reaches {reach.model!r}: {problem}")
        for path, problem in loose_guards(bundle.plan, {each.path: each.content for each in bundle.artifacts}):
            yield UNGUARDED.at(policies.place("sensitive-data.yaml"), f"{where}: {path}: {problem}")


def loose_guards(plan: MachinePlan | AccountPlan, files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """(path, problem) where a guard of a Mac lets through more than the policies do."""
    if isinstance(plan, MachinePlan):
        yield from unguarded(files, plan)


def reaches(artifacts: Iterable[Artifact], targets: Sequence[Target]) -> Iterator[Reach]:
    """All that a Mac's artifacts can reach, by every path."""
    files = {artifact.path: artifact.content for artifact in artifacts}
    for target in targets:
        yield from target.read(files)


def violations(reach: Reach, plan: MachinePlan | AccountPlan, policies: Policies) -> Iterator[tuple[Code, str]]:
    """Why one way to a model may not exist."""
    if reach.scenario.startswith(KEY_PREFIX):
        yield from _beyond_key(reach, plan)
        return
    labels, planned = _subject(reach.scenario, plan, policies)
    if labels is None:
        yield UNPLANNED_REACH, "no policy describes this scenario"
        return
    for _, block in blocks_on(policies, labels):
        if why := denial(block, reach.model, policies):
            yield BLOCKED_REACH, f"{block.label!r} may not: {why}"
        elif not reach.model.startswith(MLX_PREFIX):
            for key, wanted in block.require.model_dump(exclude_none=True).items():
                if reach.provider.get(key) != wanted:
                    yield MISSING_REQUIREMENT, f"{block.label!r} requires {key}: {_word(wanted)}"
    if planned is not None and reach.model not in planned:
        yield UNPLANNED_REACH, "no route of this scenario holds it"


def _beyond_key(reach: Reach, plan: MachinePlan | AccountPlan) -> Iterator[tuple[Code, str]]:
    """What a guardrail admits although no route on its key asks for it, or without the retention that one asks for."""
    keys = plan.keys if isinstance(plan, AccountPlan) else ()
    key = next((key for key in keys if f"{KEY_PREFIX}{key.key}" == reach.scenario), None)
    if key is None or reach.model not in key.models:
        yield UNPLANNED_REACH, "no route on this key holds it"
    elif reach.model in key.zdr_models and reach.provider.get("zdr") is not True:
        yield MISSING_REQUIREMENT, "calls with blocked labels use it, and zero retention is not enforced"


def _subject(
    scenario: str, plan: MachinePlan | AccountPlan, policies: Policies
) -> tuple[tuple[str, ...] | None, set[str] | None]:
    """The labels of a scenario (None: unknown), and the models that it is planned to reach (None: not said)."""
    if scenario.startswith(MACHINE_PREFIX):
        return (), {plan.mlx.model} if plan.mlx and scenario == f"{MACHINE_PREFIX}mlx" else set()
    if scenario.startswith(LABEL_PREFIX):
        label, known = scenario.removeprefix(LABEL_PREFIX), tuple(policies.sensitive.labels)
        return (known if label == "*" else (label,) if label in known else None), None
    if scenario not in policies.scenarios:
        return None, None
    own = [route for route in plan.routes if route.scenario == scenario]
    return policies.scenarios[scenario].data, {hop.model for route in own for hop in plan.reachable_by(route)}


def _word(value: Any) -> str:
    return str(value).lower()
