"""Where the policies route to a model, and the edits that put another one in its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from compiler.policy import TRACK_KEYS, Policies
from compiler.policy.tracks import GrayPool
from harness.propose.edit import Edit


@dataclass(frozen=True, slots=True)
class Seat:
    """One list of models: a track's, or a scenario's own."""

    #: as people call it: token_track, gray_pool, or the scenario
    route: str
    file: str
    #: the mapping that holds the models
    path: tuple[str, ...]
    #: in the order asked
    models: tuple[str, ...]
    #: whose work goes there
    scenarios: tuple[str, ...]
    #: whose work comes there when a cap is passed or the gray pool is rolled back
    behind: tuple[str, ...] = ()

    @property
    def work(self) -> tuple[str, ...]:
        """All scenarios that its models must be fit for."""
        return (*self.scenarios, *self.behind)

    @property
    def is_gray(self) -> bool:
        """Whether it is the gray pool: a set, in which no model comes first."""
        return self.route == TRACK_KEYS["gray"]

    def replaced(self, old: str, new: str | None) -> tuple[tuple[Edit, ...], Seat]:
        """`new` where `old` is; without a `new`, or where it is there already, the rest closes up."""
        at, is_new = self.models.index(old), new is not None and new not in self.models
        if at or self.is_gray:
            offset, name = (0, "models") if self.is_gray else (1, "fallbacks")
            edits = self._in_list(name, at - offset, len(self.models) - offset, new if is_new else None)
            rest = self.models[:at] + ((new,) if new and is_new else ()) + self.models[at + 1 :]
        elif new is None:
            return (), self
        else:
            edits = self._taken_over(new)
            rest = (new, *(model for model in self.models[1:] if model != new))
        return edits, replace(self, models=rest)

    def led_by(self, new: str) -> tuple[Edit, ...]:
        """`new` in front, and the primary where `new` was, or first behind it."""
        old, behind = self.models[0], self.models[1:]
        first = Edit(self.file, "set", (*self.path, "primary"), new)
        path = (*self.path, "fallbacks")
        if new in behind:
            return first, Edit(self.file, "set", (*path, behind.index(new)), old)
        return first, Edit(self.file, "insert", (*path, 0), old) if behind else Edit(self.file, "set", path, [old])

    def _taken_over(self, new: str) -> tuple[Edit, ...]:
        """`new` as primary, and the old one nowhere."""
        first = Edit(self.file, "set", (*self.path, "primary"), new)
        if new not in self.models[1:]:
            return (first,)
        return (first, *self._in_list("fallbacks", self.models.index(new) - 1, len(self.models) - 1, None))

    def _in_list(self, name: str, at: int, count: int, new: str | None) -> tuple[Edit, ...]:
        path = (*self.path, name)
        if new is not None:
            return (Edit(self.file, "set", (*path, at), new),)
        return (Edit(self.file, "delete", path if count == 1 else (*path, at)),)


def seats(policies: Policies) -> Iterator[Seat]:
    """Every list of models: tracks, then scenarios with a route of their own."""
    for track, key in TRACK_KEYS.items():
        if models := tuple(model for model, _ in policies.track_models(track)):
            on_it = (name for name, of in policies.scenarios.items() if of.track == track and of.route is None)
            behind = (name for name, of in policies.scenarios.items() if track in _then(of.track, policies))
            yield Seat(key, "tracks.yaml", (key,), models, tuple(sorted(on_it)), tuple(sorted(behind)))
    for name, scenario in sorted(policies.scenarios.items()):
        if own := scenario.route:
            models = (own.primary, *own.fallbacks)
            yield Seat(name, policies.scenario_files[name], ("route",), models, (name,))


def _then(track: str | None, policies: Policies) -> tuple[str, ...]:
    """The tracks that take a track's work over, in turn."""
    found: list[str] = []
    while track and (of := policies.track(track)):
        track = policies.caps[of.cap].downgrade_to if of.cap else "token" if isinstance(of, GrayPool) else None
        if track is None or track in found:
            break
        found.append(track)
    return tuple(found)


def seats_of(model: str, policies: Policies) -> tuple[Seat, ...]:
    """Those that hold a model."""
    return tuple(seat for seat in seats(policies) if model in seat.models)


def seat_of_scenario(scenario: str, policies: Policies) -> Seat | None:
    """The list that a scenario's work goes by; None for a scenario that is not there."""
    return next((seat for seat in seats(policies) if scenario in seat.scenarios), None)
