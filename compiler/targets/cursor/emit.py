"""Plan to artifacts: what a Mac with the role `cursor` gets, below `cursor/`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment

from compiler.diagnostics import Place
from compiler.guard.data import guard_json
from compiler.guard.data import sources as guard_sources
from compiler.plan import KeyClass, Label, MachinePlan, Route
from compiler.targets import Artifact
from compiler.targets.cursor.program import program
from compiler.targets.wire import preset_provider
from compiler.templates import templates

ROLE = "cursor"
SETTINGS_FORMAT = "weathervane/cursor-settings/1"
BASE_URL = "https://openrouter.ai/api/v1"
#: How a preset of OpenRouter is named where a model is expected.
WIRE_PREFIX = "@preset/"
#: Each way in which text leaves for a model, or in which a file or a command's output gets into a conversation.
GUARDED_EVENTS = (
    "beforeSubmitPrompt",
    "beforeReadFile",
    "beforeTabFileRead",
    "beforeShellExecution",
    "beforeMCPExecution",
    "subagentStart",
)
#: The guard needs well under a second; a Mac that wakes up may take longer to start Python.
GUARD_TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Seat:
    """A route as Cursor knows it: an alias, and what the preset behind the alias holds."""

    alias: str
    wire: str
    route: Route
    key: KeyClass
    models: tuple[str, ...]
    provider: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Clearance:
    """A label and the aliases that were proved for it."""

    label: Label
    aliases: tuple[str, ...]
    wires: tuple[str, ...]


def emit(machine: MachinePlan) -> Iterator[Artifact]:
    """Everything that Cursor needs on this Mac; nothing where the Mac has no Cursor."""
    if ROLE not in machine.roles:
        return
    seats = tuple(sorted((_seat(route) for route in machine.on("cursor")), key=lambda seat: seat.alias))
    clearances = tuple(_clearance(label, seats) for label in sorted(machine.labels, key=lambda label: label.name))
    routes = tuple(seat.route for seat in seats)
    hidden = tuple(entry.label for entry in clearances if entry.label.paths and not entry.aliases)
    guard = f"{machine.prefix}/cursor/vane-cursor-guard"
    paused = tuple(route for route in machine.paused if route.surface == "cursor")
    yield Artifact("cursor/settings.json", _settings(seats), _sources(machine, routes))
    yield Artifact("cursor/hooks.json", _hooks(guard), _sources(machine))
    interpreter = f"{machine.prefix}/venv/bin/python3"
    yield Artifact("cursor/vane-cursor-guard", program(interpreter), _sources(machine), executable=True)
    yield Artifact("cursor/guard.json", guard_json(machine), guard_sources(machine))
    yield Artifact("cursor/cursorignore", _ignore(hidden), _sources(machine, routes, machine.labels))
    yield Artifact("cursor/permissions.json", _permissions(routes), _sources(machine, routes))
    yield Artifact(
        "cursor/card.md", _card(seats, clearances, paused), _sources(machine, (*routes, *paused), machine.labels)
    )


def _seat(route: Route) -> Seat:
    alias = route.alias or route.scenario
    models = tuple(dict.fromkeys(hop.model for hop in route.hops))
    return Seat(alias, WIRE_PREFIX + alias, route, route.hops[0].key, models, preset_provider(route))


def _clearance(label: Label, seats: Iterable[Seat]) -> Clearance:
    """A route that does not carry the label was never proved for it, so it is not cleared."""
    cleared = [seat for seat in seats if label.name in seat.route.labels]
    return Clearance(label, tuple(seat.alias for seat in cleared), tuple(seat.wire for seat in cleared))


def _sources(machine: MachinePlan, routes: Iterable[Route] = (), labels: Iterable[Label] = ()) -> tuple[Place, ...]:
    """The policy lines behind a file, each once."""
    places = list(machine.places)
    for route in routes:
        places += [*route.places, *(hop.place for hop in route.hops)]
    places += [label.place for label in labels]
    return tuple(sorted(set(places)))


def _settings(seats: tuple[Seat, ...]) -> bytes:
    text = _render("settings.json.j2", format=SETTINGS_FORMAT, base_url=BASE_URL, seats=seats, modes=_modes(seats))
    return _canonical(text)


def _modes(seats: Iterable[Seat]) -> dict[str, str]:
    return dict(sorted((mode, seat.wire) for seat in seats for mode in seat.route.slots))


def _hooks(guard: str) -> bytes:
    return _canonical(_render("hooks.json.j2", events=GUARDED_EVENTS, command=guard, timeout=GUARD_TIMEOUT_SECONDS))


def _permissions(routes: tuple[Route, ...]) -> bytes:
    terminal = sorted({command for route in routes for command in route.permissions.terminal})
    mcp = sorted({tool for route in routes for tool in route.permissions.mcp})
    return _canonical(_render("permissions.json.j2", terminal=terminal, mcp=mcp))


def _ignore(hidden: tuple[Label, ...]) -> bytes:
    return _render("cursorignore.j2", labels=hidden).encode()


def _card(seats: tuple[Seat, ...], clearances: tuple[Clearance, ...], paused: tuple[Route, ...]) -> bytes:
    text = _render(
        "card.md.j2",
        base_url=BASE_URL,
        seats=seats,
        keys=_keys(seats),
        modes=_modes(seats),
        tickets=[seat for seat in seats if seat.route.ticket is not None],
        labels=clearances,
        paused=[(WIRE_PREFIX + (route.alias or route.scenario), route.paused) for route in paused],
    )
    return text.encode()


def _keys(seats: Iterable[Seat]) -> list[KeyClass]:
    """The keys that the aliases are paid by, the everyday one first."""
    everyday: tuple[KeyClass, ...] = ("token", "gray", "dollar", "local")
    used = {seat.key for seat in seats}
    return [key for key in everyday if key in used]


def _canonical(text: str) -> bytes:
    """JSON parsed again and written in one form, whatever the template's spacing."""
    return (json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n").encode()


def _render(template: str, **values: object) -> str:
    return _environment().get_template(template).render(**values)


def _environment() -> Environment:
    environment = templates(__package__)
    environment.filters["gitignore"] = _gitignore
    return environment


def _gitignore(glob: str) -> str:
    """A glob of the policy in gitignore syntax, where a backslash, a leading # or ! and a last space mean more."""
    # a line break cannot be written there: `?` stands for it, and for any other character
    line = re.sub(r"\[[^\]\r\n]*[\r\n][^\]]*\]|[\r\n]", "?", glob).replace("\\", "\\\\")
    # git takes a set without an end for a pattern that matches nothing, and would hide nothing
    line = re.sub(
        r"\[[!^]?\](?![^\]/]*\])|(\[[!^]?\]?[^\]/]*\])|\[", lambda found: found[1] or _open_set(found[0]), line
    )
    line = re.sub(r"^([#!])", r"\\\1", line)
    return re.sub(r" +$", lambda spaces: "\\ " * len(spaces[0]), line)


def _open_set(text: str) -> str:
    return "\\[" if text == "[" else "?"
