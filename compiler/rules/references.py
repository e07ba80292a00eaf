"""Rules about names that point at something: it must exist, and no chain may come back to its start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from compiler.advice import Advice, nearest
from compiler.diagnostics import Place
from compiler.policy import TRACK_KEYS, Policies
from compiler.rules.registry import Problem, policy_rule


@policy_rule(
    "VN201", "dangling-reference", "A name points at nothing", fix="correct the name, or write what it points at"
)
def dangling_reference(policies: Policies) -> Iterator[Problem]:
    """A cap, label, scenario, machine or track that is named but nowhere described would quietly mean nothing: a block
    on a misspelt label blocks nobody."""
    advice = Advice()
    for what, name, known, place in _references(policies):
        if name not in known:
            yield Problem(place, f"no {what} {name!r}", advice.on((what, name), partial(nearest, name, known)))


def _references(policies: Policies) -> Iterator[tuple[str, str, Iterable[str], Place]]:
    """(kind of thing, name, what exists, place) of every reference."""
    tracks = [name for name in TRACK_KEYS if policies.track(name)]
    for name, key in TRACK_KEYS.items():
        if (track := policies.track(name)) and track.cap:
            yield "cap", track.cap, policies.caps, policies.place("tracks.yaml", key, "cap")
    for name, cap in policies.caps.items():
        yield "track", cap.downgrade_to, tracks, policies.place("caps.yaml", "caps", name, "downgrade_to")
    if (dollar := policies.tracks.dollar_track) and dollar.downgraded:
        place = policies.place("tracks.yaml", "dollar_track", "downgraded", "to")
        yield "track", dollar.downgraded.to, tracks, place
    for index, block in enumerate(policies.sensitive.blocks):
        place = policies.place("sensitive-data.yaml", "blocks", index, "label")
        yield "label", block.label, policies.sensitive.labels, place
    for name, scenario in policies.scenarios.items():
        if scenario.track:
            yield "track", scenario.track, tracks, policies.scenario_place(name, "track")
        for index, label in enumerate(scenario.data):
            yield "label", label, policies.sensitive.labels, policies.scenario_place(name, "data", index)
    for name, machine in policies.fleet.machines.items():
        if machine.gateway:
            place = policies.place("fleet.yaml", "machines", name, "gateway")
            yield "machine", machine.gateway, policies.fleet.machines, place
    for index, ring in enumerate(policies.fleet.rings):
        for number, name in enumerate(ring.machines):
            place = policies.place("fleet.yaml", "rings", index, "machines", number)
            yield "machine", name, policies.fleet.machines, place
    yield from _references_of_checks(policies)


def _references_of_checks(policies: Policies) -> Iterator[tuple[str, str, Iterable[str], Place]]:
    for index, leg in enumerate(policies.acceptance.legs if policies.acceptance else ()):
        place = policies.place("acceptance.yaml", "legs", index, "scenario")
        yield "scenario", leg.scenario, policies.scenarios, place
    for index, test in enumerate(policies.tests.tests if policies.tests else ()):
        if test.scenario:
            place = policies.place("tests.yaml", "tests", index, "scenario")
            yield "scenario", test.scenario, policies.scenarios, place
        if test.label:
            place = policies.place("tests.yaml", "tests", index, "label")
            yield "label", test.label, policies.sensitive.labels, place


@policy_rule(
    "VN202", "circular-reference", "A chain of references comes back to its start",
    fix="let the chain end at something without a further link",
)  # fmt: skip
def circular_downgrade(policies: Policies) -> Iterator[Problem]:
    """If the dollar track goes to the token track at its cap, and the token track to the dollar track at its own, then
    a team out of money bounces between two dry keys. The same holds for a gateway that is its own client."""
    for start in TRACK_KEYS:
        seen, at = [start], start
        while (track := policies.track(at)) and (cap := track.cap) in policies.caps:
            at = policies.caps[str(cap)].downgrade_to
            if at == start:
                place = policies.place("caps.yaml", "caps", str(cap), "downgrade_to")
                yield Problem(place, f"circular downgrade: {' → '.join([*seen, at])}")
            if at in seen:
                break
            seen.append(at)
    yield from _back_to_dollar(policies)
    yield from _circular_gateways(policies)


def _back_to_dollar(policies: Policies) -> Iterator[Problem]:
    """A downgraded dollar track that gets its work back, at once or when the other track's cap is passed."""
    dollar = policies.tracks.dollar_track
    if dollar is None or dollar.downgraded is None:
        return
    chain, at = ["dollar"], str(dollar.downgraded.to)
    while at not in chain:
        chain.append(at)
        track = policies.track(at)
        if track is None or track.cap not in policies.caps:
            return
        at = policies.caps[str(track.cap)].downgrade_to
    if at == "dollar":
        place = policies.place("tracks.yaml", "dollar_track", "downgraded", "to")
        yield Problem(place, f"circular downgrade: {' → '.join([*chain, at])}")


def _circular_gateways(policies: Policies) -> Iterator[Problem]:
    machines = policies.fleet.machines
    for start, machine in machines.items():
        chain, at = [start], machine.gateway
        while at in machines and at not in chain:
            chain.append(at)
            at = machines[at].gateway
        if at == start:
            place = policies.place("fleet.yaml", "machines", start, "gateway")
            yield Problem(place, f"circular gateway: {' → '.join([*chain, start])}")
