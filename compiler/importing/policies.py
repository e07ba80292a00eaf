"""What was found → the texts of a first set of policies, with a comment for all that they could not carry over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from compiler.importing.found import Found, Wanted, Work
from compiler.importing.names import safe_name, title_of
from compiler.importing.slugs import Catalogue
from compiler.importing.tracks import DEAR, Chooser, Tracks
from compiler.importing.yaml_text import behind, comment, file_text, scalar
from compiler.plan import MLX_PREFIX
from compiler.policy.tracks import ProviderPreferences

_GUESSED_LIMIT = Decimal(100)
_GUESSED_SHARE = Decimal("0.10")
_OWN_KEY = re.compile(r"(agents\.(defaults|entries\.[^.]+|list\.[^.]+)\.model(\.primary|\.fallbacks\[\d+\])?"
                      r"|(token_track|dollar_track|gray_pool)\..*)")  # fmt: skip
_CAP = "dollar-monthly"
_REVIEW = "a guess: review it"


@dataclass(frozen=True, slots=True)
class Written:
    """Path inside policies/ → text, and what became of each name."""

    texts: Mapping[str, str]
    #: name in the imported file → scenario
    scenarios: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Draft:
    found: Found
    file: str
    works: Mapping[str, Work]
    tracks: Tracks
    #: preferences that all scenarios share; they stand on the tracks then
    shared: Mapping[str, Any]


def write_policies(found: Found, catalogue: Catalogue, file: str) -> Written:
    """All files of the first set. `found` must hold at least one work."""
    works: dict[str, Work] = {}
    scenarios: dict[str, str] = {}
    for work in found.works:
        name = safe_name(work.name, works)
        works[name] = work
        if not work.is_seat:
            scenarios[work.name] = name
    tracks = Chooser(works, {**found.prices, **catalogue.prices}).tracks()
    draft = _Draft(found, file, works, tracks, _shared(works))
    texts = {
        "tracks.yaml": file_text(_tracks(draft)),
        "caps.yaml": file_text(_caps(draft)),
        "sensitive-data.yaml": file_text(_sensitive(draft)),
        "fleet.yaml": file_text(_fleet(draft)),
    }
    texts |= {f"scenarios/{name}.yaml": file_text(_scenario(draft, name, work)) for name, work in works.items()}
    return Written(texts, scenarios)


def _shared(works: Mapping[str, Work]) -> Mapping[str, Any]:
    wishes = [_preferences(work)[0] for work in works.values() if not _is_local(work)]
    return wishes[0] if wishes and all(wish == wishes[0] for wish in wishes) else {}


def _is_local(work: Work) -> bool:
    return all(slug.startswith(MLX_PREFIX) for slug in work.slugs)


def _head(draft: _Draft, schema: str, depth: str = ".") -> Iterator[str]:
    yield f"# yaml-language-server: $schema={depth}/.schemas/{schema}.schema.json"
    yield from comment(f"Imported by `vane import` from {draft.file} ({draft.found.kind}). Review every line.")


def _tracks(draft: _Draft) -> Iterator[str]:
    tracks, found = draft.tracks, draft.found
    yield from _head(draft, "tracks")
    if found.left or found.literal_keys:
        yield from ("#", "# Not carried over:")
        for left in found.left:
            yield from comment(f"- {left.key}: {left.why}")
        for key in found.literal_keys:
            yield from comment(f"- {key}: a credential in the file; policies name none. Revoke it, take a new one")
    yield from ("version: 1", "", "# Volume. A scenario without a route of its own takes these.", "token_track:")
    yield from _models(draft, tracks.token, "  ")
    yield from _provider(draft.shared)
    if tracks.dollar:
        yield from ("", f"# Liability: output costs {DEAR} USD per million tokens or more, or the key's name says so.",
                    "dollar_track:")  # fmt: skip
        yield from _models(draft, tracks.dollar, "  ")
        yield from _provider(draft.shared)
        yield f"  cap: {_CAP}"
        yield "  escalation: {ticket: '^[A-Z]+-\\d+$'} # " + _REVIEW + ", the file asked for no ticket"
    if tracks.gray:
        yield from (
            "",
            "# On trial: free, or named gray. Rolled back, this work goes to the token track.",
            "gray_pool:",
        )
        yield "  models:"
        yield from (f"    - {scalar(slug)}{behind(_said(draft, slug))}" for slug in tracks.gray)
        yield from _provider(draft.shared)
        guess = "" if found.max_share else f" # {_REVIEW}"
        yield f"  max_share: {scalar(found.max_share or _GUESSED_SHARE)}{guess}"
        yield f"  rollback: {{tool_error_rise_points: 2.0}} # {_REVIEW}"


def _provider(wish: Mapping[str, Any]) -> Iterator[str]:
    if wish:
        yield f"  provider: {scalar(wish)}"


def _models(draft: _Draft, slugs: Sequence[str], indent: str) -> Iterator[str]:
    yield f"{indent}primary: {scalar(slugs[0])}{behind(_said(draft, slugs[0]))}"
    if slugs[1:]:
        yield f"{indent}fallbacks:"
        yield from (f"{indent}  - {scalar(slug)}{behind(_said(draft, slug))}" for slug in slugs[1:])


def _said(draft: _Draft, slug: str) -> str:
    return next((w.remark for work in draft.works.values() for w in work.models if w.slug == slug and w.remark), "")


def _caps(draft: _Draft) -> Iterator[str]:
    yield from _head(draft, "caps")
    yield "version: 1"
    if not draft.tracks.dollar:
        yield "caps: {}"
        return
    limit = draft.found.limit_usd
    yield from ("caps:", f"  {_CAP}:")
    yield f"    limit_usd: {scalar(limit or _GUESSED_LIMIT)}" + (
        "" if limit else f" # {_REVIEW}, the file had no budget"
    )
    yield from ("    period: monthly", "    downgrade_to: token", "    overrun: {percent: 15}")


def _sensitive(draft: _Draft) -> Iterator[str]:
    yield from _head(draft, "sensitive-data")
    yield from comment("The imported file knew no classes of data. Name yours here, then in the scenarios' `data`.")
    yield from ("version: 1", "labels: {}", "blocks: []")


def _fleet(draft: _Draft) -> Iterator[str]:
    mlx = draft.found.mlx
    yield from _head(draft, "fleet")
    yield from comment("The file does not say which Mac it is for: hardware, memory, user and name are guesses.")
    yield from ("version: 1", "machines:", "  gateway-mac:", "    tier: remote", "    hardware: Mac Studio")
    yield from ("    chip: M4 Max", "    memory_gb: 64", "    user: vane")
    yield f"    roles: {scalar(['gateway', 'mlx'] if mlx else ['gateway'])}"
    if mlx:
        wish = {"model": mlx.model, "context_tokens": mlx.context_tokens, "port": mlx.port}
        yield f"    mlx: {scalar(wish)} # its facts: vane lock --mlx FOLDER"


def _scenario(draft: _Draft, name: str, work: Work) -> Iterator[str]:
    wish, dropped = _preferences(work)
    yield from _head(draft, "scenario", "..")
    if name != work.name and not work.is_seat:
        yield from comment(f"It was called {work.name!r} there.")
    for remark in (*work.remarks, *dropped, *_track_remarks(draft, name)):
        yield from comment(remark)
    yield from ("version: 1", f"scenario: {scalar(name)}", f"title: {scalar(title_of(work.title, name))}")
    yield from ("surface: openclaw", f"tier: {'remote' if work.slugs[0].startswith(MLX_PREFIX) else 'api'}")
    yield f"track: {draft.tracks.of[name]}"
    own, by_slug = draft.tracks.routes[name], {wanted.slug: wanted for wanted in work.models}
    if own != draft.tracks.usual(name) or any(_origin(by_slug[slug]) for slug in own):
        yield "route:"
        yield f"  primary: {scalar(own[0])}{behind(_origin(by_slug[own[0]]))}"
        if own[1:]:
            yield "  fallbacks:"
            yield from (f"    - {scalar(slug)}{behind(_origin(by_slug[slug]))}" for slug in own[1:])
    if wish and wish != draft.shared and not _is_local(work):
        yield f"provider: {scalar(wish)}"
    if work.slots:
        yield f"slots: {scalar(work.slots)}"


def _origin(wanted: Wanted) -> str:
    origin = "" if _OWN_KEY.fullmatch(wanted.key) else f"from {wanted.key}"
    return "; ".join(part for part in (origin, wanted.remark) if part)


def _track_remarks(draft: _Draft, name: str) -> Iterator[str]:
    own = {wanted.slug for wanted in draft.works[name].models if _OWN_KEY.fullmatch(wanted.key)}
    behind_cap = [slug for slug in draft.tracks.token if slug not in own]
    if draft.tracks.of[name] == "dollar" and behind_cap:
        yield (f"Behind the dollar cap stands the token track: {', '.join(behind_cap)}. It was reachable before, but "
               "no fallback of this agent")  # fmt: skip
    if name in draft.tracks.dear_on_token:
        yield ("Its primary is dear. It is not on the dollar track, because a passed cap would lead it to models that "
               "it did not reach: add a cheap fallback, and move it")  # fmt: skip


def _preferences(work: Work) -> tuple[dict[str, Any], list[str]]:
    """Provider preferences that the policy language takes, and remarks on the others."""
    kept: dict[str, Any] = {}
    dropped = []
    for key, value in sorted(work.provider.items()):
        wish = _amounts(value) if key == "max_price" and isinstance(value, Mapping) else value
        try:
            ProviderPreferences.model_validate({key: wish})
            kept[key] = wish
        except ValidationError:
            dropped.append(f"provider.{key} is not carried over: policies do not know it, or not in this form")
    return kept, dropped


def _amounts(prices: Mapping[str, Any]) -> dict[str, Any]:
    """Prices as numbers, also where they are decimal strings; what is no plain number stays text and is refused."""
    texts = {str(key): str(value) for key, value in prices.items()}
    return {
        key: Decimal(text) if re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,12})?", text) else text for key, text in texts.items()
    }
