"""A release as bytes: one tar, the manifest first. Same release, same bytes; its name is their SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.release.manifest import Manifest, is_digest, manifest_bytes, parse_manifest

MANIFEST = "manifest.json"
#: Of a whole bundle, as a remote may give it.
MOST_BUNDLE_BYTES = 64 << 20
POINTER_BYTES = 65
_BLOCK = 512


@dataclass(frozen=True, slots=True)
class Release:
    """A release that was read whole, each file held against its hash."""

    digest: str
    manifest: Manifest
    contents: Mapping[str, bytes]

    def of(self, kind: str) -> Mapping[str, bytes]:
        """The files of one kind, by path."""
        return {entry.path: self.contents[entry.path] for entry in self.manifest.entries if entry.kind == kind}


def pack(manifest: Manifest, contents: Mapping[str, bytes]) -> bytes:
    """The bundle's bytes: USTAR as POSIX has it, sorted, no time, no owner. Written out here and not compressed:
    Python's tarfile and zlib may change their bytes with a version, and a Mac holds them against ours.
    """
    members = [(MANIFEST, manifest_bytes(manifest), 0o644)]
    members += [(f"files/{entry.path}", contents[entry.path], entry.mode) for entry in manifest.entries]
    return b"".join(_member(*member) for member in members) + bytes(2 * _BLOCK)


def _member(name: str, content: bytes, mode: int) -> bytes:
    start = b"%-100b%07o\0%07o\0%07o\0%011o\0%011o\0" % (name.encode().ljust(100, b"\0"), mode, 0, 0, len(content), 0)
    end = (b"0" + bytes(100) + b"ustar\x0000" + bytes(64) + b"0000000\x000000000\0").ljust(_BLOCK - 156, b"\0")
    header = start + b"%06o\0 " % (sum(start) + sum(end) + 8 * ord(" ")) + end
    return header + content + bytes(-len(content) % _BLOCK)


def unpack(bundle: bytes) -> Release:
    """Read a bundle in memory; nothing of it touches a disk here. It is no tar reader, which could be led astray: the
    manifest says where each file must be, and packed again it all must be the same bytes. Raises ValueError.
    """
    try:
        size = int(bundle[124:135], 8)
    except ValueError:
        raise ValueError("it does not begin with a manifest") from None
    manifest = parse_manifest(bundle[_BLOCK : _BLOCK + size])
    contents, at = {}, _end(0, size)
    for entry in manifest.entries:
        content = bundle[at + _BLOCK : at + _BLOCK + entry.size]
        if hashlib.sha256(content).hexdigest() != entry.sha256:
            raise ValueError(f"{entry.path} is not what the manifest says")
        contents[entry.path] = content
        at = _end(at, entry.size)
    if pack(manifest, contents) != bundle:  # padding, owners, times, links: whatever else a tar could carry
        raise ValueError("it is not in its one form")
    return Release(digest_of(bundle), manifest, contents)


def _end(start: int, size: int) -> int:
    """Where the member after this one starts."""
    return start + _BLOCK + size + -size % _BLOCK


def digest_of(bundle: bytes) -> str:
    """What a bundle is called by."""
    return hashlib.sha256(bundle).hexdigest()


def bundle_name(digest: str) -> str:
    """File name of a bundle; its signature has `.sig` behind it. All names are flat, as release assets are."""
    return f"{digest}.tar"


def pointer_name(machine: str) -> str:
    """File that says which bundle is a Mac's newest. It is signed by nobody and trusted by nobody."""
    return f"{machine}.latest"


def parse_pointer(content: bytes) -> str:
    """Raises ValueError."""
    digest = content.decode("ascii", "replace").strip()
    if not is_digest(digest):
        raise ValueError("it does not name a bundle")
    return digest
