"""What the account holds, as far as it concerns us."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from deploy.account import answers
from deploy.account.answers import Fields, odd_answer
from deploy.account.api import Api, Missing
from deploy.account.desired import PREFIX, SWITCHES, Desired

KEYS, GUARDRAILS, ASSIGNMENTS = "/keys", "/guardrails", "/guardrails/assignments/keys"
_PAGE = 100
#: Fields of a preset by which a call can end at a model that its list does not name.
DIVERSIONS = ("plugins", "preset", "route")
_PLAIN = frozenset({"model", "models", "provider", *DIVERSIONS})


@dataclass(frozen=True, slots=True)
class LiveKey:
    """A key of the account."""

    hash: str
    name: str
    limit: Decimal | None
    limit_reset: str | None
    include_byok_in_limit: bool
    disabled: bool
    expires_at: str | None


@dataclass(frozen=True, slots=True)
class LiveGuardrail:
    """A guardrail of the account; a switch that is None is not set."""

    id: str
    name: str
    allowed_models: tuple[str, ...] | None
    switches: Mapping[str, bool | None]


@dataclass(frozen=True, slots=True)
class LivePreset:
    """A preset of the account in the version that counts."""

    slug: str
    status: str
    models: tuple[str, ...]
    provider: Mapping[str, Any]
    diversions: Mapping[str, Any]
    #: what else it sets: nothing that we judge
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """All that counts for a plan. Foreign keys and guardrails are there to be named, never to be touched."""

    keys: tuple[LiveKey, ...]
    guardrails: tuple[LiveGuardrail, ...]
    #: key hash → guardrail id: a key holds at most one
    assignments: Mapping[str, str]
    presets: tuple[LivePreset, ...]

    @property
    def own_keys(self) -> tuple[LiveKey, ...]:
        return tuple(key for key in self.keys if key.name.startswith(PREFIX))

    @property
    def own_guardrails(self) -> tuple[LiveGuardrail, ...]:
        return tuple(guardrail for guardrail in self.guardrails if guardrail.name.startswith(PREFIX))

    @property
    def fingerprint(self) -> str:
        """Names exactly what a plan rests on; usage and times of change are no part of it."""
        hashes = {key.hash for key in self.own_keys}
        ids = {guardrail.id for guardrail in self.own_guardrails}
        concerned = sorted(pair for pair in self.assignments.items() if pair[0] in hashes or pair[1] in ids)
        state = {
            "keys": sorted((asdict(key) for key in self.own_keys), key=lambda key: str(key["hash"])),
            "guardrails": sorted((asdict(found) for found in self.own_guardrails), key=lambda found: str(found["id"])),
            "assignments": concerned,
            "presets": [asdict(preset) for preset in self.presets],
        }
        return hashlib.sha256(answers.written(state).encode()).hexdigest()


def read_account(api: Api, desired: Desired) -> Account:
    """All keys, guardrails and assignments, and the presets that are desired. Raises Refusal."""
    keys = read_keys(api)
    try:
        guardrails = tuple(guardrail_of(entry) for entry in api.listed(GUARDRAILS, "id", limit=_PAGE))
        assigned = {
            answers.text(entry, "key_hash"): answers.text(entry, "guardrail_id")
            for entry in api.listed(ASSIGNMENTS, "id", limit=_PAGE)
        }
    except ValueError as error:
        raise odd_answer(f"GET {GUARDRAILS}", error) from error
    return Account(keys, guardrails, assigned, tuple(_presets(api, desired)))


def read_keys(api: Api) -> tuple[LiveKey, ...]:
    """All keys, disabled ones too."""
    try:
        return tuple(key_of(entry) for entry in api.listed(KEYS, "hash", include_disabled="true"))
    except ValueError as error:
        raise odd_answer(f"GET {KEYS}", error) from error


def preset_path(slug: str) -> str:
    """Where a preset is read."""
    return f"/presets/{quote(slug, safe='')}"


def _presets(api: Api, desired: Desired) -> Iterator[LivePreset]:
    for preset in desired.presets:
        path = preset_path(preset.slug)
        try:
            answer = api.ask(path)
            yield preset_of(answers.fields(answer.get("data"), "data"))
        except Missing:
            continue
        except ValueError as error:
            raise odd_answer(f"GET {path}", error) from error


def key_of(data: Fields) -> LiveKey:
    """A key as the API answers it. Raises ValueError."""
    return LiveKey(
        hash=answers.text(data, "hash"),
        name=str(data.get("name") or ""),
        limit=answers.amount(data, "limit"),
        limit_reset=answers.optional_text(data, "limit_reset"),
        include_byok_in_limit=answers.flag(data, "include_byok_in_limit"),
        disabled=answers.flag(data, "disabled"),
        expires_at=answers.optional_text(data, "expires_at"),
    )


def guardrail_of(data: Fields) -> LiveGuardrail:
    """A guardrail as the API answers it. Raises ValueError."""
    models = answers.texts(data, "allowed_models")
    every_vendor = answers.optional_flag(data, "enforce_zdr")  # deprecated; stands in for those that are not set
    switches = {name: answers.optional_flag(data, name) for name in SWITCHES}
    unset = [name for name, value in switches.items() if value is None and name.startswith("enforce_zdr_")]
    return LiveGuardrail(
        id=answers.text(data, "id"),
        name=str(data.get("name") or ""),
        allowed_models=None if models is None else tuple(sorted(set(models))),
        switches={**switches, **dict.fromkeys(unset, bool(every_vendor))},
    )


def preset_of(data: Fields) -> LivePreset:
    """A preset as the API answers it. Raises ValueError."""
    version = answers.fields(data.get("designated_version") or {}, "designated_version")
    config = {name: value for name, value in answers.fields(version.get("config") or {}, "config").items() if value}
    single = answers.optional_text(config, "model")
    models = (*([single] if single else []), *(answers.texts(config, "models") or ()))
    provider = answers.fields(config.get("provider") or {}, "provider")
    others = sorted({*config} - _PLAIN | ({"system_prompt"} if version.get("system_prompt") else set()))
    return LivePreset(
        slug=answers.text(data, "slug"),
        status=answers.text(data, "status"),
        models=tuple(dict.fromkeys(models)),
        provider={name: value for name, value in provider.items() if value is not None},
        diversions={name: config[name] for name in DIVERSIONS if name in config},
        others=tuple(others),
    )
