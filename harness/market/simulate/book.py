"""The prices of a simulation: both sides' locks, the changed one first, and the names that a ledger has for models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from compiler.plan import MLX_PREFIX
from compiler.policy.lock import Lock
from harness.market.simulate.tariff import Tariff


@dataclass(frozen=True, slots=True)
class Book:
    """What each pinned model asks. A router has no price of its own and is not in it."""

    tariffs: Mapping[str, Tariff]
    #: permaslug, with its variant → slug
    slugs: Mapping[str, str]

    def slug(self, model: str, permaslug: str) -> str:
        """The lock's name of a model; its own where the lock does not know it."""
        if model in self.tariffs:
            return model
        return self.slugs.get(model) or self.slugs.get(permaslug) or model


def is_ours(model: str) -> bool:
    """Whether it runs on a Mac of ours, where nobody bills tokens."""
    return model.startswith(MLX_PREFIX)


def book(after: Lock, before: Lock) -> Book:
    """Both sides of a bill are priced alike: by the changed policies' lock, and by the other for what it lacks."""
    models = {**before.models, **after.models}
    tariffs = {slug: Tariff(model.pricing) for slug, model in models.items() if not model.pricing.is_router}
    slugs = {}
    for slug, model in models.items():
        _, colon, variant = slug.partition(":")
        slugs[f"{model.canonical_slug.partition(':')[0]}{colon}{variant}"] = slug
    return Book(tariffs, slugs)
