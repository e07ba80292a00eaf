"""What must change on the account so that it holds what is desired. Pure: two states in, actions out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from deploy.account.desired import SWITCHES, Desired, Guardrail, Key, Preset
from deploy.account.refusal import Refusal
from deploy.account.state import DIVERSIONS, Account, LiveGuardrail, LiveKey, LivePreset

Verb = Literal["create", "update", "delete"]
Kind = Literal["key", "guardrail", "assignment", "preset"]
_ORDER: tuple[Kind, ...] = ("key", "guardrail", "assignment", "preset")
#: The API takes a preset out of the body of a chat request, which must hold a message; it is kept nowhere.
_NO_MESSAGE = [{"role": "user", "content": "Sets a preset; nothing is asked."}]


@dataclass(frozen=True, slots=True)
class Change:
    """One field: what it is and what it becomes; None is not set."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Action:
    """One call: what it does to what. `id` is the account's own name of what exists already."""

    verb: Verb
    kind: Kind
    name: str
    id: str | None
    changes: tuple[Change, ...]
    #: what is sent; an assignment is sent with ids that may not exist yet
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """Actions in the order in which they are done, and what a person should know besides."""

    actions: tuple[Action, ...]
    notes: tuple[str, ...]

    @property
    def creates_keys(self) -> bool:
        return any(action.kind == "key" and action.verb == "create" for action in self.actions)

    @property
    def deletes(self) -> int:
        return sum(action.verb == "delete" for action in self.actions)


def make_plan(desired: Desired, account: Account) -> Plan:
    """Create and change first, delete last: keys, guardrails, assignments, presets. Raises Refusal."""
    _one_of_each_name("key", [(key.name, key.hash) for key in account.own_keys])
    _one_of_each_name("guardrail", [(guardrail.name, guardrail.id) for guardrail in account.own_guardrails])
    found = [
        *_keys(desired, account),
        *_guardrails(desired, account),
        *_assignments(desired, account),
        *_presets(desired, account),
    ]
    ordered = sorted(found, key=lambda action: (action.verb == "delete", _ORDER.index(action.kind)))
    return Plan(tuple(ordered), tuple(_notes(desired, account)))


def _one_of_each_name(kind: str, found: Iterable[tuple[str, str]]) -> None:
    entries = list(found)
    for name, times in Counter(name for name, _ in entries).items():
        if times > 1:
            ids = ", ".join(id for other, id in entries if other == name)
            raise Refusal(
                "VA301", f"{kind} {name}", f"the account has {times} of that name: {ids}",
                "delete those that nothing uses at openrouter.ai/settings, then plan again",
            )  # fmt: skip


def _keys(desired: Desired, account: Account) -> Iterator[Action]:
    live = {key.name: key for key in account.own_keys}
    for key in desired.keys:
        present = live.pop(key.name, None)
        changes = key_changes(key, present)
        if present is None:
            yield Action("create", "key", key.name, None, changes, {"name": key.name, **_new(changes)})
        elif changes:
            yield Action("update", "key", key.name, present.hash, changes, _new(changes))
    for key_of_before in live.values():
        yield Action("delete", "key", key_of_before.name, key_of_before.hash, (), {})


def key_changes(key: Key, live: LiveKey | None) -> tuple[Change, ...]:
    """What differs between a key that is desired and one that is there, if any."""
    fields = ("limit", "limit_reset", "include_byok_in_limit")
    pairs = [Change(name, getattr(live, name, None), getattr(key, name)) for name in fields]
    return tuple(pair for pair in pairs if live is None or pair.old != pair.new)


def _new(changes: Iterable[Change]) -> dict[str, Any]:
    return {change.field: list(change.new) if isinstance(change.new, tuple) else change.new for change in changes}


def _guardrails(desired: Desired, account: Account) -> Iterator[Action]:
    live = {guardrail.name: guardrail for guardrail in account.own_guardrails}
    for guardrail in desired.guardrails:
        present = live.pop(guardrail.name, None)
        changes = guardrail_changes(guardrail, present, desired.canonical)
        if present is None:
            body = {"name": guardrail.name, **_new(changes)}
            yield Action("create", "guardrail", guardrail.name, None, changes, body)
        elif changes:
            yield Action("update", "guardrail", guardrail.name, present.id, changes, _new(changes))
    for guardrail_of_before in live.values():
        yield Action("delete", "guardrail", guardrail_of_before.name, guardrail_of_before.id, (), {})


def guardrail_changes(
    guardrail: Guardrail, live: LiveGuardrail | None, canonical: Mapping[str, str]
) -> tuple[Change, ...]:
    """What differs. Models are compared by canonical slug; the account knows no other."""
    models = live.allowed_models if live else None
    named = None if models is None else tuple(sorted({canonical.get(model, model) for model in models}))
    pairs = [Change("allowed_models", named, guardrail.allowed_models)]
    pairs += [Change(name, live.switches[name] if live else None, guardrail.switches[name]) for name in SWITCHES]
    return tuple(pair for pair in pairs if live is None or pair.old != pair.new)


def _assignments(desired: Desired, account: Account) -> Iterator[Action]:
    names = {guardrail.id: guardrail.name for guardrail in account.guardrails}
    own = {guardrail.name: guardrail.id for guardrail in account.own_guardrails}
    hashes = {key.name: key.hash for key in account.own_keys}
    for guardrail in desired.guardrails:
        key = hashes.get(guardrail.assigned_key)
        held = account.assignments.get(key) if key else None
        if held is not None and held == own.get(guardrail.name):
            continue
        change = Change("guardrail", None if held is None else names.get(held, held), guardrail.name)
        verb: Verb = "create" if held is None else "update"
        body = {"key": guardrail.assigned_key, "guardrail": guardrail.name}
        yield Action(verb, "assignment", guardrail.assigned_key, key, (change,), body)


def _presets(desired: Desired, account: Account) -> Iterator[Action]:
    live = {preset.slug: preset for preset in account.presets}
    for preset in desired.presets:
        present = live.get(preset.slug)
        changes = preset_changes(preset, present, desired.canonical)
        chosen = {"models": list(preset.models)} if len(preset.models) > 1 else {"model": preset.models[0]}
        body = {**chosen, "provider": preset.provider, "messages": _NO_MESSAGE}
        if present is None:
            yield Action("create", "preset", preset.slug, None, changes, body)
        elif changes:
            yield Action("update", "preset", preset.slug, preset.slug, changes, body)


def preset_changes(preset: Preset, live: LivePreset | None, canonical: Mapping[str, str]) -> tuple[Change, ...]:
    """What differs: models in their order, each field of the provider object, and nothing that leads elsewhere."""
    held = live.models if live else None
    same = held is not None and len(held) == len(preset.models) and all(
        is_model(wanted, there, canonical) for wanted, there in zip(preset.models, held, strict=True)
    )  # fmt: skip
    wanted, there = dict(_flat(preset.provider)), dict(_flat(live.provider if live else {}))
    pairs = [] if same else [Change("models", held, preset.models)]
    pairs += [Change(name, there.get(name), wanted.get(name)) for name in sorted({*wanted, *there})]
    pairs += [Change(name, live.diversions.get(name) if live else None, None) for name in DIVERSIONS]
    return tuple(pair for pair in pairs if pair.old != pair.new)


def is_model(wanted: str, there: str, canonical: Mapping[str, str]) -> bool:
    """Whether the account's name is this model: its slug, or its canonical slug with or without the variant.

    Free and paid variants share a canonical slug, so a bare one fits both; a slug of the other variant never fits.
    """
    base = canonical.get(wanted, wanted)
    variant = wanted.partition("/")[2].partition(":")[2]
    return there in (wanted, base, f"{base}:{variant}" if variant else base)


def _flat(provider: Mapping[str, Any], above: str = "provider") -> Iterator[tuple[str, Any]]:
    for name, value in provider.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}.{name}")
        elif value is not None:
            yield f"{above}.{name}", tuple(value) if isinstance(value, list) else value


def _notes(desired: Desired, account: Account) -> Iterator[str]:
    """What is there and neither ours to change nor to keep quiet about."""
    wanted = {key.name for key in desired.keys}
    for key in account.own_keys:
        if key.name in wanted and key.disabled:
            yield f"key {key.name} is disabled: somebody did that on the account, and it stays so"
        if key.name in wanted and key.expires_at:
            yield f"key {key.name} expires at {key.expires_at}"
    yield from _guardrail_notes(desired, account)
    for preset in account.presets:
        if preset.status != "active":
            yield f"preset {preset.slug} is {preset.status}: only openrouter.ai/settings/presets can make it active"
        if preset.others:
            yield f"preset {preset.slug} also sets {', '.join(preset.others)}: a new version may not"


def _guardrail_notes(desired: Desired, account: Account) -> Iterator[str]:
    wanted = {guardrail.name for guardrail in desired.guardrails}
    own_hashes = {key.hash for key in account.own_keys}
    for guardrail in account.own_guardrails:
        others = sum(id == guardrail.id and hash not in own_hashes for hash, id in account.assignments.items())
        if others and guardrail.name not in wanted:
            yield f"guardrail {guardrail.name} also binds {others} keys that are not ours: deleting it frees them"
