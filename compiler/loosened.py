"""Where a change protects sensitive data less than before: labels, blocks, and what scenarios carry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from compiler.diagnostics import Place
from compiler.load import Documents
from compiler.policy import Policies
from compiler.policy.blocks import blocks_on, denial
from compiler.yaml_text import Document


@dataclass(frozen=True, slots=True)
class Loosened:
    """A block that holds less than before."""

    what: str
    place: Place


def loosened(before: Policies, after: Policies) -> Iterator[Loosened]:
    """Every way in which labels protect less: a model admitted, a requirement or a place of data dropped."""
    top = after.place("sensitive-data.yaml")
    for name, label in before.sensitive.labels.items():
        if name not in after.sensitive.labels:
            yield Loosened(f"label {name!r} is gone", top)
            continue
        here = after.place("sensitive-data.yaml", "labels", name, key=True)
        for kind in ("repos", "paths", "detectors", "patterns"):
            for gone in sorted(set(getattr(label, kind)) - set(getattr(after.sensitive.labels[name], kind))):
                yield Loosened(f"label {name!r} no longer covers {kind[:-1]} {gone!r}", here)
        both = _models(before) & _models(after)
        admitted = sorted(_denied(name, before, both) - _denied(name, after, both))
        if admitted:
            yield Loosened(f"label {name!r} may now reach {', '.join(admitted)}", here)
        for wish in sorted(_required(name, before) - _required(name, after)):
            yield Loosened(f"label {name!r} no longer requires {wish}", here)
    yield from _unlabelled(before, after)


def _unlabelled(before: Policies, after: Policies) -> Iterator[Loosened]:
    """Scenarios that carry a label no more, under their own name or, renamed, under a new one."""
    new = after.scenarios.keys() - before.scenarios.keys()
    carried_by_new = {label for name in new for label in after.scenarios[name].data}
    for name, scenario in before.scenarios.items():
        lost = [label for label in scenario.data if label in after.sensitive.labels]
        if name in after.scenarios:
            where = after.scenario_place(name, "data", key=True)
            for label in lost:
                if label not in after.scenarios[name].data:
                    yield Loosened(f"scenario {name!r} no longer carries label {label!r}", where)
        elif new:
            where = after.scenario_place(min(new), "scenario")
            for label in lost:
                if label not in carried_by_new:
                    yield Loosened(f"scenario {name!r} is gone, and no new one carries its label {label!r}", where)


def loosened_text(before: Documents, after: Policies) -> Iterator[Loosened]:
    """What may be looser than in a base that does not compile: there, only what was written can be compared."""
    old, new = before.files, after.documents.files
    sensitive = "sensitive-data.yaml"
    if sensitive in old and old[sensitive].data != (new[sensitive].data if sensitive in new else None):
        yield Loosened("the base does not compile, and labels or blocks change", after.place(sensitive))
    for file, document in old.items():
        if file.startswith("scenarios/") and (lost := _written_labels(document) - _written_labels(new.get(file))):
            place = Place(f"{after.documents.folder}/{file}")
            yield Loosened(f"{file} no longer carries {', '.join(map(repr, sorted(lost)))}", place)


def _written_labels(document: Document | None) -> set[str]:
    data = document.data.get("data") if document and isinstance(document.data, dict) else None
    return {label for label in data if isinstance(label, str)} if isinstance(data, list) else set()


def _models(policies: Policies) -> set[str]:
    return {*policies.lock.models, *policies.lock.mlx}


def _denied(label: str, policies: Policies, known: set[str]) -> set[str]:
    """Models that the label may not reach, and the patterns and classes as they stand. `known`: of both sides' locks,
    since a model that comes or goes is no change of a block."""
    blocks = [block for _, block in blocks_on(policies, (label,))]
    models = {model for model in known for block in blocks if denial(block, model, policies)}
    return models | {f"everything {word!r} stands for" for block in blocks for word in block.deny}


def _required(label: str, policies: Policies) -> set[str]:
    wishes = (block.require.model_dump(exclude_none=True) for _, block in blocks_on(policies, (label,)))
    return {f"{key}: {str(value).lower()}" for wish in wishes for key, value in wish.items() if value}
