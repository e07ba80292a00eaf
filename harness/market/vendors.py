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


def vendor(slug: str) -> Vendor:
    """The vendor of a model or permaslug, or of a vendor's own slug. A vendor that we do not know keeps its slug."""
    first = slug.partition("/")[0]
    name, country = _table().get(first, (first, UNKNOWN))
    return Vendor(first, name, country)


@cache
def _table() -> Mapping[str, tuple[str, str]]:
    text = (files("harness.market") / "vendors.json").read_text("utf-8")
    return {slug: (entry["name"], entry["country"] or UNKNOWN) for slug, entry in json.loads(text).items()}
