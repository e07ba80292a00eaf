"""The Macs of a compile and their rings, as generated/ names them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from deploy.account.refusal import Refusal
from deploy.release.manifest import is_machine
from deploy.release.rings import PATH, Rings, rings_of

_COMPILE = "run `vane compile`"


@dataclass(frozen=True, slots=True)
class Members:
    """Every Mac, and which of them go first."""

    machines: tuple[str, ...]
    rings: Rings

    def by_ring(self) -> dict[str, tuple[str, ...]]:
        """Macs in the order in which a release comes to them; a ring of which none is left is not there."""
        order = [*(ring.name for ring in self.rings.rings), self.rings.last]
        found = {name: tuple(each for each in self.machines if self.rings.name_of(each) == name) for name in order}
        return {name: machines for name, machines in found.items() if machines}


def read_members(project: Path) -> Members:
    """Raises Refusal."""
    generated = project / "generated"
    try:
        machines = sorted(json.loads((generated / "manifest.json").read_bytes())["machines"])
        file = generated / PATH
        rings = rings_of({PATH: file.read_bytes()} if file.exists() else {})
        if not machines or not all(is_machine(machine) for machine in machines):
            raise ValueError("it names no Mac, or one by no name")
    except OSError as error:
        raise Refusal("VD101", str(error.filename), f"cannot be read: {error.strerror}", _COMPILE) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refusal("VD101", "generated", f"not what a compile writes: {error}", _COMPILE) from error
    return Members(tuple(machines), rings)
