"""Ways to a model that the guard beside an openclaw.json opens: where its data lets it send a turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compiler.strict_json import strict_json
from compiler.targets import Reach
from compiler.targets.openclaw.address import Node, branch, model_of, turn_object

PATH = "guard/guard.json"
LABEL = "label:"


def guarded(root: Node, files: Mapping[str, bytes]) -> Iterator[Reach]:
    """Every model that a scenario's turns may go to by the guard's data, and every label that it lets through to it.

    Whether the data is there, and says all that it must, `compiler.guard.proof` asks.
    """
    if PATH not in files:
        return
    agents = branch(root, "agents", "entries")
    data = strict_json(files[PATH].decode("utf-8"))
    labels = data["labels"]
    for name, scenario in data["scenarios"].items():
        for field in ("candidates", "instead"):
            for index, choice in enumerate(scenario[field]):
                path = f"{PATH} scenarios.{name}.{field}[{index}].model"
                yield from _choice(root, branch(agents, name), name, choice, (labels, path))
        for field in ("past_share", "past_cap"):
            for index, ref in enumerate(scenario[field] or ()):
                path = f"{PATH} scenarios.{name}.{field}[{index}]"
                yield Reach(name, model_of(root, ref), path, turn_object(root, branch(agents, name), ref))


def _choice(
    root: Node, entry: Node, scenario: str, choice: Mapping[str, Any], known: tuple[Mapping[str, Any], str]
) -> Iterator[Reach]:
    """A model for a scenario's own data, and for data under each label that it is not denied to."""
    labels, path = known
    ref = choice["model"]
    model, body = model_of(root, ref), turn_object(root, entry, ref)
    yield Reach(scenario, model, path, body)
    for label in labels:
        if label not in choice["denied"]:
            yield Reach(f"{LABEL}{label}", model, path, body)
