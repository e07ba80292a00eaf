"""What the account shall hold, as generated/openrouter/ says."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from deploy.account import answers
from deploy.account.answers import Fields, Odd
from deploy.account.refusal import Refusal

#: Keys and guardrails with such a name are ours, and nothing else is.
PREFIX = "vane-"
SWITCHES = (
    "enforce_zdr_anthropic", "enforce_zdr_openai", "enforce_zdr_google", "enforce_zdr_xai", "enforce_zdr_other",
    "enable_free_model_training", "enable_free_model_publication", "enable_paid_model_training",
)  # fmt: skip
_Kind = TypeVar("_Kind")


@dataclass(frozen=True, slots=True)
class Key:
    """A key: what it may spend in each period, and the variable by which Macs know its secret."""

    name: str
    variable: str
    limit: Decimal | None
    limit_reset: str | None
    include_byok_in_limit: bool


@dataclass(frozen=True, slots=True)
class Guardrail:
    """What the key to which it is assigned may reach."""

    name: str
    assigned_key: str
    #: canonical slugs, sorted: what the account answers with, whatever it was sent
    allowed_models: tuple[str, ...]
    switches: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Preset:
    """What Cursor's `@preset/<slug>` stands for."""

    slug: str
    models: tuple[str, ...]
    provider: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Desired:
    """All of it; `digest` names exactly these files."""

    keys: tuple[Key, ...]
    guardrails: tuple[Guardrail, ...]
    presets: tuple[Preset, ...]
    canonical: Mapping[str, str]
    digest: str


def read_desired(folder: Path) -> Desired:
    """From `generated/openrouter/`. Raises Refusal."""
    digest = hashlib.sha256()
    keys = _read(folder, "keys", digest.update, _key)
    guardrails = _read(folder, "guardrails", digest.update, _guardrail)
    presets = _read(folder, "presets", digest.update, _preset)
    known = {key.name for key in keys}
    for guardrail, _ in guardrails:
        if guardrail.assigned_key not in known:
            raise _bad("guardrails", f"{guardrail.name!r} is assigned to {guardrail.assigned_key!r}, which is no key")
    canonical = {slug: name for _, models in guardrails for slug, name in models.items()}
    return Desired(keys, tuple(found for found, _ in guardrails), presets, canonical, digest.hexdigest())


def _read(
    folder: Path, kind: str, note: Callable[[bytes], object], build: Callable[[Fields], _Kind]
) -> tuple[_Kind, ...]:
    try:
        content = (folder / f"{kind}.json").read_bytes()
        data = answers.fields(answers.parsed(content))
        if data.get("format") != f"weathervane/openrouter-{kind}/1":
            raise Odd(f"format {data.get('format')!r} is not known")
        found = list(answers.entries(data, kind))
        named = Counter(answers.text(entry, "slug" if kind == "presets" else "name") for entry in found)
        if twice := [name for name, times in named.items() if times > 1]:
            raise Odd(f"{twice[0]!r} stands there twice")
        built = tuple(build(entry) for entry in found)
    except OSError as error:
        raise _bad(kind, f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise _bad(kind, str(error)) from error
    note(content)
    return built


def _bad(kind: str, message: str) -> Refusal:
    return Refusal("VA103", f"generated/openrouter/{kind}.json", message, "run `vane compile`, and say -C where it is")


def _own(name: str) -> str:
    if not name.startswith(PREFIX):
        raise Odd(f"{name!r} does not begin with {PREFIX!r}")
    return name


def _key(data: Fields) -> Key:
    return Key(
        name=_own(answers.text(data, "name")),
        variable=answers.text(data, "variable"),
        limit=answers.amount(data, "limit"),
        limit_reset=answers.optional_text(data, "limit_reset"),
        include_byok_in_limit=answers.flag(data, "include_byok_in_limit"),
    )


def _guardrail(data: Fields) -> tuple[Guardrail, Mapping[str, str]]:
    models = answers.fields(data.get("allowed_models"), "allowed_models")
    if not models:
        raise Odd("no model is allowed, which the account would take for all")
    named = {slug: answers.text(models, slug) for slug in models}
    guardrail = Guardrail(
        name=_own(answers.text(data, "name")),
        assigned_key=answers.text(data, "assigned_key"),
        allowed_models=tuple(sorted(set(named.values()))),
        switches={name: answers.flag(data, name) for name in SWITCHES},
    )
    return guardrail, named


def _preset(data: Fields) -> Preset:
    models = answers.texts(data, "models")
    if not models:
        raise Odd("a preset without models may reach any")
    return Preset(answers.text(data, "slug"), models, answers.fields(data.get("provider"), "provider"))
