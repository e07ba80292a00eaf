"""What a Mac reported, read by others. Whoever can write a report may have written it: only known words get in."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from deploy.release.codes import CODES
from deploy.release.manifest import Origin, count_of, origin_of

FORMAT = "weathervane-agent-status/1"
MOST_BYTES = 1 << 20
Sync = Literal[
    "in-sync", "mended", "drifted", "waiting", "refused", "rolled-back", "unreachable", "suspended", "interrupted",
    "no-release",
]  # fmt: skip
#: Where nobody has to do anything.
QUIET = frozenset({"in-sync", "mended", "suspended", "waiting"})
#: Where the Mac is as its release says.
SETTLED = frozenset({"in-sync", "mended"})
WELL = frozenset({"good", "nothing to check"})
_HEALTH = frozenset({*WELL, "missing", "bad"})


@dataclass(frozen=True, slots=True)
class Reported:
    """A Mac's last report. `offer` is the release that it was offered, where it could read that far."""

    machine: str
    release: Origin | None
    offer: Origin | None
    sync: str
    health: str
    #: passes in a row that ended well on `release`
    soaked: int
    #: things that were not as the release says
    drift: int
    at: datetime.datetime
    #: what is wrong with its guards, by code
    guards: tuple[str, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether the Mac is as its release says, and works."""
        return self.sync in SETTLED and self.health in WELL

    def stops(self, release: Origin) -> bool:
        """Whether this Mac had that release, or tried to, and was not well with it."""
        if self.release == release:
            return self.health == "bad" or self.sync in ("drifted", "interrupted")
        return self.offer == release and self.sync in ("refused", "rolled-back")


def is_settled(sync: Any, health: Any) -> bool:
    """Whether a pass that ended so counts as a good one."""
    return sync in SETTLED and health in WELL


def parse_report(content: bytes, machine: str) -> Reported:
    """Raises ValueError."""
    try:
        return _parse(json.loads(content), machine)
    except (KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise ValueError(f"no report of an agent: {type(error).__name__} {error}") from error


def _parse(data: Any, machine: str) -> Reported:
    if data["format"] != FORMAT or data["machine"] != machine:
        raise ValueError(f"it is no report of {machine}")
    sync, health = data["sync"]["state"], data["health"]["state"]
    if sync not in get_args(Sync) or health not in _HEALTH:
        raise ValueError(f"{sync!r:.60} and {health!r:.60} are no states")
    at = datetime.datetime.fromisoformat(data["at"])
    if at.tzinfo is None:
        raise ValueError("its time has no zone")
    return Reported(
        machine, origin_of(data["release"]), origin_of(data["offer"]), sync, health,
        count_of(data["soaked"]), len(data["sync"]["drift"]), at, _guards(data["health"].get("parts", {})),
    )  # fmt: skip


def _guards(parts: Mapping[str, Any]) -> tuple[str, ...]:
    """Known codes alone: no other word of a report is shown."""
    return tuple(sorted({part["code"] for part in parts.values() if part.get("code") in CODES}))
