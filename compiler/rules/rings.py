"""Rules about rings: a release must be able to come to every Mac, and to each of them once."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.policy import Policies
from compiler.policy.fleet import REST
from compiler.rules.registry import Problem, policy_rule


@policy_rule(
    "VN509", "ring-named-twice", "Two rings have one name", fix="give each ring a name of its own, and none `rest`"
)
def ring_named_twice(policies: Policies) -> Iterator[Problem]:
    """Reports and people name rings. `rest` is the ring of all Macs that no other ring names."""
    seen = {REST}
    for index, ring in enumerate(policies.fleet.rings):
        if ring.ring in seen:
            what = "the ring of all other Macs" if ring.ring == REST else "the name of another ring"
            yield Problem(policies.place("fleet.yaml", "rings", index, "ring"), f"{ring.ring!r} is {what}")
        seen.add(ring.ring)


@policy_rule("VN510", "machine-in-two-rings", "A Mac is named twice in the rings", fix="leave it in one of them")
def machine_in_two_rings(policies: Policies) -> Iterator[Problem]:
    """A Mac takes a release once: with which ring, must be plain."""
    seen: dict[str, str] = {}
    for index, ring in enumerate(policies.fleet.rings):
        for number, name in enumerate(ring.machines):
            if name in seen:
                place = policies.place("fleet.yaml", "rings", index, "machines", number)
                yield Problem(place, f"{name!r} is in ring {seen[name]!r} already")
            seen.setdefault(name, ring.ring)


@policy_rule(
    "VN511", "ring-never-done", "A ring waits for more Macs than it has", fix="lower `enough`, or add Macs to the ring"
)
def ring_never_done(policies: Policies) -> Iterator[Problem]:
    """Such a ring is never done, and no release would ever come to the Macs behind it."""
    for index, ring in enumerate(policies.fleet.rings):
        if ring.enough is not None and ring.enough > len(ring.machines):
            place = policies.place("fleet.yaml", "rings", index, "enough")
            yield Problem(place, f"{ring.ring!r} has {len(ring.machines)} of the {ring.enough} Macs that it waits for")
