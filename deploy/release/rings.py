"""rollout/rings.json, as every bundle carries it: which Macs take a release first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploy.release.manifest import count_of, is_machine

#: Below generated/ and in a bundle alike; the folder is also its kind.
PATH, KIND, FORMAT = "rollout/rings.json", "rollout", "weathervane-rings/1"
#: Where a team has no rings.
LAST = "rest"


@dataclass(frozen=True, slots=True)
class Ring:
    """It is done when `enough` of its Macs said `healthy_reports` times in a row that they are well."""

    name: str
    machines: tuple[str, ...]
    healthy_reports: int
    enough: int


@dataclass(frozen=True, slots=True)
class Rings:
    """In the order in which they take a release; `last` is the ring of all Macs that none of them names."""

    rings: tuple[Ring, ...] = ()
    last: str = LAST

    def name_of(self, machine: str) -> str:
        """The ring of a Mac."""
        return next((ring.name for ring in self.rings if machine in ring.machines), self.last)

    def before(self, machine: str) -> tuple[Ring, ...]:
        """Those that a Mac waits for."""
        own = [index for index, ring in enumerate(self.rings) if machine in ring.machines]
        return self.rings[: own[0]] if own else self.rings


def rings_of(files: Mapping[str, bytes]) -> Rings:
    """The rings in a release's files, or generated/'s. Raises ValueError."""
    content = files.get(PATH)
    if content is None:
        return Rings()
    try:
        data = json.loads(content)
        if data["format"] != FORMAT:
            raise ValueError(f"its format is {data['format']!r:.60}")
        return Rings(tuple(_ring(ring) for ring in data["rings"]), _name(data["last"]))
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not what a compile writes: {type(error).__name__} {error}") from error


def _ring(data: Mapping[str, Any]) -> Ring:
    machines = tuple(_name(machine) for machine in data["machines"])
    return Ring(_name(data["ring"]), machines, count_of(data["healthy_reports"]), count_of(data["enough"]))


def _name(value: Any) -> str:
    if not isinstance(value, str) or not is_machine(value):
        raise ValueError(f"{value!r:.60} is no name")
    return value
