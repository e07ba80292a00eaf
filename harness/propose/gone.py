"""A model that is gone, is about to go, goes on under another name, or lost what its work needs, gets a replacement.

Only OpenRouter's catalogue of the week says so. What merely fell out of a ranking is dropout.py's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from compiler.policy import Policies
from compiler.rules.models import EXPIRY_NOTICE
from harness.market.catalogue import Catalogue
from harness.market.exposure import Use, unmet, uses
from harness.market.families import parse
from harness.propose.edit import Edit
from harness.propose.exchange import Exchange, in_tests, no_replacements, why
from harness.propose.proposal import NotProposed, Proposal, Statement
from harness.propose.replacement import choices
from harness.propose.seats import seats
from harness.propose.signal import Signal
from harness.propose.week_evidence import PRICES, WeekEvidence

RULE = "gone"
#: Models that a title names.
_MOST_NAMES = 2
_WORDS = {"gone": "is gone", "expires": "expires", "lost": "lost what its work needs"}
#: What the market says of a model in use that ends no route, and why not.
_STAYS = {
    "succeeded": "it is still served; its successor can be watched first",
    "lost-free-variant": "the route asks for the paid one",
}


@dataclass(frozen=True, slots=True)
class _End:
    """Why a model can no longer do its work."""

    kind: Literal["gone", "expires", "lost"]
    use: Use
    said: str


def gone(evidence: WeekEvidence) -> Iterator[Signal | NotProposed]:
    """One proposal for all of them: as long as one is left in a route, the policies do not compile."""
    now = evidence.catalogue
    if now is None:
        return
    ends = tuple(end for use in uses(evidence.policies) if (end := _end(use, now, evidence)))
    ours = tuple(end for end in ends if end.kind == "gone" or end.use.places)
    yield from (
        NotProposed(RULE, end.use.model, f"{end.said}; it is watched, and carries no work")
        for end in ends if end not in ours
    )  # fmt: skip
    if ours:
        models = tuple(end.use.model for end in ours)
        yield Signal(f"{RULE} {', '.join(models)}", _proposal(ours, evidence), models)
    yield from _stays({end.use.model for end in ends}, evidence)


def _stays(ended: set[str], evidence: WeekEvidence) -> Iterator[NotProposed]:
    exposure = evidence.moved.exposure if evidence.moved else None
    for flag in exposure.flags if exposure else ():
        model = flag.use.model
        if flag.kind in _STAYS and flag.use.places and model not in ended:
            yield NotProposed(RULE, model, f"{flag.message}; {_STAYS[flag.kind]}", f"{flag.kind} {model}")


def _end(use: Use, now: Catalogue, evidence: WeekEvidence) -> _End | None:
    """The gravest. What was locked does not count: the lock may be newer than the routes."""
    today = now.models.get(use.model)
    if use.model not in now.slugs:
        return _End("gone", use, "it is no longer in OpenRouter's catalogue")
    if today is None:
        return None
    if today.expires and today.expires <= evidence.week.sunday + EXPIRY_NOTICE:
        return _End("expires", use, f"OpenRouter serves it until {today.expires}")
    scenarios = evidence.policies.scenarios
    lacks = [f"{name} needs {lack}" for name in use.scenarios for lack in sorted(unmet(scenarios[name].needs, today))]
    return _End("lost", use, f"it no longer has what its work needs: {'; '.join(lacks)}") if lacks else None


def _proposal(ends: tuple[_End, ...], evidence: WeekEvidence) -> Proposal:
    models = [end.use.model for end in ends]
    changes = tuple(_changes(models, evidence))
    stuck = [change for change in changes if not change.edits]
    edits = () if stuck else (*_routes(changes), *_beside(ends, changes, evidence.policies))
    said = (evidence.says(f"{end.use.model}: {end.said}", PRICES) for end in ends)
    return Proposal(
        rule=RULE,
        kind="ticket" if stuck else "gone",
        title=_title(ends, changes, is_stuck=bool(stuck)),
        evidence=(*said, *(why(change, evidence) for change in changes), *_renamed(models, evidence)),
        edits=edits,
        effect="What goes to it today goes to its replacement." if edits else "No route changes by this.",
        confidence="high",
        because="OpenRouter's own catalogue says so",
        reversal=f"{' and '.join(models)} can do again what the work needs.",
    )


def _changes(models: list[str], evidence: WeekEvidence) -> Iterator[Exchange]:
    """Route by route, each model's replacement upon those before it; a fallback without one is taken out."""
    for found in seats(evidence.policies):
        seat = found
        for model in models:
            if model in seat.models:
                fit = choices(evidence, model, seat.work, gray=seat.is_gray)
                taken = no_replacements(seat, model) | {*models}
                choice = next((each for each in fit if each.model not in taken), None)
                is_last = len(seat.models) == 1 and choice is None
                edits, after = ((), seat) if is_last else seat.replaced(model, choice.model if choice else None)
                yield Exchange(model, seat, choice, edits)
                seat = after


def _routes(changes: tuple[Exchange, ...]) -> Iterator[Edit]:
    for change in changes:
        yield from change.edits


def _beside(ends: tuple[_End, ...], changes: tuple[Exchange, ...], policies: Policies) -> Iterator[Edit]:
    """What else names them: a name that nobody serves stops the next compile, and a test that can never hold too."""
    watched = list(policies.market.watch) if policies.market else []
    for end in ends:
        if end.kind == "gone" and end.use.model in watched:
            at = watched.index(end.use.model)
            yield Edit("market.yaml", "delete", ("watch",) if len(watched) == 1 else ("watch", at))
            del watched[at]
    yield from in_tests(changes, policies)


def _title(ends: tuple[_End, ...], changes: tuple[Exchange, ...], *, is_stuck: bool) -> str:
    named = [f"{end.use.model} {_WORDS[end.kind]}" for end in ends[:_MOST_NAMES]]
    rest = len(ends) - len(named)
    what = " and ".join([*named, f"{rest} more" if rest > 1 else f"{ends[-1].use.model} too"] if rest else named)
    if is_stuck:
        return f"{what}, and nothing that is pinned may stand in"
    if not changes:
        return f"{what}: stop watching it"
    new = sorted({change.choice.model for change in changes if change.choice})
    return f"{what}: {' and '.join(new)} instead" if new else f"{what}: take it out"


def _renamed(models: list[str], evidence: WeekEvidence) -> Iterator[Statement]:
    """Slugs of the week's catalogue that are of the same families and not pinned."""
    slugs = evidence.catalogue.slugs if evidence.catalogue else frozenset()
    families = {parse(model).family for model in models}
    for slug in sorted(slugs - evidence.policies.lock.models.keys() - {*models}):
        if parse(slug).family in families:
            yield evidence.says(f"{slug} is of the same family, and not pinned: watch it, and run `vane lock`", PRICES)
