"""Who makes a model, and where its maker sits: a small table, with "unknown" as an honest answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Vendor:
    """The first part of a slug, and who that is. `country` is where the head office is, in two letters (ISO 3166)."""

    slug: str
    name: str
    country: str
    #: names of its own endpoints among OpenRouter's providers
    providers: tuple[str, ...] = ()


def vendor(slug: str) -> Vendor:
    """The vendor of a model or permaslug, or of a vendor's own slug. A vendor that we do not know keeps its slug."""
    first = slug.partition("/")[0]
    return _table().get(first) or Vendor(first, first, UNKNOWN, (first,))


def is_own_provider(maker: Vendor, tag: str) -> bool:
    """Whether a provider's tag, such as `deepseek` or `google-vertex/us-east5`, is the vendor's own."""
    return tag.partition("/")[0] in maker.providers


@cache
def _table() -> Mapping[str, Vendor]:
    text = (files("harness.market") / "vendors.json").read_text("utf-8")
    return {
        slug: Vendor(slug, entry["name"], entry["country"] or UNKNOWN, tuple(entry.get("providers", (slug,))))
        for slug, entry in json.loads(text).items()
    }
