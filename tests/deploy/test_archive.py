"""Bundles that nobody made with `vane bundle`: each is refused whole, in memory."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from deploy.release.archive import digest_of, pack, parse_pointer, unpack
from deploy.release.manifest import Entry, Manifest, Origin, is_path, manifest_bytes, parse_manifest

CONTENT = b"{}\n"


def entry(path: str, content: bytes = CONTENT) -> Entry:
    return Entry(path, "openclaw", hashlib.sha256(content).hexdigest(), len(content), 0o644)


def manifest(*paths: str) -> Manifest:
    return Manifest("air", Origin(2, "a" * 40), ("b" * 40,), None, tuple(entry(path) for path in paths))


def tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return whole.getvalue()


def named(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.mtime = kind, link, 0
    return member


GOOD = manifest("openclaw.json")
HEAD = (named("manifest.json"), manifest_bytes(GOOD))


def test_what_was_packed_is_unpacked() -> None:
    release = unpack(pack(GOOD, {"openclaw.json": CONTENT}))
    assert release.manifest == GOOD
    assert release.contents == {"openclaw.json": CONTENT}


def test_any_tar_reads_it() -> None:
    """What we write by hand is what tarfile would have read from anybody."""
    with tarfile.open(fileobj=io.BytesIO(pack(GOOD, {"openclaw.json": CONTENT})), mode="r:") as archive:
        members = archive.getmembers()
        assert [(member.name, member.mode, member.mtime, member.uid, member.isreg()) for member in members] == [
            ("manifest.json", 0o644, 0, 0, True),
            ("files/openclaw.json", 0o644, 0, 0, True),
        ]
    if tar_program := shutil.which("tar"):
        bundle = pack(GOOD, {"openclaw.json": CONTENT})
        done = subprocess.run(
            [tar_program, "-xOf", "-", "files/openclaw.json"], input=bundle, capture_output=True, check=False
        )
        assert (done.returncode, done.stdout) == (0, CONTENT)


@pytest.mark.parametrize(
    "path",
    [
        "../x", "/etc/x", "a/../x", "a//x", "./x", "a/./x", ".hidden", "a/.hidden", "a\\x", "a\nx", "", "a/", "~/x",
        "-x", "x" * 91, "a/b/c/d/e/f", "ä",
    ],
)  # fmt: skip
def test_no_path_leaves_its_folder(path: str) -> None:
    assert not is_path(path)
    with pytest.raises(ValueError, match="path"):
        parse_manifest(manifest_bytes(manifest(path)))


@given(some.text(some.sampled_from("ab/.\\~-_@\0\n é"), max_size=20))
def test_a_path_that_is_taken_is_plain(path: str) -> None:
    if is_path(path):
        assert all(part[0] not in ".-~" for part in path.split("/"))
        assert path.isascii()
        assert path.isprintable()


@pytest.mark.parametrize(
    "bundle",
    [
        b"",
        b"no tar at all" * 100,
        tar((named("files/openclaw.json"), CONTENT), HEAD),
        tar(HEAD),
        tar(HEAD, (named("files/openclaw.json"), b"[]\n")),
        tar(HEAD, (named("files/../openclaw.json"), CONTENT)),
        tar(HEAD, (named("files/openclaw.json", tarfile.SYMTYPE, "/etc/passwd"), b"")),
        tar(HEAD, (named("files/openclaw.json", tarfile.LNKTYPE, "manifest.json"), b"")),
        tar(HEAD, (named("files/openclaw.json", tarfile.FIFOTYPE), b"")),
        tar(HEAD, (named("files/openclaw.json", tarfile.CHRTYPE), CONTENT)),
        tar(HEAD, (named("files/openclaw.json", tarfile.SYMTYPE, "/etc/passwd"), CONTENT)),
        tar(HEAD, (named("files/openclaw.json", tarfile.GNUTYPE_SPARSE), CONTENT)),
        tar(HEAD, (named("files/openclaw.json"), CONTENT), (named("files/more"), b"")),
        tar(HEAD, (named("files/openclaw.json"), CONTENT), (named("files/openclaw.json"), CONTENT)),
        tar((named("manifest.json", tarfile.SYMTYPE, "x"), b""), (named("files/openclaw.json"), CONTENT)),
        pack(GOOD, {"openclaw.json": CONTENT}) + b"\0" * 512,
        pack(GOOD, {"openclaw.json": CONTENT})[:-1] + b"x",
        pack(GOOD, {"openclaw.json": CONTENT})[:700],
    ],
)  # fmt: skip
def test_refuses(bundle: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        unpack(bundle)


@given(some.integers(0, len(pack(GOOD, {"openclaw.json": CONTENT})) - 1), some.integers(1, 255))
@example(754, 1)  # a digit of the lineage
def test_another_byte_is_no_release_or_another_one(at: int, change: int) -> None:
    good = pack(GOOD, {"openclaw.json": CONTENT})
    changed = bytearray(good)
    changed[at] ^= change
    try:
        other = unpack(bytes(changed))
    except ValueError:
        return
    # what a manifest says of its origin may read otherwise: that is another release, which nobody signed
    assert (other.manifest != GOOD, other.contents) == (True, {"openclaw.json": CONTENT})
    assert other.digest != digest_of(good)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(format="weathervane-release/2"),
        lambda data: data.update(extra=1),
        lambda data: data.update(machine="../studio"),
        lambda data: data.update(machine=None),
        lambda data: data["origin"].update(number=-1),
        lambda data: data["origin"].update(number=True),
        lambda data: data["origin"].update(commit="HEAD"),
        lambda data: data.update(lineage=["x"]),
        lambda data: data["entries"][0].update(mode=0o4755),
        lambda data: data["entries"][0].update(mode="0644"),
        lambda data: data["entries"][0].update(size=1 << 40),
        lambda data: data["entries"][0].update(kind="../x"),
        lambda data: data["entries"][0].pop("sha256"),
        lambda data: data["entries"].append(dict(data["entries"][0])),
        lambda data: data["entries"].append({**data["entries"][0], "path": "OPENCLAW.json"}),
        lambda data: data.pop("rolls_back"),
        lambda data: data.update(entries=7),
    ],
)
def test_refuses_a_manifest(change: Callable[[dict[str, object]], None]) -> None:
    data = json.loads(manifest_bytes(GOOD))
    change(data)
    with pytest.raises(ValueError, match=r"\w"):
        parse_manifest((json.dumps(data, indent=1, sort_keys=True) + "\n").encode())


def test_refuses_a_manifest_in_another_form() -> None:
    with pytest.raises(ValueError, match="one form"):
        parse_manifest(manifest_bytes(GOOD).replace(b"\n", b"\n "))
    deep = b"[" * 100_000
    with pytest.raises(ValueError, match=r"\w"):
        parse_manifest(deep)


@pytest.mark.parametrize("pointer", [b"", b"abc", b"../" + b"a" * 61, b"A" * 64, b"\xff" * 64])
def test_refuses_a_pointer(pointer: bytes) -> None:
    with pytest.raises(ValueError, match="bundle"):
        parse_pointer(pointer)


def test_a_rollback_is_part_of_what_is_signed() -> None:
    back = replace(GOOD, rolls_back=Origin(5, "c" * 40))
    assert parse_manifest(manifest_bytes(back)) == back
    assert pack(back, {"openclaw.json": CONTENT}) != pack(GOOD, {"openclaw.json": CONTENT})
