"""Server-sent events, as far as chat completions use them: bytes in, the data of whole events out.

By the HTML Standard, 9.2.6: lines end in CR LF, LF or CR, also across pieces; a line that starts with a colon is a
comment; the data lines of an event are joined; an event that the stream's end cuts off is none.
"""

from __future__ import annotations

import re

DONE = b"[DONE]"
_LINE_END = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"


class EventStream:
    """Takes pieces as they arrive, however they are cut."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._data: list[bytes] = []
        self._after_cr = False
        self._is_first = True

    @property
    def is_cut_off(self) -> bool:
        """Whether an event has begun and not ended."""
        return bool(self._line or self._data)

    def feed(self, piece: bytes) -> list[bytes]:
        """The data of the events that this piece completes."""
        if self._after_cr and piece.startswith(b"\n"):  # the other half of a line end that was cut in two
            piece = piece[1:]
            self._after_cr = False
        if not piece:
            return []
        self._after_cr = piece.endswith(b"\r")
        first, *others = _LINE_END.split(piece) if b"\r" in piece else piece.split(b"\n")
        self._line += first
        if not others:
            return []
        whole = (bytes(self._line), *others[:-1])
        self._line = bytearray(others[-1])
        events: list[bytes] = []
        for line in whole:
            self._take(line, events)
        return events

    def _take(self, line: bytes, events: list[bytes]) -> None:
        if self._is_first:
            line, self._is_first = line.removeprefix(_BOM), False
        if not line:
            if self._data:
                events.append(b"\n".join(self._data))
                self._data.clear()
        elif line.startswith(b"data"):
            name, _, value = line.partition(b":")
            if name == b"data":
                self._data.append(value.removeprefix(b" "))
