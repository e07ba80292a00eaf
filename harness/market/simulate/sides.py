"""The two sets of policies that are compared: those in force, and the changed ones. Nothing is written."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from compiler.compile import check
from compiler.load import Documents, load
from compiler.plan import Plan
from compiler.policy import FILES, Policies
from compiler.revisions import NoRevision, extract, name_of
from compiler.yaml_text import Document


@dataclass(frozen=True, slots=True)
class Side:
    """Policies, what they come to as things stand, and what they are called."""

    name: str
    policies: Policies
    plan: Plan


class UnknownScenario(Exception):
    """A setting names a scenario that is not there."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.known = tuple(known)
        super().__init__(f"no scenario {name!r}")


@dataclass(frozen=True, slots=True)
class Setting:
    """`--set SCENARIO.primary=MODEL`."""

    scenario: str
    primary: str

    @classmethod
    def parse(cls, text: str) -> Setting:
        """Raises ValueError for anything else."""
        left, _, model = text.partition("=")
        scenario, dot, what = left.partition(".")
        if not scenario or not dot or what != "primary" or not model:
            raise ValueError(f"--set {text!r} is not SCENARIO.primary=MODEL")
        return cls(scenario, model)

    def __str__(self) -> str:
        return f"{self.scenario}.primary={self.primary}"


def sides(project: Path, against: str | None, policies: Path | None, settings: Sequence[Setting]) -> tuple[Side, Side]:
    """In force: a revision, else the project's own. Changed: another folder, else the project's own, with settings.

    Raises PolicyError where one of them does not compile, NoRevision, and UnknownScenario.
    """
    own = project / "policies"
    before = _at(project, against) if against else side("policies/", load(own, FILES))
    changed = load(policies or own, FILES)
    if not settings:
        return before, side(str(policies) if policies else "policies/", changed)
    names = ", ".join(map(str, settings))
    base = f"{policies or 'policies/'} with {names}"
    known = side("", changed).policies  # what is set on must be good by itself
    return before, side(base, with_settings(changed, known, settings))


def _at(project: Path, revision: str) -> Side:
    with tempfile.TemporaryDirectory() as folder:
        found = extract(project, revision, Path(folder))
        if found is None:
            raise NoRevision(f"{revision!r} has no policies/")
        return side(f"policies/ at {name_of(project, revision)}", load(found, FILES))


def side(name: str, documents: Documents) -> Side:
    """Policies that must be good. Raises PolicyError."""
    policies, plans, _ = check(documents)
    return Side(name, policies, plans[0])


def with_settings(documents: Documents, policies: Policies, settings: Sequence[Setting]) -> Documents:
    """The same files with other primaries; fallbacks stay behind them."""
    files: dict[str, Document] = dict(documents.files)
    for setting in settings:
        if setting.scenario not in policies.scenarios:
            raise UnknownScenario(setting.scenario, policies.scenarios)
        file = policies.scenario_files[setting.scenario]
        files[file] = replace(files[file], data=_rerouted(files[file].data, policies, setting))
    return replace(documents, files=MappingProxyType(files))


def _rerouted(data: Mapping[str, Any], policies: Policies, setting: Setting) -> dict[str, Any]:
    scenario = policies.scenarios[setting.scenario]
    if scenario.route:
        models = [scenario.route.primary, *scenario.route.fallbacks]
    else:
        models = [model for model, _ in policies.track_models(str(scenario.track))]
    fallbacks = [model for model in models[1:] if model != setting.primary]
    return {**data, "route": {"primary": setting.primary, "fallbacks": fallbacks}}
