"""state.json: which release this Mac has, and which change is under way. One file, so that one rename confirms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from deploy.account.refusal import Refusal
from deploy.release.manifest import Origin, is_digest, origin_of
from deploy.release.whole import write_lasting

FILE, FORMAT = "state.json", "weathervane-agent-state/1"
Phase = Literal["applying", "restoring"]


@dataclass(frozen=True, slots=True)
class Journal:
    """A change under way. Whoever finds one here was interrupted in it."""

    source: str | None
    target: str
    phase: Phase
    attempts: int
    #: why the target did not stay, while restoring
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """`history` holds confirmed releases, the present one first; `given_up` what is not tried again, and why.
    `tries` counts failures that need not be a release's fault, such as a full disk.
    """

    history: tuple[str, ...] = ()
    highest: Origin | None = None
    #: the release that `highest` stands for: having stepped back from it, this Mac may take it again
    furthest: str | None = None
    given_up: Mapping[str, str] = field(default_factory=dict)
    tries: Mapping[str, int] = field(default_factory=dict)
    suspended: str | None = None
    passes: int = 0
    journal: Journal | None = None

    @property
    def current(self) -> str | None:
        return self.history[0] if self.history else None


def read_state(folder: Path) -> State:
    """Raises Refusal: without its memory an agent could be led back to any old release."""
    file = folder / FILE
    try:
        return _state(json.loads(file.read_bytes()))
    except FileNotFoundError:
        return State()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        fix = "restore it from a backup, or set this Mac up anew"
        raise Refusal("VD403", str(file), f"it is damaged: {error}", fix) from error


def write_state(folder: Path, state: State) -> None:
    """Whole or not at all, and lasting."""
    data = {"format": FORMAT, **asdict(state)}
    write_lasting(folder / FILE, (json.dumps(data, indent=1, sort_keys=True) + "\n").encode())


def _state(data: Any) -> State:
    if data["format"] != FORMAT:
        raise ValueError(f"its format is {data['format']!r:.60}")
    journal = data["journal"]
    if not all(is_digest(digest) for digest in (*data["history"], *data["given_up"])):
        raise ValueError("it names what is no release")
    return State(
        history=tuple(data["history"]),
        highest=origin_of(data["highest"]),
        furthest=data["furthest"],
        given_up={str(digest): str(reason) for digest, reason in data["given_up"].items()},
        tries={str(digest): int(count) for digest, count in data["tries"].items()},
        suspended=data["suspended"],
        passes=int(data["passes"]),
        journal=None if journal is None else Journal(**journal),
    )
