"""Server-sent events, however they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.bench.events import DONE, EventStream


def events(*pieces: bytes) -> list[bytes]:
    stream = EventStream()
    return [event for piece in pieces for event in stream.feed(piece)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"data: one\n\ndata: two\n\n", [b"one", b"two"]),
        (b"data: one\r\n\r\ndata: two\r\n\r\n", [b"one", b"two"]),
        (b"data: one\r\rdata: two\r\r", [b"one", b"two"]),
        (b": OPENROUTER PROCESSING\n\ndata: one\n\n", [b"one"]),
        (b": keepalive 1/1\n\n", []),
        (b"data:one\n\n", [b"one"]),
        (b"data:  one\n\n", [b" one"]),
        (b"data: one\ndata: two\n\n", [b"one\ntwo"]),
        (b"event: message\nid: 7\ndata: one\nretry: 10\n\n", [b"one"]),
        (b"database: no\n\ndata\n\n", [b""]),
        (b"\xef\xbb\xbfdata: one\n\n", [b"one"]),
        (b"data: [DONE]\n\n", [DONE]),
        (b"data: cut off", []),
        (b"data: cut off\n", []),
    ],
)
def test_events_of_a_stream(text: bytes, found: list[bytes]) -> None:
    assert events(text) == found


LINES = st.sampled_from(["data: ä", 'data: {"a": "日本"}', "data:", "data", ": note", "event: x", "", "", "id"])


@given(st.lists(LINES), st.sampled_from(["\n", "\r\n", "\r"]), st.data())
def test_any_cut_gives_the_same_events(lines: list[str], end: str, data: st.DataObject) -> None:
    text = "".join(f"{line}{end}" for line in lines).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=20)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert events(*pieces) == events(text)
    assert events(*(bytes([byte]) for byte in text)) == events(text)


@given(st.lists(st.sampled_from(["data: a", "x", ""]), min_size=1))
def test_line_ends_do_not_matter(lines: list[str]) -> None:
    per_end = [events("".join(f"{line}{end}" for line in lines).encode()) for end in ("\n", "\r\n", "\r")]
    assert per_end[0] == per_end[1] == per_end[2]


def test_it_knows_what_was_cut_off() -> None:
    stream = EventStream()
    stream.feed(b"data: one\n\nda")
    assert stream.is_cut_off
    stream.feed(b"ta: two\n\n")
    assert not stream.is_cut_off


def test_a_line_in_many_pieces_takes_time_that_grows_with_its_length_alone() -> None:
    stream, piece = EventStream(), b"x" * 1000
    stream.feed(b"data: ")
    for _ in range(20_000):  # 20 MB; quadratic copying would take minutes
        stream.feed(piece)
    assert [len(event) for event in stream.feed(b"\n\n")] == [20_000_000]
