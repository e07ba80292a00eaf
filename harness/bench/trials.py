"""Trials whose key is not there: left out with a warning. What serves still needs its key, as it always did."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import replace

from compiler.diagnostics import Place
from compiler.policy import Policies
from harness.bench.legs import ACCEPTANCE
from harness.bench.prepare import Prepared
from harness.bench.run_codes import UNTRIED
from harness.bench.store import RunHeader, Untried


def keyless(prepared: Prepared, environment: Mapping[str, str] = os.environ) -> tuple[Untried, ...]:
    """Trials that nobody can pay for. A key that serves as well is missed by what serves, and ends the run there."""
    serving = {way.key_variable for way in prepared.ways if not way.trial}
    found = (
        Untried(way.trial, way.model, way.key_variable)
        for way in prepared.ways
        if way.trial and way.key_variable and way.key_variable not in serving
    )
    return tuple(dict.fromkeys(each for each in found if not environment.get(each.variable)))


def as_begun(header: RunHeader) -> tuple[Untried, ...]:
    """Trials that a run began without, and goes on without, whatever keys have come since."""
    asked = {leg.trial for leg in header.legs}
    return tuple(each for each in header.untried if each.trial not in asked)


def without(prepared: Prepared, untried: Collection[Untried], policies: Policies) -> Prepared:
    """The rest, with a finding for each trial that is left out. What the policies try no more needs no leaving out."""
    names = {each.trial for each in untried}
    pairs = {leg: [pair for pair in of if pair[1].trial not in names] for leg, of in prepared.pairs.items()}
    tried = {way.trial for way in prepared.ways}
    found = (UNTRIED.at(_place(each, policies), _said(each)) for each in untried if each.trial in tried)
    return replace(prepared, pairs=pairs, left_out=(*prepared.left_out, *found), untried=tuple(untried))


def _place(untried: Untried, policies: Policies) -> Place:
    """The trial's entry, which is there; the first one of the leg may name the same scenario."""
    legs = policies.acceptance.legs if policies.acceptance else ()
    found = [at for at, leg in enumerate(legs) if (leg.leg, leg.scenario) == ("openrouter", untried.trial)]
    return policies.place(ACCEPTANCE, "legs", found[-1], "scenario")


def _said(untried: Untried) -> str:
    return f"{untried.variable} is not set: {untried.model} is not asked as a trial of {untried.trial}"
