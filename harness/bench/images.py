"""Small pictures of documents, drawn from their words and numbers: a title, lines, a table, a bar chart.

One-bit PNG with stored blocks: compressors differ between machines, and the bytes go into a prompt's hash.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.bench.bitmap_font import GLYPHS, HEIGHT, WIDTH

_SCALE = 3
_STEP = (WIDTH + 1) * _SCALE
_LINE = (HEIGHT + 4) * _SCALE
_MARGIN = 24
_CHART_HEIGHT = 240
_BAR, _GAP = 60, 36
_TICKS = 5


@dataclass(frozen=True, slots=True)
class Page:
    """What a picture shows, from top to bottom. Bars are whole numbers; the axis is labelled, the bars are not."""

    title: str
    lines: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    bars: Mapping[str, int] | None = None
    foot: tuple[str, ...] = ()


def drawable(text: str) -> str | None:
    """The first character that the font lacks, None where it has all."""
    return next((char for char in text.upper() if char not in GLYPHS), None)


def data_url(page: Page) -> str:
    """The picture as chat messages carry it."""
    return f"data:image/png;base64,{base64.b64encode(png(page)).decode('ascii')}"


def png(page: Page) -> bytes:
    """The picture. The same page gives the same bytes everywhere."""
    canvas = _Canvas(_width(page), _height(page))
    y = _MARGIN
    canvas.text(_MARGIN, y, page.title)
    y += _LINE
    canvas.line(_MARGIN, y - _SCALE * 2, canvas.width - 2 * _MARGIN)
    y = _lines(canvas, page.lines, y + _SCALE)
    y = _table(canvas, page.rows, y)
    if page.bars:
        y = _chart(canvas, page.bars, y)
    _lines(canvas, page.foot, y)
    return canvas.png()


def _width(page: Page) -> int:
    words = [page.title, *page.lines, *page.foot]
    table = sum(_columns(page.rows))
    chart = _STEP * 6 + (_BAR + _GAP) * len(page.bars or ())
    return 2 * _MARGIN + max(*(len(text) * _STEP for text in words), table, chart)


def _height(page: Page) -> int:
    count = 1 + len(page.lines) + len(page.rows) + len(page.foot)
    return 3 * _MARGIN + count * _LINE + (_CHART_HEIGHT + 2 * _LINE if page.bars else 0)


def _columns(rows: Sequence[Sequence[str]]) -> list[int]:
    if not rows:
        return [0]
    return [max(len(row[i]) if i < len(row) else 0 for row in rows) * _STEP + 2 * _STEP for i in range(len(rows[0]))]


def _lines(canvas: _Canvas, lines: Sequence[str], y: int) -> int:
    for line in lines:
        canvas.text(_MARGIN, y, line)
        y += _LINE
    return y


def _table(canvas: _Canvas, rows: Sequence[Sequence[str]], y: int) -> int:
    columns = _columns(rows)
    for number, row in enumerate(rows):
        x = _MARGIN
        for cell, width in zip(row, columns, strict=False):
            canvas.text(x, y, cell)
            x += width
        y += _LINE
        if number == 0:
            canvas.line(_MARGIN, y - _SCALE * 2, sum(columns))
    return y


def _chart(canvas: _Canvas, bars: Mapping[str, int], y: int) -> int:
    top = _rounded_up(max(bars.values()))
    left, bottom = _MARGIN + _STEP * 5, y + _CHART_HEIGHT
    for tick in range(_TICKS + 1):
        at = bottom - (_CHART_HEIGHT - _LINE) * tick // _TICKS
        canvas.text(_MARGIN, at - HEIGHT, str(top * tick // _TICKS))
        canvas.line(left, at, canvas.width - left - _MARGIN, every=4)
    for number, (label, value) in enumerate(bars.items()):
        x = left + _GAP // 2 + number * (_BAR + _GAP)
        canvas.bar(x, bottom - (_CHART_HEIGHT - _LINE) * value // top, _BAR, bottom)
        canvas.text(x + (_BAR - len(label) * _STEP) // 2, bottom + _SCALE * 3, label)
    return bottom + 2 * _LINE


def _rounded_up(value: int) -> int:
    """The end of the axis: 5, 10, 25, 50, 100, 250 and so on, so that each tick is a whole number."""
    size = 5
    while size < value:
        size = size * 5 // 2 if str(size).startswith("1") else size * 2
    return size


class _Canvas:
    """Rows of pixels; 0 is white."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.rows = [bytearray(width) for _ in range(height)]

    def text(self, x: int, y: int, text: str) -> None:
        for at, char in enumerate(text.upper()):
            for row, pixels in enumerate(GLYPHS[char]):
                for column, pixel in enumerate(pixels):
                    if pixel == "#":
                        self.box(x + at * _STEP + column * _SCALE, y + row * _SCALE, _SCALE, _SCALE)

    def box(self, x: int, y: int, width: int, height: int) -> None:
        for row in self.rows[max(y, 0) : y + height]:
            row[max(x, 0) : x + width] = b"\1" * len(row[max(x, 0) : x + width])

    def line(self, x: int, y: int, width: int, every: int = 1) -> None:
        for at in range(x, min(x + width, self.width), every):
            self.rows[y][at] = 1

    def bar(self, x: int, top: int, width: int, bottom: int) -> None:
        """Hatched, with a full outline."""
        for y in range(top, bottom):
            for at in range(x, min(x + width, self.width)):
                is_edge = y in (top, top + 1) or at in (x, x + 1, x + width - 1, x + width - 2)
                self.rows[y][at] = 1 if is_edge or (at + y) % 6 < 2 else 0

    def png(self) -> bytes:
        raw = b"".join(b"\0" + _packed(row) for row in self.rows)
        header = struct.pack(">IIBBBBB", self.width, self.height, 1, 0, 0, 0, 0)
        return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", _stored(raw)) + _chunk(b"IEND", b"")


def _packed(row: bytearray) -> bytes:
    """Eight pixels a byte, white as 1."""
    bits = "".join("0" if pixel else "1" for pixel in row).ljust((len(row) + 7) // 8 * 8, "1")
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def _stored(raw: bytes) -> bytes:
    """A zlib stream without compression (RFC 1950, RFC 1951 3.2.4)."""
    blocks = [raw[at : at + 0xFFFF] for at in range(0, len(raw), 0xFFFF)]
    parts = [
        struct.pack("<BHH", number == len(blocks), len(block), 0xFFFF - len(block)) + block
        for number, block in enumerate(blocks, 1)
    ]
    return b"\x78\x01" + b"".join(parts) + struct.pack(">I", zlib.adler32(raw))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
