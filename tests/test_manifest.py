"""generated/manifest.json: what it says of each artifact, and what it may not claim."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.diagnostics import Place, PolicyError
from compiler.manifest import manifest_bytes
from compiler.write import compare, write
from tests.written import (
    FOREIGN,
    NEW,
    OLD,
    VERSION,
    Compilation,
    artifact,
    expected,
    is_as_its_manifest_says,
    put,
    tree,
)


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    """A folder in which OLD was written."""
    folder = tmp_path / "generated"
    write(folder, OLD, VERSION)
    return folder


def manifest_of(generated: Path) -> Any:
    return json.loads((generated / "manifest.json").read_bytes())


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


def test_manifest(tmp_path: Path) -> None:
    shared = artifact("machines/air/x", "shared\n", lines=(10, 9, 100, 9))
    compiled = Compilation(
        {"machines/b/x": shared, "machines/a/x": shared, "machines/a/é": artifact("machines/a/é", "", lines=())},
        inputs={"policies/tracks.yaml": "2", "policies/caps.yaml": "1"},
        machine_places={"b": Place("policies/fleet.yaml", 4), "a": Place("policies/fleet.yaml", 20)},
    )
    write(tmp_path, compiled, VERSION)
    digest, empty = (hashlib.sha256(content).hexdigest() for content in (b"shared\n", b""))
    assert manifest_of(tmp_path) == {
        "format": "weathervane-manifest/1",
        "compiler": VERSION,
        "inputs": {"policies/caps.yaml": "1", "policies/tracks.yaml": "2"},
        "machines": {"a": "policies/fleet.yaml:20", "b": "policies/fleet.yaml:4"},
        "contents": {
            digest: {"sources": ["policies/tracks.yaml:9", "policies/tracks.yaml:10", "policies/tracks.yaml:100"]},
            empty: {"sources": []},
        },
        "artifacts": {"machines/a/x": digest, "machines/a/é": empty, "machines/b/x": digest},
    }
    assert is_as_its_manifest_says(tmp_path)


@given(paths=st.sets(st.text(st.characters(codec="utf-8")), max_size=4))
@settings(deadline=None)
def test_manifest_is_what_json_makes_of_it(paths: set[str]) -> None:
    """It is put together by hand in part, which must not be seen, whatever a path is called."""
    compiled = Compilation({f"machines/{path}": artifact("machines/air/x", path) for path in paths})
    written = manifest_bytes(compiled, VERSION).decode()
    assert written == json.dumps(json.loads(written), indent=1, ensure_ascii=False) + "\n"
    assert len(json.loads(written)["artifacts"]) == len(paths)


@given(order=st.permutations(sorted(NEW.artifacts)))
@settings(deadline=None, max_examples=20)
def test_manifest_has_the_same_bytes_in_any_order(tmp_path_factory: pytest.TempPathFactory, order: list[str]) -> None:
    folder = tmp_path_factory.mktemp("order")
    write(folder / "a", NEW, VERSION)
    write(folder / "b", Compilation({path: NEW.artifacts[path] for path in order}), VERSION)
    assert tree(folder / "a") == tree(folder / "b")


def test_manifest_is_written_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    replace = os.replace

    def noting(source: str, target: str) -> None:
        replace(source, target)
        written.append(Path(target).relative_to(tmp_path).as_posix())

    monkeypatch.setattr(os, "replace", noting)
    write(tmp_path, NEW, VERSION)
    assert written[-1] == "manifest.json"
    assert set(written[:-1]) == set(expected(NEW))


def test_another_version_of_the_compiler_changes_the_manifest_alone(generated: Path) -> None:
    changes = write(generated, OLD, "9.9.9")
    assert (changes.new, changes.changed, changes.stale) == ((), ("manifest.json",), ())
    assert manifest_of(generated)["compiler"] == "9.9.9"


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"5",
        b"null",
        b"{}",
        b"[" * 200_000,
        b'{"format": "weathervane-manifest/2", "artifacts": {}}',
        b'{"format": ["' + b"x" * 10_000 + b'"], "artifacts": {}}',
        b'{"format": "weathervane-manifest/1"}',
        b'{"format": "weathervane-manifest/1", "artifacts": []}',
        b'{"format": "weathervane-manifest/1", "artifacts": {"machines/a/x": 5}}',
        b'{"format": "weathervane-manifest/1", "artifacts": {"machines/../../victim": "0"}}',
        b'{"format": "weathervane-manifest/1", "artifacts": {"../victim": "0"}}',
        b'{"format": "weathervane-manifest/1", "artifacts": {"/etc/passwd": "0"}}',
        b'{"format": "weathervane-manifest/1", "artifacts": {"machines//etc/passwd": "0"}}',
        b'{"format": "weathervane-manifest/1", "artifacts": {"machines/./x": "0"}}',
        b'{"format": "weathervane-manifest/1", "artifacts": {"weeks/2026-W21/ranking.csv": "0"}}',
        b'{"format": "weathervane-manifest/1", "artifacts": {"": "0"}}',
    ],
)
def test_a_broken_or_hostile_manifest_stops_everything(generated: Path, manifest: bytes) -> None:
    put(generated, FOREIGN)
    (generated / "manifest.json").write_bytes(manifest)
    assert codes(generated, NEW) == [("VN913", "generated/manifest.json")]
    with pytest.raises(PolicyError) as caught:
        write(generated, NEW, VERSION)
    assert len(caught.value.findings[0].message) < 300


def test_a_manifest_must_be_a_file(generated: Path, tmp_path: Path) -> None:
    manifest = generated / "manifest.json"
    manifest.rename(tmp_path / "elsewhere.json")
    manifest.symlink_to(tmp_path / "elsewhere.json")
    assert codes(generated, NEW) == [("VN913", "generated/manifest.json")]
    manifest.unlink()
    manifest.mkdir()
    assert codes(generated, NEW) == [("VN913", "generated/manifest.json")]


def test_without_a_manifest_nothing_is_ours_to_remove(generated: Path) -> None:
    (generated / "manifest.json").unlink()
    changes = write(generated, NEW, VERSION)
    assert changes.stale == ()
    assert set(changes.foreign) == expected(OLD).keys() - expected(NEW).keys()
    assert changes.unchanged == 1
    assert expected(NEW).items() <= tree(generated).items()


def test_a_manifest_owns_only_what_still_has_its_digest(generated: Path) -> None:
    """A forged manifest can have nothing removed but what it knows the content of."""
    put(generated, {"machines/air/notes.txt": "mine\n"})
    forged = manifest_of(generated)
    forged["artifacts"]["machines/air/notes.txt"] = "0" * 64
    (generated / "manifest.json").write_text(json.dumps(forged), "utf-8")
    assert write(generated, NEW, VERSION).edited == ("machines/air/notes.txt",)
    assert (generated / "machines/air/notes.txt").read_text("utf-8") == "mine\n"
