"""Links, files and folders in the way: nothing is read, written or removed through them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from compiler.diagnostics import PolicyError
from compiler.write import compare, write
from tests.written import (
    NEW,
    OLD,
    VERSION,
    Compilation,
    compilation,
    expected,
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


def codes(generated: Path, compiled: Compilation) -> list[tuple[str, str]]:
    """Code and file of each finding with which a write refuses; a check refuses alike, and nothing is touched."""
    before = tree(generated)
    with pytest.raises(PolicyError) as checked:
        compare(generated, compiled, VERSION)
    with pytest.raises(PolicyError) as written:
        write(generated, compiled, VERSION)
    assert checked.value.findings == written.value.findings
    assert tree(generated) == before
    return [(finding.code, finding.place.file) for finding in written.value.findings]


def test_a_link_in_the_place_of_an_artifact_is_replaced(generated: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("old air\n")
    (generated / AIR).unlink()
    (generated / AIR).symlink_to(victim)
    assert compare(generated, OLD, VERSION).changed == (AIR,)
    write(generated, NEW, VERSION)
    assert victim.read_text() == "old air\n"
    assert without_manifest(generated) == expected(NEW)


def test_a_link_in_the_place_of_a_stale_file_is_left(generated: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("gone\n")
    for target in (victim, tmp_path, tmp_path / "nowhere", generated / GONE):
        write(generated, OLD, VERSION)
        (generated / GONE).unlink()
        (generated / GONE).symlink_to(target)
        assert write(generated, NEW, VERSION).edited == (GONE,)
        assert (generated / GONE).is_symlink()
    assert victim.read_text() == "gone\n"


@pytest.mark.parametrize("folder", ["machines", "machines/air", "machines/air/cursor", "contingencies/gray"])
@pytest.mark.parametrize("what", ["link to a folder", "dangling link", "file"])
def test_nothing_is_written_or_removed_through_a_folder_that_is_none(
    generated: Path, tmp_path: Path, folder: str, what: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    if (generated / folder).exists():
        (generated / folder).rename(elsewhere)
    else:
        elsewhere.mkdir()
    if what == "file":
        (generated / folder).write_text("in the way\n")
    else:
        (generated / folder).symlink_to(elsewhere if what == "link to a folder" else tmp_path / "nowhere")
    before = tree(elsewhere)
    assert codes(generated, NEW) == [("VN912", f"generated/{folder}")]
    assert tree(elsewhere) == before
    (generated / folder).unlink()
    write(generated, NEW, VERSION)
    assert without_manifest(generated) == expected(NEW)


@pytest.mark.parametrize("what", ["link", "dangling link", "file"])
def test_generated_itself_must_be_a_folder(tmp_path: Path, what: str) -> None:
    generated, elsewhere = tmp_path / "generated", tmp_path / "elsewhere"
    write(elsewhere, OLD, VERSION)
    before = tree(elsewhere)
    if what == "file":
        generated.write_text("in the way\n")
    else:
        generated.symlink_to(elsewhere if what == "link" else tmp_path / "nowhere")
    for act in (compare, write):
        with pytest.raises(PolicyError) as caught:
            act(generated, NEW, VERSION)
        assert [(f.code, f.place.file) for f in caught.value.findings] == [("VN912", "generated")]
    assert tree(elsewhere) == before


def test_a_folder_in_the_place_of_an_artifact(generated: Path) -> None:
    (generated / AIR).unlink()
    put(generated, {f"{AIR}/mine.txt": "mine\n"})
    assert codes(generated, NEW) == [("VN912", f"generated/{AIR}")]


def test_our_files_may_become_folders_and_our_folders_files(tmp_path: Path) -> None:
    flat = compilation({"machines/air/a": "file", "machines/air/b/c": "below", "machines/air/b/d": "below"})
    turned = compilation({"machines/air/a/x": "below", "machines/air/b": "file"})
    for compiled in (flat, turned, flat):
        write(tmp_path, compiled, VERSION)
        assert without_manifest(tmp_path) == expected(compiled)


def test_a_pipe_does_not_hold_us_up(generated: Path) -> None:
    for path in (AIR, GONE, "machines/air/pipe"):
        (generated / path).unlink(missing_ok=True)
        os.mkfifo(generated / path)
    changes = write(generated, NEW, VERSION)
    assert (changes.edited, changes.foreign) == ((GONE,), ("machines/air/pipe",))
    assert (generated / AIR).is_file()
