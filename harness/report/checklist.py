"""The article's acceptance checklist, each box judged from facts. Pure: who asks gathers the facts.

Boxes: weekly Top 10 picture archived, token and dollar tracks split, three-tier Mac split documented, dollar cap
configured, 50-prompt weekly harness running, remote Mac gateway always on, free models blocked for sensitive data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from compiler.diagnostics import Place
from compiler.plan import KeyPlan, MachinePlan, Plan, Tier
from compiler.policy import Policies
from compiler.policy.blocks import blocks_on

State = Literal["ok", "not", "unknown"]
#: Any of them makes the week's picture.
PICTURES = ("rankings.svg", "rankings.png")
#: Classes that hold every free model.
_KEEPS_FREE_OUT = frozenset({"free", "cloud"})
_TIERS: tuple[Tier, ...] = ("local", "api", "remote")


@dataclass(frozen=True, slots=True)
class Leg:
    """How much of a leg the week's harness run covered."""

    prompts: int
    answered: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known. None: nobody could find out."""

    week: str
    #: names of the files in the week's folder
    files: frozenset[str]
    policies: Policies | None
    #: how things stand
    plan: Plan | None
    #: whether generated/ is what the policies give
    is_compiled: bool | None
    #: legs of the week's harness run by name; None without one
    legs: Mapping[str, Leg] | None


@dataclass(frozen=True, slots=True)
class Item:
    """A box: its state, the fact that says so, and where to look."""

    title: str
    state: State
    fact: str
    place: Place | None = None

    @property
    def is_ticked(self) -> bool:
        """Whether a fact ticks it."""
        return self.state == "ok"


def checklist(facts: Facts) -> tuple[Item, ...]:
    """All seven, in the article's order."""
    return (
        _picture(facts),
        *(_judged(title, judge, facts) for title, judge in _OF_THE_PLAN),
        _harness(facts),
        _judged("Remote Mac gateway always on", _gateway, facts),
        _judged("Free models blocked for sensitive data", _free, facts),
    )


_Verdict = tuple[State, str, Place | None]
_Judge = Callable[[Policies, Plan, Facts], _Verdict]


def _judged(title: str, judge: _Judge, facts: Facts) -> Item:
    """A box that rests on policies: unknown where they do not compile, and not ticked before generated/ follows."""
    if facts.policies is None or facts.plan is None:
        return Item(title, "unknown", "the policies do not compile: run `vane compile`", Place("policies"))
    state, fact, place = judge(facts.policies, facts.plan, facts)
    if state == "ok" and facts.is_compiled is False:
        return Item(title, "not", f"{fact}; but generated/ is not up to date: run `vane compile`", place)
    return Item(title, state, fact, place)


def _picture(facts: Facts) -> Item:
    title = "Weekly Top 10 picture archived"
    folder = f"generated/weeks/{facts.week}"
    for name in PICTURES:
        if name in facts.files:
            return Item(title, "ok", f"{name} of {facts.week} is archived", Place(f"{folder}/{name}"))
    fix = "vane market chart" if "rankings.json" in facts.files else "vane market refresh --week"
    return Item(title, "not", f"{facts.week} has no picture: run `{fix} {facts.week}`", Place(folder))


def _tracks(policies: Policies, plan: Plan, facts: Facts) -> _Verdict:
    keys = {key.key: key for key in plan.account.keys}
    place = policies.place("tracks.yaml", "dollar_track", key=True)
    missing = [name for name in ("token", "dollar") if name not in keys]
    if missing:
        return "not", f"no route pays with a {' or '.join(missing)} key", place
    both = sorted({*keys["token"].models} & {*keys["dollar"].models})
    if both:
        return "not", f"both keys pay for {', '.join(both)}", place
    counts = {name: len(keys[name].models) for name in ("token", "dollar")}
    return "ok", f"a key for each: token pays for {counts['token']} models, dollar for {counts['dollar']}", place


def _tiers(policies: Policies, plan: Plan, facts: Facts) -> _Verdict:
    place = Place(f"{policies.documents.folder}/fleet.yaml")
    served = {tier: tuple(_scenarios_on(plan, tier)) for tier in _TIERS}
    if missing := [tier for tier in _TIERS if not served[tier]]:
        return "not", f"no scenario runs on tier {', '.join(missing)}", place
    said = "; ".join(f"{tier}: {', '.join(names)}" for tier, names in served.items())
    return "ok", f"scenarios by tier, {said}", place


def _scenarios_on(plan: Plan, tier: Tier) -> Iterator[str]:
    """Scenarios of a tier that some Mac takes up."""
    taken = {route.scenario for machine in plan.machines.values() for route in machine.routes if route.tier == tier}
    yield from sorted(taken)


def _cap(policies: Policies, plan: Plan, facts: Facts) -> _Verdict:
    key = next((key for key in plan.account.keys if key.key == "dollar"), None)
    if key is None:
        return "not", "there is no dollar key to cap", policies.place("tracks.yaml", "dollar_track", key=True)
    if key.limit_usd is None:
        return "not", "the dollar key has no limit", policies.place("tracks.yaml", "dollar_track", key=True)
    return "ok", f"the dollar key stops at {key.limit_usd:f} USD, {key.period}", _cap_place(key)


def _cap_place(key: KeyPlan) -> Place:
    return next((place for place in key.places if place.file.endswith("caps.yaml")), key.places[0])


_OF_THE_PLAN: tuple[tuple[str, _Judge], ...] = (
    ("Token and dollar tracks split", _tracks),
    ("Three-tier Mac split documented", _tiers),
    ("Dollar cap configured", _cap),
)


def _harness(facts: Facts) -> Item:
    title = "50-prompt weekly harness running"
    if facts.legs is None:
        fact = f"no harness run is evidence for {facts.week}; `vane week` makes one for the last complete week alone"
        return Item(title, "not", fact)
    place = Place(f"generated/weeks/{facts.week}/harness.json")
    acceptance = facts.policies.acceptance if facts.policies else None
    if acceptance is None:
        return Item(title, "unknown", "no acceptance.yaml says which legs and how many prompts", place)
    said = ", ".join(f"{name} {leg.prompts}" for name, leg in sorted(facts.legs.items()))
    legs = dict.fromkeys(leg.leg for leg in acceptance.legs)
    missing = [leg for leg in legs if not facts.legs.get(leg, Leg(0, 0)).answered]
    if missing:
        return Item(title, "not", f"no answer from leg {', '.join(missing)} (prompts: {said or 'none'})", place)
    wanted = acceptance.suite.prompts
    most = max(leg.prompts for leg in facts.legs.values())
    state: State = "ok" if most >= wanted else "not"
    return Item(title, state, f"prompts by leg: {said}, of {wanted}", place)


def _gateway(policies: Policies, plan: Plan, facts: Facts) -> _Verdict:
    """Policies and plists say what a Mac should do. That its gateway answered is the harness's word alone."""
    found = {name: machine for name, machine in plan.machines.items() if _is_gateway(machine)}
    if not found:
        return "not", "no always-on remote Mac has the gateway", Place(f"{policies.documents.folder}/fleet.yaml")
    name = sorted(found)[0]
    place = policies.place("fleet.yaml", "machines", name, "roles")
    remote = facts.legs.get("remote") if facts.legs else None
    if remote is None:
        return "unknown", f"{name} is configured for it; no remote run of {facts.week} says that it answers", place
    if not remote.answered:
        return "not", f"{name} is configured for it, and answered none of the week's calls", place
    return "ok", f"{name} keeps it by launchd, and answered {remote.answered} calls of the week's harness", place


def _is_gateway(machine: MachinePlan) -> bool:
    return machine.tier == "remote" and machine.always_on and "gateway" in machine.roles


def _free(policies: Policies, plan: Plan, facts: Facts) -> _Verdict:
    """A compile proves each block on what it wrote; so what must be known is that each label has one."""
    labels = sorted(policies.sensitive.labels)
    place = policies.place("sensitive-data.yaml", "blocks", key=True)
    if not labels:
        return "not", "no label says which data is sensitive", place
    bare = [label for label in labels if not _is_kept_from_free(policies, label)]
    if bare:
        return "not", f"no block keeps free models from {', '.join(bare)}", place
    return "ok", f"each of {len(labels)} labels has a block, and every compile proves it on the artifacts", place


def _is_kept_from_free(policies: Policies, label: str) -> bool:
    return any(_KEEPS_FREE_OUT.intersection(block.deny) for _, block in blocks_on(policies, [label]))
