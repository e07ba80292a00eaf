"""openclaw.json → scenarios: one an agent, with every model that the agent was deliberately led to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import simplejson

from compiler.importing import slugs
from compiler.importing.found import Found, Left, Mlx, Wanted, Work
from compiler.importing.openclaw_facts import beats, heartbeat_model, heartbeat_owner, mlx_server, prices, track_of
from compiler.importing.openclaw_paths import (
    SEATS,
    closed,
    entries_of,
    has_place,
    last_leg,
    left_of_entry,
    left_open,
    where,
    without_place,
)
from compiler.importing.slugs import Catalogue, Settled
from compiler.plan import MLX_PREFIX
from compiler.targets.openclaw import TARGET
from compiler.targets.openclaw.address import (
    Node,
    branch,
    dig,
    expand,
    media_object,
    model_of,
    texts,
    turn_object,
)
from compiler.targets.openclaw.shared import for_all
from compiler.targets.openclaw.ways import DEFAULTS, Way, chosen, for_agent, route

_OUTSIDE = "a model outside routes and seats"


@dataclass(frozen=True, slots=True)
class _Reader:
    """The file with open ends closed, and what is known of OpenRouter's models."""

    root: Node
    catalogue: Catalogue
    mlx: Mlx | None

    @property
    def agents(self) -> Mapping[str, Node]:
        return entries_of(self.root)

    def settled(self, entry: Node, way: Way) -> tuple[str, Settled]:
        """The full reference behind a way, and the slug that it leads to."""
        if way.kind == "final":
            return way.name, slugs.settle(way.name, self.catalogue)
        ref = expand(self.root, entry, way.name)
        model = model_of(self.root, ref)
        if "!" in model:
            host = urlsplit(model).hostname or "elsewhere"
            return ref, Settled(None, f"it is served at {host}, which is neither OpenRouter nor MLX on a Mac")
        if model.startswith(MLX_PREFIX):
            return ref, self._local(model, ref)
        vendor = ref.partition("/")[0].lower()
        if model == ref and "/" in ref and vendor != "openrouter":
            return ref, slugs.settle_direct(model, self.catalogue)
        return ref, slugs.settle(model, self.catalogue)

    def _local(self, model: str, ref: str) -> Settled:
        if self.mlx and model == self.mlx.model:
            return Settled(model)
        if mlx_server(self.root, [ref]):
            why = f"the MLX server keeps one model in memory, {self.mlx.model}" if self.mlx else "no MLX server"
            return Settled(None, f"{model}: {why}")
        return Settled(None, "it is served on the Mac by something else than MLX")


class _Losses:
    """What could not be carried over: told once a key, and looked up by agent and key."""

    def __init__(self) -> None:
        self.left: dict[str, Left] = {}
        self.ways: set[tuple[str, str]] = set()
        self.models: set[tuple[str, str]] = set()

    def add(self, agent: str, path: str, why: str) -> None:
        """A way is lost; the agent is empty where the way serves all of them."""
        self.left.setdefault(last_leg(path), Left(last_leg(path), why, True))
        self.ways.add((agent, last_leg(path)))

    def has(self, agent: str, path: str) -> bool:
        """Whether a way of the agent, or of all agents, is lost."""
        return not self.ways.isdisjoint({(agent, last_leg(path)), ("", last_leg(path))})


def read_openclaw(root: Mapping[str, Any], catalogue: Catalogue) -> Found:
    """All that the file says about routes, and all that it says besides."""
    narrow = closed(root)
    reader = _Reader(narrow, catalogue, mlx_server(narrow, _refs(narrow)))
    lost = _Losses()
    works = [work for name in reader.agents if (work := _agent(reader, name, root, lost))]
    works = _with_seats(reader, works, lost)
    for way in for_all(narrow):
        if way.path not in SEATS and not has_place(way.path, reader.agents) and "*" not in way.name:
            lost.add("", way.path, _OUTSIDE)
    left = (*lost.left.values(), *without_place(root))
    return Found("openclaw", tuple(works), left, _before(reader, lost), reader.mlx, prices(narrow))


def _refs(root: Node) -> Iterator[str]:
    """Every full reference that an agent or a seat names, most important first, with repeats."""
    for name, entry in entries_of(root).items():
        for way in for_agent(root, entry, where(root, name)):
            if way.kind != "final":
                yield expand(root, entry, way.name)
    for way in for_all(root):
        if way.path.partition(".primary")[0].partition(".fallbacks")[0] in SEATS:
            yield expand(root, {}, way.name)


def _agent(reader: _Reader, name: str, original: Mapping[str, Any], lost: _Losses) -> Work | None:
    entry = reader.agents[name]
    found: dict[str, Wanted] = {}
    bodies: dict[str, Mapping[str, Any]] = {}
    first_ref = ""
    for owner, way in _ways(reader, name):
        if "*" in way.name or not has_place(way.path, reader.agents):
            if "*" not in way.name:
                lost.add(name, way.path, _OUTSIDE)
            continue
        ref, settled = reader.settled(reader.agents[owner], way)
        if settled.slug is None:
            if "*" not in model_of(reader.root, ref):
                lost.add(name, way.path, settled.said)
            continue
        if settled.slug not in found:
            first_ref = first_ref or ref
            found[settled.slug] = Wanted(settled.slug, way.path, settled.said)
            if not settled.slug.startswith(MLX_PREFIX):
                bodies[settled.slug] = turn_object(reader.root, reader.agents[owner], ref)
    provider, said = combined(bodies)
    if provider.get("data_collection") == "deny":
        for slug in [slug for slug in found if slug.endswith(":free")]:
            why = f"{slug} is free and paid for with data, which provider.data_collection: deny excludes"
            lost.left.setdefault(found[slug].key, Left(found[slug].key, why, True))
            lost.models.add((name, slug))
            del found[slug]
    if not found:
        lost.add(name, where(reader.root, name), "none of its models could be carried over")
        return None
    notes = [*said, *left_open(original, entries_of(original)[name])]
    if beats(branch(entry, "heartbeat")) and heartbeat_owner(reader.root) != name:
        notes.append("its heartbeat is not carried over: there is one, and another agent has it")
    if keys := left_of_entry(entry):
        notes.append(f"not carried over: {', '.join(keys)}")
    title = str(entry.get("name") or dig(entry, "identity", "name") or name)
    return Work(
        name, title, tuple(found.values()), provider, _slots(reader, name), track_of(first_ref), tuple(notes)
    )  # fmt: skip


def _ways(reader: _Reader, name: str) -> Iterator[tuple[str, Way]]:
    """An agent's ways: its route first, then what else it asks, then those of the agents that it may start."""
    root, agents = reader.root, reader.agents
    waiting, seen = [name], {name}
    while waiting:
        owner = waiting.pop(0)
        path = where(root, owner)
        primaries = [way for way in route(root, agents[owner], path) if ".fallbacks[" not in way.path]
        others = [way for way in for_agent(root, agents[owner], path) if way not in primaries]
        yield from ((owner, way) for way in (*primaries, *others))
        if _owns_ambient(reader, owner):
            yield from ((owner, way) for way in chosen(dig(root, "agents", "defaults", "model"), f"{DEFAULTS}.model"))
        own = dig(agents[owner], "subagents", "allowAgents")
        spawn = own if isinstance(own, list) else dig(root, "agents", "defaults", "subagents", "allowAgents")
        new = [other for other in agents if other in texts(spawn) and other not in seen]
        waiting += new
        seen.update(new)


def _owns_ambient(reader: _Reader, name: str) -> bool:
    owner = dig(reader.root, "agents", "defaults", "systemAgent", "agentId")
    return owner == name or (owner is None and len(reader.agents) == 1)


def combined(bodies: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, Any], list[str]]:
    """One set of preferences for all models of a route: privacy from any of them, the rest where all agree."""
    merged: dict[str, Any] = {}
    said = []
    for key in sorted({key for body in bodies.values() for key in body}):
        values = [body.get(key) for body in bodies.values()]
        if key == "data_collection" and "deny" in values:
            merged[key] = "deny"
        elif key == "zdr" and True in values:
            merged[key] = True
        elif all(value == values[0] for value in values):
            merged |= {} if values[0] is None else {key: values[0]}
        else:
            said.append(f"provider.{key} differed from model to model: not carried over")
    return merged, said


def _slots(reader: _Reader, name: str) -> tuple[str, ...]:
    """Seats that a single agent owns: work of nobody in particular, and the heartbeat."""
    slots = ("system",) if _owns_ambient(reader, name) else ()
    beats = heartbeat_owner(reader.root) == name and heartbeat_model(reader.root) is None
    return (*slots, "heartbeat") if beats else slots


def _with_seats(reader: _Reader, works: list[Work], lost: _Losses) -> list[Work]:
    """Seats that serve every agent: held by an agent with exactly these models, else by a scenario of their own."""
    seats: dict[tuple[str, ...], list[Work]] = {}
    found = [_seat(reader, slot, lost) for slot in ("image", "pdf", "compaction")]
    for seat in (*found, _heartbeat_seat(reader, lost)):
        if seat:
            seats.setdefault(seat.slugs, []).append(seat)
    for models, alike in seats.items():
        slots = tuple(slot for seat in alike for slot in seat.slots)
        holder = next((i for i, work in enumerate(works) if work.slugs == models), None)
        if holder is not None:
            works[holder] = replace(works[holder], slots=(*works[holder].slots, *slots))
        else:
            said = f"it serves every agent: {', '.join(dict.fromkeys(w.key for s in alike for w in s.models))}"
            title = f"Shared seat for every agent: {', '.join(slots)}"
            works.append(replace(alike[0], name=f"{slots[0]}-seat", title=title, slots=slots, remarks=(said,)))
    return works


def _heartbeat_seat(reader: _Reader, lost: _Losses) -> Work | None:
    """A heartbeat with a model of its own: without a scenario it would run on its agent's, every half hour."""
    way = heartbeat_model(reader.root)
    if way is None:
        return None
    ref, settled = reader.settled({}, way)
    if settled.slug is None or lost.has("", way.path):
        return None
    body = turn_object(reader.root, {}, ref)
    models = (Wanted(settled.slug, way.path, settled.said),)
    return Work("heartbeat-seat", "heartbeat", models, body, ("heartbeat",), is_seat=True)


def _seat(reader: _Reader, slot: str, lost: _Losses) -> Work | None:
    found: dict[str, Wanted] = {}
    bodies: dict[str, Mapping[str, Any]] = {}
    for way in for_all(reader.root):
        key = way.path.removesuffix(".primary").partition(".fallbacks[")[0]
        if SEATS.get(key) != slot:
            continue
        ref, settled = reader.settled({}, way)
        if settled.slug is None:
            lost.add("", way.path, settled.said)
        elif slot == "compaction" and found and settled.slug not in found:
            why = "compaction and the memory flush before it have one model in policies, and no fallbacks"
            lost.add("", way.path, why)
        elif settled.slug not in found:
            found[settled.slug] = Wanted(settled.slug, way.path, settled.said)
            bodies[settled.slug] = (
                media_object(reader.root, ref) if way.kind == "media" else turn_object(reader.root, {}, ref)
            )
    if not found:
        return None
    return Work(f"{slot}-seat", slot, tuple(found.values()), combined(bodies)[0], (slot,), is_seat=True)


def _before(reader: _Reader, lost: _Losses) -> dict[str, frozenset[str]]:
    """What each agent reached, by the reader that proves compiled files, without what the findings say is lost."""
    before: dict[str, set[str]] = {}
    content = simplejson.dumps(reader.root, use_decimal=True).encode()
    for reach in TARGET.read({"openclaw.json": content}):
        if lost.has(reach.scenario, reach.path) or "*" in reach.model or not has_place(reach.path, reader.agents):
            continue
        slug = _slug_again(reader, reach.model)
        if (reach.scenario, slug) not in lost.models:
            before.setdefault(reach.scenario, set()).add(slug)
    return {name: frozenset(models) for name, models in before.items()}


def _slug_again(reader: _Reader, model: str) -> str:
    """A model as read from the file, under the slug that OpenRouter knows it by."""
    known = slugs.corrected(model, reader.catalogue) if reader.catalogue.is_known else None
    return known or model
