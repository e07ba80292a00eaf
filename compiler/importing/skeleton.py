"""The article's skeleton (token_track, dollar_track, gray_pool) → one scenario a track."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from compiler.importing.found import Found, Left, Wanted, Work
from compiler.importing.slugs import Catalogue, settle
from compiler.plan import Track

_TRACKS: Mapping[str, tuple[Track, str, str]] = {
    "token_track": ("token", "token-work", "Work on the token track"),
    "dollar_track": ("dollar", "dollar-work", "Work on the dollar track"),
    "gray_pool": ("gray", "gray-trials", "Trials in the gray pool"),
}
_MODEL_KEYS = ("primary", "model", "models", "fallback", "fallbacks")
_LEAST = Decimal("0.000001")
_BUDGET_KEYS = ("budget_cap_usd", "monthly_budget_usd", "max_share")


def read_skeleton(root: Mapping[str, Any], catalogue: Catalogue) -> Found:
    """All tracks of the skeleton; its other keys are left to people."""
    works: list[Work] = []
    left: list[Left] = []
    for key, (track, name, title) in _TRACKS.items():
        models = tuple(_models(root.get(key), key, catalogue, left))
        if models:
            works.append(Work(name, title, models, track=track))
        left += _others(root.get(key), key)
    left += [Left(key, "no policy holds it") for key in sorted(root.keys() - _TRACKS.keys()) if key != "$schema"]
    if len(works) > 1 and works[0].track == "token" and works[1].track == "dollar":
        # the article's own rule: past the budget the work goes to the token track, so dollar work reaches both
        spare = tuple(wanted for wanted in works[0].models if wanted.slug not in works[1].slugs)
        works[1] = replace(works[1], models=(*works[1].models, *spare))
    left += _orphans(root, {work.track for work in works})
    before = {work.name: frozenset(work.slugs) for work in works}
    dollar, gray = _object(root.get("dollar_track")), _object(root.get("gray_pool"))
    limit = _amount(next((dollar[k] for k in _BUDGET_KEYS[:2] if k in dollar), None), Decimal(1_000_000))
    share = _amount(gray.get("max_share"), Decimal(1))
    return Found("skeleton", tuple(works), tuple(left), before, limit_usd=limit, max_share=share)


def _orphans(root: Mapping[str, Any], tracks: set[Track | None]) -> Iterator[Left]:
    """Budgets and shares of tracks that are not there, because none of their models could be carried over."""
    for key, (track, _, _) in _TRACKS.items():
        if track not in tracks:
            for name in _BUDGET_KEYS:
                if name in _object(root.get(key)):
                    amount = str(_object(root.get(key))[name])[:40]
                    yield Left(f"{key}.{name}", f"{amount} limits a track without a model: write it in again with one")


def _models(section: Any, key: str, catalogue: Catalogue, left: list[Left]) -> Iterator[Wanted]:
    seen = set()
    for path, name in _named(section, key):
        settled = settle(name, catalogue)
        if settled.slug is None:
            left.append(Left(path, settled.said, True))
        elif settled.slug not in seen:
            seen.add(settled.slug)
            yield Wanted(settled.slug, path, settled.said)


def _named(section: Any, key: str) -> Iterator[tuple[str, str]]:
    """Names of models in the order asked, each with its key. A track may also be a list or a single name."""
    section = {"models": section} if isinstance(section, str | list) else _object(section)
    for name in _MODEL_KEYS:
        value = section.get(name)
        for index, each in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(each, str) and each.strip():
                yield f"{key}.{name}" + (f"[{index}]" if isinstance(value, list) else ""), each.strip()


def _others(section: Any, key: str) -> Iterator[Left]:
    known = {*_MODEL_KEYS, *_BUDGET_KEYS}
    return (Left(f"{key}.{name}", "no policy key says this; see docs/policies.md") for name in _object(section)
            if name not in known)  # fmt: skip


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _amount(value: Any, most: Decimal) -> Decimal | None:
    """A number, also where people wrote 10% or $800; None where it is none, or none that a policy takes."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    text = str(value).strip().removeprefix("$")
    try:
        amount = Decimal(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and _LEAST <= amount <= most and len(text) < 20 else None
