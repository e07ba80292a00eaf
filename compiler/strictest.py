"""Provider preferences for calls that no scenario owns: as strict as the strictest user of the same model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from compiler.plan import Hop, Preferences


def strictest(hops: Iterable[Hop]) -> Hop:
    """The candidate that can leak least: on the Mac itself, else without retention, else without training."""
    return max(
        hops,
        key=lambda hop: (
            hop.key == "local",
            hop.key != "gray",
            hop.preferences.zdr is True,
            hop.preferences.data_collection == "deny",
        ),
    )


def combined(hops: list[Hop]) -> Preferences:
    """The preferences of the strictest user, and the privacy that any of them asks for."""
    wanted = [hop.preferences for hop in hops]
    base = strictest(hops).preferences
    deny = any(each.data_collection == "deny" for each in wanted)
    zdr = any(each.zdr for each in wanted)
    return replace(base, data_collection="deny" if deny else base.data_collection, zdr=True if zdr else base.zdr)
