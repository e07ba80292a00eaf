"""fleet.yaml's rings → generated/rollout/rings.json: which Macs take a release first. Every bundle carries it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from compiler.diagnostics import Place
from compiler.policy import Policies
from compiler.policy.fleet import REST
from compiler.targets import Artifact

PATH, FORMAT = "rollout/rings.json", "weathervane-rings/1"


def rollout(policies: Policies) -> Iterator[Artifact]:
    """Nothing where the team has no rings: then all Macs take a release at once.

    Macs of the last ring are not listed. Nobody waits for them, and each of 10,000 bundles would list 10,000.
    """
    if not policies.fleet.rings:
        return
    rings = [
        {
            "ring": ring.ring,
            "machines": sorted(ring.machines),
            "healthy_reports": ring.healthy_reports,
            "enough": ring.enough or len(ring.machines),
        }
        for ring in policies.fleet.rings
    ]
    content = json.dumps({"format": FORMAT, "rings": rings, "last": REST}, indent=1) + "\n"
    place = policies.place("fleet.yaml", "rings", key=True)
    yield Artifact(PATH, content.encode(), (place, *_places(policies)))


def _places(policies: Policies) -> Iterator[Place]:
    for index in range(len(policies.fleet.rings)):
        yield policies.place("fleet.yaml", "rings", index, "ring")
