"""Does what a plan says, one call after the other, and looks at each answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import quote

from deploy.account import answers
from deploy.account.answers import Fields, odd_answer
from deploy.account.api import Api
from deploy.account.desired import Desired
from deploy.account.handover import Handover, uninterrupted
from deploy.account.plan import Action, Change, guardrail_changes, key_changes, preset_changes
from deploy.account.refusal import Refusal
from deploy.account.state import (
    GUARDRAILS,
    KEYS,
    Account,
    guardrail_of,
    key_of,
    preset_of,
    preset_path,
    read_keys,
)

_Live = TypeVar("_Live")
_BY_HAND = "openrouter.ai/settings/keys"
#: Refusals after which a key may be there all the same: no answer, or one that nobody understands.
_UNHEARD = frozenset({"VA203", "VA205"})


class Applying:
    """An account on the way to what is desired; it learns the ids of what it makes."""

    def __init__(self, api: Api, desired: Desired, account: Account, handover: Handover) -> None:
        self._api, self._handover = api, handover
        self._canonical = desired.canonical
        self._keys = {key.name: key for key in desired.keys}
        self._guardrails = {guardrail.name: guardrail for guardrail in desired.guardrails}
        self._presets = {preset.slug: preset for preset in desired.presets}
        self._hashes = {key.name: key.hash for key in account.own_keys}
        self._known_hashes = {key.hash for key in account.keys}
        self._ids = {guardrail.name: guardrail.id for guardrail in account.own_guardrails}
        self._ways: Mapping[tuple[str, str], Callable[[Action], None]] = {
            ("key", "create"): self._create_key,
            ("key", "update"): self._update_key,
            ("key", "delete"): lambda action: self._delete(KEYS, action),
            ("guardrail", "create"): self._set_guardrail,
            ("guardrail", "update"): self._set_guardrail,
            ("guardrail", "delete"): lambda action: self._delete(GUARDRAILS, action),
            ("assignment", "create"): self._assign,
            ("assignment", "update"): self._assign,
            ("preset", "create"): self._set_preset,
            ("preset", "update"): self._set_preset,
        }

    def do(self, action: Action) -> None:
        """One action. Raises Refusal."""
        self._ways[action.kind, action.verb](action)

    def _create_key(self, action: Action) -> None:
        with uninterrupted():
            try:
                answer = self._api.change("POST", KEYS, action.body)
                made, secret = key_of(_data(answer)), answers.text(answer, "key")
            except Refusal as error:
                if error.code not in _UNHEARD:
                    raise
                raise self._unheard_key(action, error.message) from error
            except ValueError as error:
                raise self._unheard_key(action, f"odd answer: {error}") from error
            try:
                self._handover.give(self._keys[action.name].variable, secret)
            except OSError as error:
                raise self._taken_back(action, made.hash, error.strerror or str(error)) from error
        self._hashes[action.name] = made.hash
        _hold(action, key_changes(self._keys[action.name], made))

    def _unheard_key(self, action: Action, problem: str) -> Refusal:
        """The key may be there, and nobody will ever know its secret: look."""
        place = f"key {action.name}"
        try:
            made = [key.hash for key in read_keys(self._api) if key.name == action.name]
        except Refusal as error:
            said = f"{problem}; whether the key was made cannot be read either ({error.message})"
            return Refusal("VA205", place, said, f"look for it at {_BY_HAND}, delete it there, and plan again")
        fresh = [hash for hash in made if hash not in self._known_hashes]
        if not fresh:
            return Refusal("VA205", place, f"{problem}; the key was not made", "plan again")
        said = f"{problem}; the key was made ({', '.join(fresh)}), but its secret was never told"
        return Refusal("VA205", place, said, f"delete that key at {_BY_HAND}, and plan again")

    def _taken_back(self, action: Action, hash: str, problem: str) -> Refusal:
        """A key whose secret nobody has is of no use: it goes again."""
        place = f"key {action.name}"
        try:
            self._api.change("DELETE", f"{KEYS}/{quote(hash, safe='')}")
        except Refusal as error:
            said = f"its secret could not be written ({problem}), nor could the key be deleted ({error.message})"
            return Refusal("VA308", place, said, f"delete the key {hash} at {_BY_HAND}, and plan again")
        said = f"its secret could not be written ({problem}), so the key was deleted again"
        return Refusal("VA308", place, said, "give another place with --secrets-to")

    def _update_key(self, action: Action) -> None:
        answer = self._send("PATCH", f"{KEYS}/{quote(action.id or '', safe='')}", action.body)
        _hold(action, key_changes(self._keys[action.name], _read(action, lambda: key_of(_data(answer)))))

    def _set_guardrail(self, action: Action) -> None:
        if action.id is None:
            answer = self._send("POST", GUARDRAILS, action.body)
        else:
            answer = self._send("PATCH", f"{GUARDRAILS}/{quote(action.id, safe='')}", action.body)
        live = _read(action, lambda: guardrail_of(_data(answer)))
        self._ids[action.name] = live.id
        _hold(action, guardrail_changes(self._guardrails[action.name], live, self._canonical))

    def _assign(self, action: Action) -> None:
        key, guardrail = str(action.body["key"]), str(action.body["guardrail"])
        path = f"{GUARDRAILS}/{quote(self._ids[guardrail], safe='')}/assignments/keys"
        answer = self._send("POST", path, {"key_hashes": [self._hashes[key]]})
        if answer.get("assigned_count") != 1:
            _hold(action, (Change("assigned_count", answer.get("assigned_count"), 1),))

    def _set_preset(self, action: Action) -> None:
        answer = self._send("POST", f"{preset_path(action.name)}/chat/completions", action.body)
        live = _read(action, lambda: preset_of(_data(answer)))
        _hold(action, preset_changes(self._presets[action.name], live, self._canonical))

    def _delete(self, path: str, action: Action) -> None:
        self._send("DELETE", f"{path}/{quote(action.id or '', safe='')}")

    def _send(self, method: str, path: str, body: Fields | None = None) -> Fields:
        return self._api.change(method, path, body)


def _data(answer: Fields) -> Fields:
    return answers.fields(answer.get("data"), "data")


def _read(action: Action, read: Callable[[], _Live]) -> _Live:
    try:
        return read()
    except ValueError as error:
        raise odd_answer(f"{action.kind} {action.name}", error) from error


def _hold(action: Action, left: Sequence[Change]) -> None:
    """The account answers with what it holds now; what still differs would be planned again and again."""
    if left:
        said = "; ".join(f"{change.field} is {change.old!s}, not {change.new!s}" for change in left)
        fix = "run `vane lock` and compile where a model's canonical slug moved; else the API does not keep this field"
        raise Refusal("VA206", f"{action.kind} {action.name}", said, fix)
