"""What a week's moves mean for the policies: which models they name, and what happened to those."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from compiler.diagnostics import Place
from compiler.plan import MLX_PREFIX
from compiler.policy import TRACK_KEYS, Policies
from compiler.policy.lock import LockedModel
from compiler.policy.scenario import Needs
from compiler.rules.models import routed_models
from harness.market.catalogue import Catalogue
from harness.market.families import parse
from harness.market.moves import Line, Moves


@dataclass(frozen=True, slots=True)
class Use:
    """A model that the policies name."""

    model: str
    #: the name that the rankings have for it
    permaslug: str
    #: lines that put it into a route; none where it is only watched
    places: tuple[Place, ...]
    scenarios: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that happened to a model in use."""

    kind: str
    use: Use
    message: str


@dataclass(frozen=True, slots=True)
class Exposure:
    """All models in use with their lines of the ranking, and what happened to them."""

    models: tuple[tuple[Use, Line | None], ...]
    flags: tuple[Flag, ...]


def uses(policies: Policies) -> tuple[Use, ...]:
    """Every OpenRouter model that a route names or market.yaml watches."""
    routed = tuple(routed_models(policies))
    watched = policies.market.watch if policies.market else ()
    found = {model for model, _ in routed} | {*watched}
    return tuple(
        Use(model, permaslug(model, policies), _places(model, routed), _scenarios(model, policies))
        for model in sorted(found)
        if not model.startswith(MLX_PREFIX)
    )


def permaslug(model: str, policies: Policies) -> str:
    """The permanent name of a slug by the lock, with its variant; the slug itself where the lock does not know it."""
    base, colon, variant = model.partition(":")
    locked = policies.lock.models.get(model) or policies.lock.models.get(base)
    return f"{locked.canonical_slug.partition(':')[0]}{colon}{variant}" if locked else model


def exposure(moves: Moves, policies: Policies, now: Catalogue | None) -> Exposure:
    """Hold the models in use against the moves, and against the week's catalogue where one is archived."""
    found = tuple((use, _line(use, moves)) for use in uses(policies))
    flags = tuple(flag for use, line in found for flag in _flags(use, line, moves, policies, now))
    return Exposure(found, flags)


def _places(model: str, routed: tuple[tuple[str, Place], ...]) -> tuple[Place, ...]:
    return tuple(dict.fromkeys(place for name, place in routed if name == model))


def _scenarios(model: str, policies: Policies) -> tuple[str, ...]:
    """Scenarios whose route can ask for it: their own route, or else their track's."""

    def routes(name: str) -> bool:
        scenario = policies.scenarios[name]
        if scenario.route:
            return model in (scenario.route.primary, *scenario.route.fallbacks)
        track = scenario.track
        return track in TRACK_KEYS and model in {slug for slug, _ in policies.track_models(str(track))}

    return tuple(sorted(name for name in policies.scenarios if routes(name)))


def _line(use: Use, moves: Moves) -> Line | None:
    """Its line: by permaslug, else by family, as a model may have moved on to a name that the lock does not have."""
    if line := moves.line_of(use.permaslug):
        return line
    family = parse(use.permaslug).family
    alike = (line for line in moves.lines if any(parse(member).family == family for member in line.group.members))
    return next(alike, None)


def _flags(use: Use, line: Line | None, moves: Moves, policies: Policies, now: Catalogue | None) -> Iterator[Flag]:
    if line:
        yield from _moved(use, line, moves)
    locked = policies.lock.models.get(use.model)
    today = now.models.get(use.model) if now else None
    if (known := today or locked) and known.expires:
        yield Flag("expires", use, f"it expires on {known.expires}")
    if now and locked and use.model not in now.slugs:
        yield Flag("gone", use, "it is no longer in OpenRouter's catalogue")
    if locked and today:
        yield from _lost_needs(use, locked, today, policies)
    free = f"{use.model.partition(':')[0]}:free"
    if now and free in policies.lock.catalogue and free not in now.slugs and free != use.model:
        yield Flag("lost-free-variant", use, f"{free} is no longer in OpenRouter's catalogue")


def _moved(use: Use, line: Line, moves: Moves) -> Iterator[Flag]:
    if line in moves.dropouts:
        was = line.then.rank if line.then else 0
        rank = f"now rank {line.now.rank}" if line.now else "no longer listed"
        yield Flag("fell-out", use, f"it fell out of the Top {moves.depth}: rank {was} in {moves.then.week}, {rank}")
    old, new = line.group.predecessors, line.group.successors
    if new and use.permaslug not in new:
        yield Flag("succeeded", use, f"its family goes on as {', '.join(new)}")
    present = {row.permaslug for row in line.now.rows} if line.now else set()
    lost_free = [slug for slug in old if slug.endswith(":free") and slug not in present]
    if lost_free and any(":" not in slug for slug in new):
        yield Flag("lost-free-variant", use, f"{lost_free[0]} is no longer ranked, the paid model is")


def _lost_needs(use: Use, locked: LockedModel, today: LockedModel, policies: Policies) -> Iterator[Flag]:
    """What a scenario needs, the lock has, and the week's catalogue has not."""
    for scenario in use.scenarios:
        needs = policies.scenarios[scenario].needs
        for lost in sorted(unmet(needs, today) - unmet(needs, locked)):
            yield Flag("lost-parameter", use, f"it lost what scenario {scenario} needs: {lost}")


def unmet(needs: Needs, model: LockedModel) -> set[str]:
    """What a model cannot do of what a scenario needs."""
    lacks: set[str] = {modality for modality in needs.modalities if modality not in model.input_modalities}
    if needs.tools and "tools" not in model.supported_parameters:
        lacks.add("tools")
    if needs.structured_output and "structured_outputs" not in model.supported_parameters:
        lacks.add("structured_outputs")
    if model.context_length < needs.context_tokens:
        lacks.add(f"a context of {needs.context_tokens} tokens")
    return lacks
