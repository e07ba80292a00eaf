"""Files to where a release wants them: all prepared, then noted, then renamed one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.agent.blend import BLENDS
from deploy.agent.guards import FOLDER, POLICY
from deploy.agent.labels import AGENT
from deploy.agent.ledger import Ledger, Owned, digest, keep_copy, kept_copy, write_ledger
from deploy.agent.place import Found, Place
from deploy.agent.placements import Placement
from deploy.agent.site import Site


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is not as the release wants it. `new` is None where it goes; `is_edited`: a person changed ours;
    `is_wanted`: it is ours afterwards.
    """

    place: Place
    old: Found | None
    new: Found | None
    blend: str
    is_edited: bool
    is_wanted: bool

    @property
    def verb(self) -> str:
        return "remove" if self.new is None else "change" if self.old else "add"


@dataclass(frozen=True, slots=True)
class FilePlan:
    """What to do, what is right already, and which stale files are left alone because somebody changed them."""

    changes: tuple[Change, ...]
    right: tuple[Placement, ...]
    left: tuple[str, ...]
    #: in the ledger, and gone already, or without anything of ours
    gone: tuple[str, ...]


def plan_files(wanted: Iterable[Placement], ledger: Ledger, site: Site, folder: Path | None) -> FilePlan:
    """Compare the disk with a release. `folder` is given where a release that did not stay is undone: what it replaced
    is put back from there.
    """
    changes, right, left, gone = [], [], [], []
    paths = set()
    for placement in wanted:
        path = str(placement.place)
        paths.add(path)
        change = _wanted(placement, ledger.files.get(path))
        changes += [change] if change else []
        right += [] if change else [placement]
    for path in sorted(ledger.files.keys() - paths):
        owned = ledger.files[path]
        if owned.path.endswith(f"/{AGENT}.plist"):  # without it nobody would mend this Mac after its next start
            continue
        place = Place(Path(owned.anchor), owned.path, site.person if owned.by_person else None)
        found = place.read()
        if found is None and not (folder and owned.original):
            gone.append(path)
        elif found is not None and not _is_ours(found, owned):
            left.append(path)
        elif (change := _stale(place, found, owned, folder)).new == found:
            gone.append(path)
        else:
            changes.append(change)
    return FilePlan(tuple(sorted(changes, key=_turn)), tuple(right), tuple(left), tuple(gone))


def _turn(change: Change) -> tuple[bool, bool, str]:
    """Programs and guards come before the files that name them, and go after them: OpenClaw starts without a plugin
    that is not there.
    """
    found = change.new or change.old
    is_named = bool(found and found.mode & 0o100) or is_guard(change.place)
    return change.new is None, is_named == (change.new is None), str(change.place)


def is_guard(place: Place) -> bool:
    """Whether a file is of one of the guards: of its program, or what it goes by."""
    return place.path.startswith(f"{FOLDER}/") or place.path == f"cursor/{POLICY}"


def _wanted(placement: Placement, owned: Owned | None) -> Change | None:
    found = placement.place.read()
    content = BLENDS[placement.blend].into(placement.content, found.content if found else None)
    new = Found(content, placement.mode)
    if found == new:
        return None
    is_edited = found is not None and owned is not None and not _is_ours(found, owned)
    return Change(placement.place, found, new, placement.blend, is_edited, is_wanted=True)


def _is_ours(found: Found, owned: Owned) -> bool:
    return _essence(found.content, owned.blend) in owned.digests


def _essence(content: bytes, blend: str) -> str:
    return digest(BLENDS[blend].essence(content))


def _stale(place: Place, found: Found | None, owned: Owned, folder: Path | None) -> Change:
    left = BLENDS[owned.blend].out_of(found.content) if found else None
    new = Found(left, found.mode) if left is not None and found else None
    if new is None and folder and owned.original:
        new = Found(kept_copy(folder, owned.original), owned.original_mode)
    return Change(place, found, new, owned.blend, is_edited=False, is_wanted=False)


def place_files(plan: FilePlan, ledger: Ledger, folder: Path) -> Ledger:
    """Do it. A kill at any point leaves each file old or new, and the ledger knows both. Raises OSError, Refusal."""
    intended = _intended(plan, ledger, folder)
    if not plan.changes and not plan.gone and intended == ledger:
        return ledger
    prepared = [change for change in plan.changes if change.new is not None]
    try:
        for change in prepared:
            if change.new is not None:
                change.place.prepare(change.new.content, change.new.mode)
        write_ledger(folder, intended)
    except BaseException:
        for change in prepared:
            change.place.discard()
        raise
    for change in plan.changes:
        if change.new is not None:
            change.place.commit()
        elif change.old is not None:
            change.place.remove()
    settled = _settled(plan, intended)
    write_ledger(folder, settled)
    return settled


def _intended(plan: FilePlan, ledger: Ledger, folder: Path) -> Ledger:
    files = dict(ledger.files)
    for change in plan.changes:
        path = str(change.place)
        owned = files.get(path) or _new_entry(change, folder)
        if change.is_edited and change.old:
            keep_copy(folder, change.old.content)
        digests = {_essence(found.content, change.blend) for found in (change.new, change.old) if found}
        files[path] = replace(owned, digests=tuple(sorted(digests)))
    for placement in plan.right:
        if (path := str(placement.place)) not in files:
            files[path] = _adopted(placement)
    return replace(ledger, files=files)


def _new_entry(change: Change, folder: Path) -> Owned:
    original = keep_copy(folder, change.old.content) if change.old else None
    mode = change.old.mode if change.old else 0
    return _owned(change.place, change.blend, (), original, mode)


def _adopted(placement: Placement) -> Owned:
    """It was there before us and said the same: from now on it is ours."""
    found = placement.place.read()
    digests = (_essence(found.content, placement.blend),) if found else ()
    return _owned(placement.place, placement.blend, digests, None, 0)


def _owned(place: Place, blend: str, digests: tuple[str, ...], original: str | None, mode: int) -> Owned:
    return Owned(str(place.anchor), place.path, blend, place.person is not None, digests, original, mode)


def _settled(plan: FilePlan, intended: Ledger) -> Ledger:
    files = dict(intended.files)
    for change in plan.changes:
        path = str(change.place)
        if change.is_wanted and change.new is not None:
            files[path] = replace(files[path], digests=(_essence(change.new.content, change.blend),))
        else:
            del files[path]
    for path in plan.gone:
        del files[path]
    return replace(intended, files=files)


def labels_of(changes: Iterable[Change], site: Site) -> Iterator[str]:
    """launchd labels whose property list changes."""
    for change in changes:
        if Path(str(change.place)).parent == site.launch:
            yield change.place.name.removesuffix(".plist")


def is_program_of_guard(change: Change) -> bool:
    """Whether OpenClaw has to be started again: it reads a plugin's program once, and its policy at each turn."""
    return is_guard(change.place) and change.place.name not in (POLICY, "machine")


def leftovers(ledger: Mapping[str, Owned], site: Site) -> Iterator[Place]:
    """Where a killed run may have left something prepared."""
    for owned in ledger.values():
        yield Place(Path(owned.anchor), owned.path, site.person if owned.by_person else None)
