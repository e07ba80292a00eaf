"""Writing generated/: only what changed, only what is ours, and nothing through a link, whatever lies there."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from compiler.diagnostics import Severity
from compiler.write import compare, leftovers, write
from tests.written import (
    FOREIGN,
    NEW,
    OLD,
    VERSION,
    Compilation,
    compilation,
    expected,
    is_as_its_manifest_says,
    put,
    tree,
)

AIR = "machines/air/openclaw.json"
GONE = "machines/gone/openclaw.json"


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    """A folder in which OLD was written."""
    folder = tmp_path / "generated"
    write(folder, OLD, VERSION)
    return folder


def without_manifest(generated: Path) -> dict[str, tuple[bytes, bool] | str]:
    return {path: what for path, what in tree(generated).items() if path != "manifest.json"}


# ---- what a good write does


def test_first_write(tmp_path: Path) -> None:
    generated = tmp_path / "not" / "there"
    changes = write(generated, OLD, VERSION)
    assert without_manifest(generated) == expected(OLD)
    assert set(changes.new) == {*expected(OLD), "manifest.json"}
    assert str(changes) == "8 new, 0 unchanged"


def test_changes(generated: Path) -> None:
    put(generated, FOREIGN)
    planned = compare(generated, NEW, VERSION)
    changes = write(generated, NEW, VERSION)
    assert changes == planned
    assert changes.new == ("machines/studio/launchd/b.plist", "contingencies/gray/machines/air/openclaw.json")
    assert changes.changed == (AIR, "machines/air/cursor/guard", "machines/air/cursor/run", "manifest.json")
    assert changes.stale == (
        "contingencies/cap/machines/air/openclaw.json",
        "machines/gone/launchd/a.plist",
        GONE,
    )
    assert changes.foreign == ("machines/air/notes.txt",)
    assert str(changes) == "2 new, 4 changed, 3 removed, 1 unchanged"
    assert without_manifest(generated) == expected(NEW, FOREIGN)


def test_unchanged_files_are_not_touched(generated: Path) -> None:
    before = {path: (generated / path).stat() for path in tree(generated)}
    changes = write(generated, OLD, VERSION)
    assert not changes.any
    assert {path: (generated / path).stat() for path in tree(generated)} == before


def test_compare_writes_nothing(generated: Path, tmp_path: Path) -> None:
    before = tree(generated)
    assert compare(generated, NEW, VERSION).any
    assert tree(generated) == before
    assert compare(tmp_path / "missing", NEW, VERSION).any
    assert not (tmp_path / "missing").exists()


def test_mode_alone_is_a_change(generated: Path) -> None:
    (generated / AIR).chmod(0o755)
    (generated / "machines/air/cursor/run").chmod(0o644)
    assert compare(generated, OLD, VERSION).changed == (AIR, "machines/air/cursor/run")
    write(generated, OLD, VERSION)
    assert without_manifest(generated) == expected(OLD)


def test_same_size_is_not_same_content(generated: Path) -> None:
    put(generated, {AIR: "OLD AIR\n"})
    assert write(generated, OLD, VERSION).changed == (AIR,)
    assert without_manifest(generated) == expected(OLD)


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        write(tmp_path / "generated", OLD, VERSION)
        assert not compare(tmp_path / "generated", OLD, VERSION).any
    finally:
        os.umask(before)
    assert (tmp_path / "generated" / AIR).stat().st_mode & 0o777 == 0o666 & ~mask & 0o644


# ---- what is not ours


def test_foreign_and_edited_files_are_left_and_named(generated: Path) -> None:
    put(generated, {**FOREIGN, GONE: "my own words\n"})
    changes = write(generated, NEW, VERSION)
    assert (changes.foreign, changes.edited) == (("machines/air/notes.txt",), (GONE,))
    findings = leftovers(changes, "generated")
    assert [(f.code, f.place.file) for f in findings] == [
        ("VN910", "generated/machines/air/notes.txt"),
        ("VN911", f"generated/{GONE}"),
    ]
    assert {f.severity for f in findings} == {Severity.WARNING}
    kept = {**FOREIGN, GONE: "my own words\n"}
    assert without_manifest(generated) == expected(NEW, kept)
    again = write(generated, NEW, VERSION)
    assert set(again.foreign) == {"machines/air/notes.txt", GONE}
    assert not again.any
    assert without_manifest(generated) == expected(NEW, kept)


def test_a_hand_edit_of_what_is_still_compiled_is_undone(generated: Path) -> None:
    put(generated, {AIR: "my own words\n"})
    assert write(generated, OLD, VERSION).changed == (AIR,)
    assert without_manifest(generated) == expected(OLD)


def test_names_of_any_bytes(generated: Path) -> None:
    strange = os.fsdecode(b"machines/air/\xff\n\x1b[2J")
    (generated / strange).write_bytes(b"")
    assert write(generated, NEW, VERSION).foreign == (strange,)
    assert (generated / strange).exists()


def test_case_alone_makes_another_file(generated: Path) -> None:
    put(generated, {"machines/AIR/openclaw.json": "shouted\n"})
    changes = write(generated, OLD, VERSION)
    assert changes.foreign == ("machines/AIR/openclaw.json",)
    assert not changes.any


def test_old_spellings_go_before_new_ones_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where case does not count, Hooks.json is hooks.json: removed last, it would take the new file with it."""
    write(tmp_path, compilation({"machines/air/Hooks.json": "a"}), VERSION)
    seen: list[bool] = []
    replace = os.replace

    def noting(source: str, target: str) -> None:
        seen.append((tmp_path / "machines/air/Hooks.json").exists())
        replace(source, target)

    monkeypatch.setattr(os, "replace", noting)
    write(tmp_path, compilation({"machines/air/hooks.json": "b"}), VERSION)
    assert seen == [False, False]


# ---- what killed runs leave


def test_leftovers_of_killed_runs_are_cleared(generated: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    put(generated, {"machines/air/.vane-openclaw.json": "half of", ".vane-manifest.json": "{"})
    (generated / "machines/air/.vane-openclaw.json").chmod(0o600)
    (generated / "machines/air/cursor/.vane-run").symlink_to(victim)
    (generated / "machines/air/.vane-folder").mkdir()
    (generated / "machines/dead/launchd").mkdir(parents=True)
    changes = compare(generated, OLD, VERSION)
    assert changes.stale == (
        ".vane-manifest.json",
        "machines/air/.vane-folder/",
        "machines/air/.vane-openclaw.json",
        "machines/air/cursor/.vane-run",
        "machines/dead/launchd/",
    )
    assert (changes.new, changes.changed, changes.foreign) == ((), (), ())
    write(generated, OLD, VERSION)
    assert without_manifest(generated) == expected(OLD)
    assert victim.read_text() == "mine"


def test_a_leftover_gives_its_mode_to_nobody(generated: Path) -> None:
    put(generated, {"machines/air/cursor/.vane-run": "half"})
    (generated / "machines/air/cursor/.vane-run").chmod(0o600)
    write(generated, NEW, VERSION)
    assert (generated / "machines/air/cursor/run").stat().st_mode & 0o700 == 0o700


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = os.write
    monkeypatch.setattr(os, "write", lambda handle, content: whole(handle, content[:3]))
    write(tmp_path, NEW, VERSION)
    assert without_manifest(tmp_path) == expected(NEW)
    assert is_as_its_manifest_says(tmp_path)


def test_a_full_disk_leaves_old_files(generated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree(generated)

    def full(handle: int, content: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space left"):
            write(generated, NEW, VERSION)
    kept = expected(OLD).keys() & expected(NEW).keys()
    assert {path: tree(generated)[path] for path in kept} == {path: before[path] for path in kept}
    write(generated, NEW, VERSION)
    assert without_manifest(generated) == expected(NEW)


def test_nothing_to_write(generated: Path) -> None:
    write(generated, Compilation({}), VERSION)
    assert tree(generated).keys() == {"manifest.json"}
