"""A PNG with 256 colours: a chart has few, and a week's pictures stay in the repository for good.

Reads what the renderer writes, 8-bit RGBA without transparency; anything else is handed back as it is.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = 256
_NO_FILTER, _SUB = 0, 1


def reduced(png: bytes) -> bytes:
    """The same picture with the 256 most frequent colours; the others are edges of letters, and take the nearest."""
    pixels = _pixels(png)
    if pixels is None:
        return png
    height, width, _ = pixels.shape
    wide = pixels.astype(np.uint32)
    numbers, places, counts = np.unique(
        wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2], return_inverse=True, return_counts=True
    )
    kept = numbers[np.sort(np.argsort(-counts, kind="stable")[:_COLOURS])]
    shown = _nearest(numbers, kept)[places.reshape(height, width)]
    rows = np.concatenate([np.zeros((height, 1), np.uint8), shown], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", _rgb(kept).astype(np.uint8).tobytes()))
    return _SIGNATURE + b"".join(
        _chunk(kind, data) for kind, data in (*chunks, (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    )


def _nearest(numbers: NDArray[np.uint32], kept: NDArray[np.uint32]) -> Pixels:
    """For each colour the place of the nearest kept one."""
    apart = _rgb(numbers)[:, None, :] - _rgb(kept)[None, :, :]
    places: Pixels = (apart**2).sum(axis=2).argmin(axis=1).astype(np.uint8)
    return places


def _rgb(numbers: NDArray[np.uint32]) -> NDArray[np.int32]:
    return np.stack([numbers >> 16, numbers >> 8 & 255, numbers & 255], axis=1).astype(np.int32)


def _pixels(png: bytes) -> Pixels | None:
    found = dict.fromkeys((b"IHDR", b"IDAT"), b"")
    for kind, data in _chunks(png):
        found[kind] = found.get(kind, b"") + data
    if found[b"IHDR"][8:] != bytes((8, 6, 0, 0, 0)):
        return None
    width, height = struct.unpack(">II", found[b"IHDR"][:8])
    rows = np.frombuffer(zlib.decompress(found[b"IDAT"]), np.uint8).reshape(height, 1 + width * 4)
    if not np.isin(rows[:, 0], (_NO_FILTER, _SUB)).all():
        return None
    pixels = rows[:, 1:].reshape(height, width, 4)
    summed = np.cumsum(pixels, axis=1, dtype=np.uint8)
    plain = np.where((rows[:, 0] == _SUB)[:, None, None], summed, pixels)
    return plain[..., :3] if (plain[..., 3] == 255).all() else None


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
