"""Targets: what a plan becomes. Each is a folder with emit, check and read, found by its entry point.

A third party adds one in its own package::

    [project.entry-points."weathervane.targets"]
    zed = "my_package.zed:TARGET"
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compiler.diagnostics import Place
from compiler.plan import AccountPlan, MachinePlan

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ENTRY_POINT_GROUP = "weathervane.targets"


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file of one Mac: path below the Mac's folder, bytes, and the policy lines that it came from."""

    path: str
    content: bytes
    sources: tuple[Place, ...]
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Reach:
    """A model that a scenario can reach, as read back from artifacts.

    `model` is an OpenRouter slug, `mlx/<repository>`, a pattern such as `*` where the artifact leaves it open, or the
    foreign address that the artifact names. `path` says where in which artifact the way lies. `provider` is the
    `provider` object that goes along on the wire, as the artifact has it; empty where there is none.
    """

    scenario: str
    model: str
    path: str
    provider: Mapping[str, Any]


def no_account(plan: AccountPlan) -> Iterable[Artifact]:
    """For targets that live on Macs alone."""
    return ()


@dataclass(frozen=True, slots=True)
class Target:
    """A back end: `emit` renders a Mac's artifacts, `check` says what is wrong with one, `read` what they can reach.

    `check(path, content)` yields one sentence a problem. `read` takes all artifacts of one Mac by path, and must not
    share code with `emit`: it is how the compiler convinces itself of what it wrote.
    """

    name: str
    emit: Callable[[MachinePlan], Iterable[Artifact]]
    check: Callable[[str, bytes], Iterable[str]]
    read: Callable[[Mapping[str, bytes]], Iterable[Reach]]
    #: renders what the team has once, on the server, whichever Mac asks
    emit_account: Callable[[AccountPlan], Iterable[Artifact]] = no_account


def installed() -> tuple[Target, ...]:
    """All targets on this machine, ours and others', by name."""
    from importlib.metadata import entry_points  # costs 20 ms: only a compile needs it

    return tuple(sorted((_loaded(entry) for entry in entry_points(group=ENTRY_POINT_GROUP)), key=lambda t: t.name))


def _loaded(entry: EntryPoint) -> Target:
    try:
        target = entry.load()
        if not isinstance(target, Target):
            raise TypeError(f"{entry.value} is a {type(target).__name__}, no compiler.targets.Target")
    except Exception as error:
        error.add_note(f"in target {entry.name!r} ({entry.value}): uninstall it, or report this to its authors")
        raise
    return target
