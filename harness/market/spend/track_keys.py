"""Which key is which track's, and the variable that holds its secret: as generated/openrouter/keys.json says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from compiler.diagnostics import Place, PolicyError
from compiler.policy import TRACK_KEYS
from harness.answer_json import parsed
from harness.market.spend.findings import NO_KEYS_FILE

FILE = "generated/openrouter/keys.json"
_FORMAT = "weathervane/openrouter-keys/1"
#: Before the track, in the name of its key.
PREFIX = "vane-"


@dataclass(frozen=True, slots=True)
class TrackKey:
    """The key of a track."""

    name: str
    track: str
    variable: str


def track_keys(project: Path) -> Mapping[str, TrackKey]:
    """Name of the key → what it is. Raises PolicyError."""
    try:
        data = parsed((project / FILE).read_bytes())
        if data["format"] != _FORMAT:
            raise ValueError(f"format {data['format']!r} is not known")
        found = [_track_key(str(key["name"]), str(key["variable"])) for key in data["keys"]]
    except OSError as error:
        raise _unusable(f"it cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unusable(f"it is not what a compile writes: {error!s:.200}") from error
    return {key.name: key for key in found}


def track_of(name: str) -> str | None:
    """The track whose key has this name; None for any other key."""
    track = name.removeprefix(PREFIX)
    return track if name.startswith(PREFIX) and track in TRACK_KEYS else None


def _track_key(name: str, variable: str) -> TrackKey:
    track = track_of(name)
    if track is None:
        raise ValueError(f"{name!r} is no track's key")
    return TrackKey(name, track, variable)


def _unusable(why: str) -> PolicyError:
    return PolicyError([NO_KEYS_FILE.at(Place(FILE), why)])
