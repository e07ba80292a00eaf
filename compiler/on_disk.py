"""Artifacts as they lie on disk, held against the policies: whoever edited one, what it lets through is found."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from compiler.compile import Compiled
from compiler.diagnostics import Code, Finding, Place, PolicyError
from compiler.keypath import deepest, document, parted, place
from compiler.plan import AccountPlan, MachinePlan
from compiler.targets import Reach, Target
from compiler.verify import UNGUARDED, UNPLANNED_REACH, loose_guards, violations

UNREADABLE_ARTIFACT = Code(
    "VN904", "unreadable-artifact", "An artifact cannot be read back", "run `vane compile` to write it anew",
    "What cannot be read cannot be held against the blocks, so it counts as a hole.",
)  # fmt: skip
REFUSED_BY_SYSTEM = Code(
    "VN905", "refused-by-system", "The operating system refuses to read or write a file",
    "free space, or mend the permissions of the place that the message names; then run it again",
    "Files are whole, each old or new: nothing is lost by running it again.",
)  # fmt: skip
CODES = (UNREADABLE_ARTIFACT, REFUSED_BY_SYSTEM)

_UNDO = "undo the edit, or take the file that `vane compile` writes"
_OWNED = re.compile(r"(?:^|/)(contingencies/[^/]+/)?machines/([^/]+)/(.+)$")
_ACCOUNT = re.compile(r"(?:^|/)(contingencies/[^/]+/)?(openrouter/[^/]+\.json)$")


@dataclass(frozen=True, slots=True, order=True)
class Owner:
    """Whose a file is: a machine's in a situation; with an empty machine the account's."""

    folder: str
    machine: str

    def __str__(self) -> str:
        situation = self.folder.removeprefix("contingencies/").rstrip("/")
        return (self.machine or "the account") + (f" ({situation})" if situation else "")


@dataclass(frozen=True, slots=True)
class Held:
    """The files of one owner, by their path below the owner's folder, and how findings shall call them."""

    owner: Owner
    contents: Mapping[str, bytes]
    #: path below the owner's folder → file as its user knows it, for the files that are held
    names: Mapping[str, str]


def owner_of(path: str) -> tuple[Owner, str] | None:
    """Owner and path below its folder, as a path says it; None where it does not."""
    if machine := _OWNED.search(path):
        return Owner(machine[1] or "", machine[2]), machine[3]
    if account := _ACCOUNT.search(path):
        return Owner(account[1] or "", ""), account[2]
    return None


def all_below(generated: Path) -> tuple[Held, ...]:
    """Every artifact in generated/, owner by owner. A link in place of a folder raises PolicyError."""
    contents: dict[Owner, dict[str, bytes]] = {}
    names: dict[Owner, dict[str, str]] = {}
    for folder, folders, files in os.walk(generated):
        folders.sort()
        linked = [Path(folder, name) for name in folders if Path(folder, name).is_symlink()]
        if linked:
            at = f"{generated.name}/{linked[0].relative_to(generated).as_posix()}"
            raise PolicyError([UNREADABLE_ARTIFACT.at(Place(at), f"{at!r} is a link", "put the folder itself there")])
        for name in sorted(files):
            path = Path(folder, name).relative_to(generated).as_posix()
            if owned := owner_of(path):
                contents.setdefault(owned[0], {})[owned[1]] = (generated / path).read_bytes()
                names.setdefault(owned[0], {})[owned[1]] = f"{generated.name}/{path}"
    return tuple(Held(owner, contents[owner], names[owner]) for owner in sorted(contents))


def in_place_of_compiled(
    compiled: Compiled, owner: Owner, contents: Mapping[str, bytes], names: Mapping[str, str]
) -> Held:
    """Some files of an owner, with all its other files as they are compiled."""
    return Held(owner, {**compiled_files(compiled, owner), **contents}, names)


def compiled_files(compiled: Compiled, owner: Owner) -> Mapping[str, bytes]:
    """An owner's files as compiled. A contingency that changes nothing on a machine leaves it as it stands."""
    for folder in (owner.folder, ""):
        for bundle in compiled.bundles:
            if bundle.folder == folder and (owner.machine in bundle.machines or not (owner.machine or bundle.machines)):
                return {artifact.path: artifact.content for artifact in bundle.artifacts}
    return {}


def hold(held: Held, compiled: Compiled, targets: Sequence[Target]) -> Iterator[Finding]:
    """Everything that these files let through although no policy does; what equals the compiled was held already."""
    plan = _plan(compiled, held.owner)
    if plan is not None and held.contents == compiled_files(compiled, held.owner):
        return
    reached: dict[tuple[Code, str, str, str], list[str]] = {}
    for target in targets:
        try:
            ways = list(target.read(held.contents))
        # a target's reader trusts the form that its target checked; on files of strangers it may fail in any of these
        except (ValueError, LookupError, TypeError, AttributeError, SyntaxError, RecursionError) as error:
            yield _unreadable(held, target, error)
            continue
        for reach in ways:
            for code, problem in _problems(reach, plan, held.owner, compiled):
                reached.setdefault((code, reach.path, reach.model, problem), []).append(reach.scenario)
    for (code, path, model, problem), scenarios in reached.items():
        who = ", ".join(dict.fromkeys(scenarios))
        said = f"{who} on {held.owner}: {path} reaches {model!r}: {problem}"
        yield code.at(_place(held, path), said, _UNDO)
    for path, problem in loose_guards(plan, held.contents) if plan else ():
        name = held.names.get(path) or next(iter(held.names.values()))
        yield UNGUARDED.at(Place(name), f"{held.owner}: {path}: {problem}", _UNDO)


def _plan(compiled: Compiled, owner: Owner) -> MachinePlan | AccountPlan | None:
    plan = next((plan for plan in compiled.plans if plan.folder == owner.folder), None)
    if plan is None:
        return None
    return plan.machines.get(owner.machine) if owner.machine else plan.account


def _problems(
    reach: Reach, plan: MachinePlan | AccountPlan | None, owner: Owner, compiled: Compiled
) -> Iterable[tuple[Code, str]]:
    if plan is None:
        return ((UNPLANNED_REACH, f"no policy describes {owner}"),)
    return violations(reach, plan, compiled.policies)


def _unreadable(held: Held, target: Target, error: Exception) -> Finding:
    names = ", ".join(held.names.values())
    said = f"{type(error).__name__}: {error}" if not isinstance(error, ValueError) else str(error)
    place = Place(next((name for name in held.names.values() if target.name in name), names.partition(", ")[0]))
    return UNREADABLE_ARTIFACT.at(place, f"{held.owner}: the {target.name} target cannot read its files: {said}")


def _place(held: Held, way: str) -> Place:
    """Where a way stands in the file that was held."""
    path, inside = parted(way, held.contents)
    name = held.names.get(path)
    if name is None:  # the way lies in a file that was not held: an edit elsewhere opened it
        return Place(next(iter(held.names.values())))
    content = held.contents[path]
    try:
        return place(name, path, content, deepest(document(path, content), inside))
    except ValueError:
        return Place(name)
